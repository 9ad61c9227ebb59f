//! What the end-to-end tests are written with.
//!
//! **Job.** Run an engine in a process of its own on free ports and a temporary folder, and reach it as everybody else
//! does: HTTP, SMTP, the link in an approval mail, and the engine's own `/local` routes for looking at what left, for
//! faults and for time.
//!
//! **Invariants.** Nothing here waits for time to pass: it waits for a condition, with a deadline. Engines are ended by
//! `SIGKILL` only, so that every test that restarts one tests a crash. Every answer under `/v1`, whatever the test is
//! about, is held against the API's document.
//!
//! **Must never know.** The product's types: what it says is read as anybody reads it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by a panic")]

pub mod browser;
pub mod chats;
pub mod contract;
pub mod engine;
pub mod http;
pub mod letter;
pub mod mcp;
pub mod outbox;
pub mod payer;
pub mod person;
pub mod receiver;
pub mod roles;
pub mod smtp;
pub mod waiting;
pub mod world;

pub use browser::{Browser, Page};
pub use engine::Engine;
pub use http::{Answer, Api};
pub use letter::Letter;
pub use mcp::Mcp;
pub use outbox::Sent;
pub use person::Person;
pub use receiver::{Received, Receiver, Reply};
pub use waiting::eventually;
pub use world::{APPROVER, CUSTOMER, World};
