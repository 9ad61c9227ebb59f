//! Threads and the messages in them.

pub mod get_thread;
pub(crate) mod index_threads;
pub mod list_threads;
mod message_words;
pub mod messages;
pub(crate) mod resolve;
pub mod update_thread;
