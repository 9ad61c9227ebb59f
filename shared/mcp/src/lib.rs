//! The mailbox as tools of the Model Context Protocol (<https://modelcontextprotocol.io/specification/2026-07-28>).
//!
//! **Job.** Serve `/mcp`: tools, resources and prompts over the use cases that the HTTP API calls, described for models.
//! The protocol itself is `rmcp`'s; who may call what is the use cases'.
//!
//! **Invariants.** No tool does what the caller's key may not do, whether it is listed or not. Text that came by mail
//! stands only in fields named `untrusted_content`, never in a description, a title or an instruction. A result has at
//! most [`MAX_RESULT_BYTES`] of JSON and says how to read on. A call that is retried makes nothing twice. One request has
//! one answer: there is no session and no stream.
//!
//! **Must never know.** Lambda, the table's layout, when a draft may be sent.

mod answer;
mod complete;
mod endpoint;
mod guard;
mod input;
mod once;
mod pdf;
mod prompts;
mod refusal;
mod resources;
mod schema;
mod server;
mod tools;
mod untrusted;
mod views;

pub use answer::MAX_RESULT_BYTES;
pub use axum::Router;
pub use endpoint::serve;
pub use tools::listed;
