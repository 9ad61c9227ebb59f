//! Mail about accounts, as a job: what is to be written, and never the link itself.

use crate::{EmailAddress, UserId};
use serde::{Deserialize, Serialize};

/// The body of a message on the notify queue: somebody is to get a link by mail. Whoever asked for it was told the same
/// whether or not there is such a user; that is looked up by the worker, so that an answer takes no longer for one there is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountMailJob {
    /// What is to be written.
    pub account_mail: AccountMail,
    /// Random text that the link's token is derived from, with the deployment's key: a job that comes twice sends the same
    /// link twice.
    pub nonce: String,
}

/// What is to be written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AccountMail {
    /// The link that makes the account somebody asked for.
    SignUp {
        /// The link as it is kept.
        link_sha256: String,
    },
    /// Somebody signed up with an address that has an account.
    AlreadyThere { email: EmailAddress },
    /// The link into a workspace.
    Invitation {
        /// The link as it is kept.
        link_sha256: String,
    },
    /// The link that sets another password, if there is such a user.
    Reset {
        /// The address that was typed.
        email: EmailAddress,
    },
    /// The link that proves a user's address.
    Verify { user_id: UserId },
}

debug_without_content!(AccountMailJob);

debug_without_content!(AccountMail);
