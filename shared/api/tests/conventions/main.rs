//! Conventions that cross every route, on a real table behind one function's own router.

#![allow(clippy::unwrap_used)]

mod app;
mod idempotency;
mod rate_limits;
mod world;
