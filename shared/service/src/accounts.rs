//! People who sign in: how they come to an account, to a session, and into a workspace.

pub mod sessions;
