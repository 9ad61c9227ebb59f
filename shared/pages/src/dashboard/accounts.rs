//! The screens of signing in, and of a workspace's users.

use askama::Template;

use super::Frame;

/// Signing in.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// What stands around it.
    pub frame: Frame,
    /// Where to go then: a path of the dashboard.
    pub next: String,
    /// The address that was typed.
    pub email: String,
    /// What was wrong.
    pub problem: Option<String>,
    /// Whether anybody may sign up.
    pub offers_sign_up: bool,
}
