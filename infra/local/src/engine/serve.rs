//! Serving HTTP: one accept loop for all servers of the engine.

use std::{io, net::SocketAddr, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How long requests under way may take to finish once the engine stops.
const GRACE: Duration = Duration::from_secs(3);
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// An address nobody uses yet, for servers that only the engine itself talks to.
pub(crate) const ANY_LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Listens on a free loopback port and serves `router` there, as one of `tasks`. Gives the URL.
pub(crate) async fn serve_on_loopback(
    router: Router,
    stop: CancellationToken,
    tasks: &mut JoinSet<()>,
) -> io::Result<String> {
    let listener = TcpListener::bind(ANY_LOOPBACK).await?;
    let address = listener.local_addr()?;
    tasks.spawn(serve(listener, router, stop));
    Ok(format!("http://{address}"))
}

/// Serves `router` until `stop`, then lets requests under way finish. Cut short, it takes its connections with it.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let open = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, peer)) => {
                // Otherwise small answers wait for the client's delayed acknowledgement, up to 40 ms each.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY could not be set");
                }
                let router = router.clone().layer(axum::Extension(axum::extract::ConnectInfo(peer)));
                builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
            }
            Err(error) => {
                // Out of descriptors, or the client went away: a pause avoids a busy loop.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let connection = open.watch(stream);
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, open.shutdown()).await.is_err() {
        tracing::debug!("requests under way were cut short");
    }
}
