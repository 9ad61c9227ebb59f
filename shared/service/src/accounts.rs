//! People who sign in: how they come to an account, to a session, and into a workspace.
//!
//! A password is only looked at after the try was counted, and hashing takes as long for an address nobody has. What is
//! told to somebody who asks for a link is the same whether there is such a user or not.

pub mod account_mail;
pub mod audit;
pub mod first_owner;
pub mod invitations;
mod limits;
pub mod links;
pub mod members;
mod new_user;
pub mod passwords;
pub mod reset_password;
pub mod sessions;
pub mod sign_in;
pub mod sign_up;
pub mod verify_email;
pub mod workspaces;

pub use limits::{Source, TooMany};
pub use links::LinkProblem;
pub use new_user::{Person, Profile};
pub use sign_in::SignInRefusal;
