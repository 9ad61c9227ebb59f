//! People who sign in: users, what they are to a workspace, their sessions, and the links they get by mail.
//!
//! A user is of the deployment; a [`Membership`] says what they are to one workspace. A request with a session is made by
//! a [`Caller`] like any other: signing in is a way to become one, not a way around the use cases.

mod audit;
mod link;
mod mail;
mod password;
mod session;

pub use audit::{AuditAct, AuditEntry};
pub use link::{AccountLink, LINK_BYTES, LinkPurpose, LinkToken};
pub use mail::{AccountMail, AccountMailJob};
pub use password::{MIN_PASSWORD_CHARS, Password, PasswordHash, WeakPassword};
pub use session::{MAX_IDLE, MAX_LIFETIME, STAMPED_EVERY, Session, SessionEnd, SessionToken};

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Authority, Caller, EmailAddress, HeaderText, Principal, Scope, Timestamp, UserId, WorkspaceId, draft::Actor,
};

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// Their address; nobody else has it.
    pub email: EmailAddress,
    /// What people call them.
    pub name: HeaderText,
    /// What their password is checked against.
    pub password: PasswordHash,
    /// Goes up with every change of the password. Sessions and links of an older one are void.
    pub password_version: u32,
    /// When they proved that the address is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified_at: Option<Timestamp>,
    /// When they signed up.
    pub created_at: Timestamp,
    /// When they last changed.
    pub updated_at: Timestamp,
}

/// What somebody is to a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberRole {
    /// May do everything, users included.
    Owner,
    /// Reads, and decides about drafts and senders.
    Approver,
    /// Reads.
    Viewer,
}

impl MemberRole {
    /// Every role, from the one that may most.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Approver, Self::Viewer];

    /// What that role may do in the use cases.
    pub const fn authority(self) -> Authority {
        match self {
            Self::Owner => Authority::Full,
            Self::Approver => Authority::Approver,
            Self::Viewer => Authority::Read,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Approver => "approver",
            Self::Viewer => "viewer",
        }
    }

    /// What it means, for whoever chooses it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Owner => "may do everything: settings, keys and users included",
            Self::Approver => "reads everything, and decides about drafts and senders",
            Self::Viewer => "reads everything and changes nothing",
        }
    }
}

impl fmt::Display for MemberRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be owner, approver or viewer")]
pub struct InvalidMemberRole;

impl FromStr for MemberRole {
    type Err = InvalidMemberRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(InvalidMemberRole)
    }
}

/// That a user belongs to a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub workspace_id: WorkspaceId,
    pub user_id: UserId,
    pub email: EmailAddress,
    /// What people call them.
    pub name: HeaderText,
    pub role: MemberRole,
    /// Since when.
    pub added_at: Timestamp,
}

impl User {
    /// What they are to a workspace, from now on.
    pub fn member_of(&self, workspace_id: WorkspaceId, role: MemberRole, now: Timestamp) -> Membership {
        Membership {
            workspace_id,
            user_id: self.id,
            email: self.email.clone(),
            name: self.name.clone(),
            role,
            added_at: now,
        }
    }

    /// The user with another password: every session and every link of the old one is void.
    #[must_use]
    pub fn with_password(&self, password: PasswordHash, now: Timestamp) -> Self {
        Self { password, password_version: self.password_version + 1, updated_at: now, ..self.clone() }
    }

    /// The user whose address is proven.
    #[must_use]
    pub fn verified(&self, now: Timestamp) -> Self {
        Self { email_verified_at: self.email_verified_at.or(Some(now)), updated_at: now, ..self.clone() }
    }
}

impl Membership {
    /// The user as a caller of the use cases.
    pub fn caller(&self) -> Caller {
        Caller {
            workspace_id: self.workspace_id,
            principal: Principal::User { id: self.user_id, name: self.name.clone() },
            authority: self.role.authority(),
            scope: Scope::Workspace,
        }
    }

    /// As they are recorded and shown.
    pub fn actor(&self) -> Actor {
        self.caller().actor()
    }
}

/// Whether there would be an owner left, were `user_id` something else or gone.
pub fn leaves_an_owner<'a>(members: impl IntoIterator<Item = &'a Membership>, user_id: UserId) -> bool {
    members.into_iter().any(|member| member.role == MemberRole::Owner && member.user_id != user_id)
}

/// Who may make an account in a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// Anybody, with a workspace of their own.
    Open,
    /// Whoever was invited to a workspace.
    Invite,
    /// Nobody but the first owner, who has the deployment's token. Users there are may still be invited to a workspace.
    Off,
}

/// Who may make the deployment's first workspace by `POST /v1/auth/bootstrap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bootstrap {
    /// Whoever comes first: for a machine that nobody else reaches.
    Open,
    /// Whoever has the deployment's token.
    Token,
    /// Nobody.
    Off,
}

/// The text is no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be open, token or off")]
pub struct InvalidBootstrap;

impl FromStr for Bootstrap {
    type Err = InvalidBootstrap;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "token" => Ok(Self::Token),
            "off" => Ok(Self::Off),
            _ => Err(InvalidBootstrap),
        }
    }
}

/// The text is no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be open, invite or off")]
pub struct InvalidSignUp;

impl FromStr for SignUp {
    type Err = InvalidSignUp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "invite" => Ok(Self::Invite),
            "off" => Ok(Self::Off),
            _ => Err(InvalidSignUp),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::key::Permission;

    fn member(n: u8, role: MemberRole) -> Membership {
        Membership {
            workspace_id: WorkspaceId::from_bytes([1; 16]),
            user_id: UserId::from_bytes([n; 16]),
            email: format!("u{n}@example.com").parse().unwrap(),
            name: HeaderText::sanitize("U"),
            role,
            added_at: Timestamp::from_unix_ms(0),
        }
    }

    #[test]
    fn a_role_is_an_authority_over_the_whole_workspace() {
        let owner = member(1, MemberRole::Owner).caller();
        assert!(owner.may(Permission::Administer) && owner.sees_all());
        let approver = member(2, MemberRole::Approver).caller();
        assert!(approver.may(Permission::Approve) && !approver.may(Permission::Administer));
        assert!(approver.decides_about_senders());
        let viewer = member(3, MemberRole::Viewer).caller();
        assert!(viewer.may(Permission::Read) && !viewer.may(Permission::Draft) && !viewer.decides_about_senders());
    }

    #[test]
    fn a_workspace_keeps_an_owner() {
        let members = [member(1, MemberRole::Owner), member(2, MemberRole::Approver)];
        assert!(!leaves_an_owner(&members, members[0].user_id));
        assert!(leaves_an_owner(&members, members[1].user_id));
    }

    #[test]
    fn a_role_has_one_spelling() {
        for role in MemberRole::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("Owner".parse::<MemberRole>().is_err() && "admin".parse::<MemberRole>().is_err());
    }
}
