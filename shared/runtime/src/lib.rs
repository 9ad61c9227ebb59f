//! How the product is started: settings from the environment, clients built once, telemetry, and the two ways in.
//!
//! **Job.** Turn environment variables into an [`App`](actionlayer_service::App), and events into calls of a handler;
//! turn a failed record of a batch into the answer that makes Lambda deliver it again.
//!
//! **Invariants.** A missing or malformed variable stops the process at its start, naming the variable. The clients are
//! made at most once per process. A handler that failed is reported as failed: no error is turned into a successful answer.
//!
//! **Must never know.** What a handler does, and whether it runs in AWS: endpoints and credentials are values.

mod changes;
mod config;
mod connect;
mod metrics;
mod ports;
mod receipt;
mod records;
mod serve;
mod telemetry;

pub use changes::relay_batch;
pub use config::{Config, ConfigError, Credentials, variable};
pub use connect::{connect, connect_over};
pub use ports::{OsEntropy, SystemClock, ports};
pub use receipt::ReceiptEvent;
pub use records::{RecordOutcome, run_record, sqs_batch, work_off, work_off_at_once};
pub use serve::{serve_event, serve_http};
pub use telemetry::init_telemetry;
