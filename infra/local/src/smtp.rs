//! The SMTP listener that plays SES receiving.
//!
//! A message is acknowledged only when its bytes are stored and its invocation is recorded. Message content is octets
//! from end to end: it is neither decoded nor repaired here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

mod event;
mod incoming;
mod receive;
pub mod relay;
mod session;
#[cfg(test)]
mod tests;
mod verdicts;

pub use incoming::{Incoming, ReceiverSettings};
pub(crate) use receive::message_id_from as inbound_id_of;
pub use receive::{ReceiptSink, ReceiveError, Receiver};
pub use verdicts::{DmarcPolicy, Findings, Verdict, VerdictRule, Verdicts, router as verdicts_router};

/// Largest message SES receives, octets.
pub const MAX_MESSAGE_BYTES: usize = 40 * 1024 * 1024;

/// Bounds of the listener.
#[derive(Clone, Copy, Debug)]
pub struct SmtpLimits {
    /// A client silent for this long is disconnected.
    pub idle: Duration,
    /// Connections served at once; further ones are told to come back (421).
    pub connections: usize,
}

impl Default for SmtpLimits {
    fn default() -> Self {
        // Five minutes is what RFC 5321 §4.5.3.2.7 asks of a server.
        Self { idle: Duration::from_mins(5), connections: 64 }
    }
}

/// Serves `listener` until dropped; dropping it ends the open connections.
pub async fn serve(listener: TcpListener, receiver: Arc<Receiver>, limits: SmtpLimits) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, or the client went away: the next accept decides; a pause avoids a busy loop.
                tracing::warn!(%error, "SMTP accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        let receiver = Arc::clone(&receiver);
        let slot = Arc::clone(&slots).try_acquire_owned().ok();
        connections.spawn(async move {
            let ended = match slot {
                Some(_slot) => session::run(stream, peer, &receiver, limits.idle).await,
                None => session::turn_away(stream).await,
            };
            log_end(peer, ended);
        });
    }
}

fn log_end(peer: SocketAddr, ended: std::io::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "SMTP connection ended");
    }
}
