//! The mailbox over the Model Context Protocol.

mod agents;
mod fuzz;
mod limits;
mod loop_of_tools;
mod protocol;
mod roles;
mod untrusted;
