//! Event source mappings: what in AWS polls the queues and the table's stream and invokes functions with batches.

pub(crate) mod pattern;
mod queue;
mod stream;

pub(crate) use queue::QueueMapping;
pub(crate) use stream::{Checkpoints, StreamMapping};

#[cfg(test)]
pub(crate) mod tests;
