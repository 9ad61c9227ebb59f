//! Keys of people who sign in.

use actionlayer_domain::{AuditId, EmailAddress, UserId, WorkspaceId};
use sha2::{Digest as _, Sha256};

use super::{Key, workspace_pk};

/// The partition of a user and their sessions.
pub(crate) fn user_pk(id: UserId) -> String {
    format!("U#{id}")
}

/// A user.
pub fn user(id: UserId) -> Key {
    Key::new(user_pk(id), "USER")
}

/// A session of a user.
pub fn session(user: UserId, sha256_hex: &str) -> Key {
    Key::new(user_pk(user), format!("{SESSION_PREFIX}{sha256_hex}"))
}

/// The beginning of a session's sort key.
pub(crate) const SESSION_PREFIX: &str = "SESSION#";

/// Who signs in with an address: makes them unique.
pub fn user_email(email: &EmailAddress) -> Key {
    Key::new(format!("UE#{}", hex::encode(Sha256::digest(email.folded()))), "USER")
}

/// That a user belongs to a workspace.
pub fn membership(workspace: WorkspaceId, user: UserId) -> Key {
    Key::new(workspace_pk(workspace), format!("{MEMBERSHIP_PREFIX}{user}"))
}

/// The beginning of a membership's sort key.
pub(crate) const MEMBERSHIP_PREFIX: &str = "MEMBER#";

/// Those of a user, in [`super::Index::Owner`].
pub(crate) fn memberships_of(user: UserId) -> String {
    format!("{}#MEMBERSHIPS", user_pk(user))
}

/// A link that does something once.
pub fn account_link(sha256_hex: &str) -> Key {
    Key::new(format!("LINK#{sha256_hex}"), "LINK")
}

/// The invitations of a workspace, in [`super::Index::Owner`].
pub(crate) fn invitations(workspace: WorkspaceId) -> String {
    format!("{}#INVITATIONS", workspace_pk(workspace))
}

/// An entry of a workspace's audit list.
pub(crate) fn audit(workspace: WorkspaceId, id: AuditId) -> Key {
    Key::new(audit_pk(workspace), id.to_string())
}

/// The partition of a workspace's audit list.
pub(crate) fn audit_pk(workspace: WorkspaceId) -> String {
    format!("{}#AUDIT", workspace_pk(workspace))
}

/// Who signed up first, with the deployment's token.
pub fn first_owner() -> Key {
    Key::new("DEPLOYMENT", "FIRST_OWNER")
}

/// How often something was tried about a subject, in a window.
pub(crate) fn attempts(subject_sha256: &str, window: i64) -> Key {
    Key::new(format!("TRIES#{subject_sha256}"), format!("{window:012}"))
}
