//! Who asks for something: whichever way a use case is reached, it is asked by a [`Caller`].

use crate::{
    ApiKeyId, EmailAddress, HeaderText, IdentityId, RuleId, UserId, WorkspaceId,
    channel::ChannelKind,
    draft::{Actor, ActorKind},
    key::{Permission, Role},
};

/// Somebody who asks for something, in one workspace: who they are, what they may do, and what they see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The workspace. It comes from a credential, never from a request.
    pub workspace_id: WorkspaceId,
    /// Who asks.
    pub principal: Principal,
    /// What they may do.
    pub authority: Authority,
    /// What of the workspace exists for them.
    pub scope: Scope,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The owner of an API key.
    ApiKey {
        /// The key's id.
        id: ApiKeyId,
        /// The key's name.
        name: HeaderText,
    },
    /// A user with a session.
    User {
        /// The user's id.
        id: UserId,
        /// What people call them.
        name: HeaderText,
    },
    /// A rule that fired.
    Rule {
        /// The rule's id.
        id: RuleId,
        /// The rule's name.
        name: HeaderText,
    },
    /// Somebody who was asked in an approval channel, and answers there.
    Approver {
        channel: ChannelKind,
        /// The channel's own id of them: an address, or a user id.
        id: String,
        /// A name a person recognises.
        name: String,
    },
}

/// What a caller may do. Approval is worth nothing if the agent can approve itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authority {
    /// Reads only.
    Read,
    /// Reads; submits, edits, rejects and notifies drafts; sends drafts that a person approved.
    Agent,
    /// `Agent`, and sends without a draft.
    Automation,
    /// Reads, and decides about drafts and senders.
    Approver,
    /// Everything.
    Full,
}

impl Authority {
    /// Whether it allows that.
    pub const fn may(self, permission: Permission) -> bool {
        match (self, permission) {
            (Self::Full, _) | (_, Permission::Read) => true,
            (Self::Read, _) => false,
            (Self::Agent | Self::Automation | Self::Approver, Permission::Draft) => true,
            (Self::Automation, Permission::DirectSend) => true,
            (Self::Agent | Self::Approver, Permission::DirectSend) => false,
            (Self::Approver, Permission::Approve) => true,
            (Self::Agent | Self::Automation, Permission::Approve) => false,
            (Self::Agent | Self::Automation | Self::Approver, Permission::Administer) => false,
        }
    }

    /// Its name; that of a key's role where a key can have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Agent => "agent",
            Self::Automation => "automation",
            Self::Approver => "approver",
            Self::Full => "full",
        }
    }
}

impl From<Role> for Authority {
    fn from(role: Role) -> Self {
        match role {
            Role::Read => Self::Read,
            Role::Agent => Self::Agent,
            Role::Automation => Self::Automation,
            Role::Full => Self::Full,
        }
    }
}

/// What of a workspace exists for a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Workspace,
    /// What belongs to these identities.
    Identities(Vec<IdentityId>),
}

impl Scope {
    /// The scope of a key that is bound to these identities, or to none.
    pub fn of_key(identity_ids: Vec<IdentityId>) -> Self {
        if identity_ids.is_empty() { Self::Workspace } else { Self::Identities(identity_ids) }
    }
}

impl Caller {
    /// An approver of an identity, who answers in the channel they were asked in.
    pub fn approver(workspace_id: WorkspaceId, identity_id: IdentityId, principal: Principal) -> Self {
        Self { workspace_id, principal, authority: Authority::Approver, scope: Scope::Identities(vec![identity_id]) }
    }

    /// Whoever asked for something that is read later on their behalf: a user, or the owner of a key. None for others.
    pub fn reader(workspace_id: WorkspaceId, asked_by: &Actor) -> Option<Self> {
        Self::on_behalf(workspace_id, asked_by, Authority::Read)
    }

    /// The same for what they asked to have done, when they may do everything.
    pub fn on_behalf(workspace_id: WorkspaceId, asked_by: &Actor, authority: Authority) -> Option<Self> {
        let name = HeaderText::sanitize(&asked_by.name);
        let principal = match asked_by.kind {
            ActorKind::User => Principal::User { id: asked_by.id.parse().ok()?, name },
            ActorKind::ApiKey => Principal::ApiKey { id: asked_by.id.parse().ok()?, name },
            ActorKind::Rule | ActorKind::Email | ActorKind::Slack | ActorKind::Telegram | ActorKind::Identity => {
                return None;
            }
        };
        Some(Self { workspace_id, principal, authority, scope: Scope::Workspace })
    }

    /// A rule of the owner's, which may what its owner may.
    pub const fn rule(workspace_id: WorkspaceId, id: RuleId, name: HeaderText) -> Self {
        let principal = Principal::Rule { id, name };
        Self { workspace_id, principal, authority: Authority::Full, scope: Scope::Workspace }
    }

    /// The rule, if it is one.
    pub const fn rule_id(&self) -> Option<RuleId> {
        match &self.principal {
            Principal::Rule { id, .. } => Some(*id),
            Principal::ApiKey { .. } | Principal::User { .. } | Principal::Approver { .. } => None,
        }
    }

    /// Whether they may do that.
    pub const fn may(&self, permission: Permission) -> bool {
        self.authority.may(permission)
    }

    /// Whether an identity, and what belongs to it, exists for them.
    pub fn sees(&self, identity_id: IdentityId) -> bool {
        match &self.scope {
            Scope::Workspace => true,
            Scope::Identities(ids) => ids.contains(&identity_id),
        }
    }

    /// The identities that exist for them; none where all do.
    pub fn identity_ids(&self) -> &[IdentityId] {
        match &self.scope {
            Scope::Workspace => &[],
            Scope::Identities(ids) => ids,
        }
    }

    /// Whether all of the workspace exists for them.
    pub const fn sees_all(&self) -> bool {
        matches!(self.scope, Scope::Workspace)
    }

    /// Whether they may decide whose mail comes in. That holds for every identity of the workspace, so it is for those who
    /// see all of them, and for an approver: of the senders they were asked about.
    pub const fn decides_about_senders(&self) -> bool {
        self.may(Permission::Approve) && (self.sees_all() || matches!(self.principal, Principal::Approver { .. }))
    }

    /// The caller as one who decides.
    pub fn actor(&self) -> Actor {
        self.principal.actor()
    }
}

impl Principal {
    /// The owner of an address who was asked by mail.
    pub fn mail_approver(address: &EmailAddress) -> Self {
        Self::Approver { channel: ChannelKind::Email, id: address.to_string(), name: address.to_string() }
    }

    /// As it is recorded and shown.
    pub fn actor(&self) -> Actor {
        let named = |kind, id: String, name: &HeaderText| Actor { kind, id, name: name.as_str().to_owned() };
        match self {
            Self::ApiKey { id, name } => named(ActorKind::ApiKey, id.to_string(), name),
            Self::User { id, name } => named(ActorKind::User, id.to_string(), name),
            Self::Rule { id, name } => named(ActorKind::Rule, id.to_string(), name),
            Self::Approver { channel, id, name } => {
                let kind = match channel {
                    ChannelKind::Email => ActorKind::Email,
                    ChannelKind::Slack => ActorKind::Slack,
                    ChannelKind::Telegram => ActorKind::Telegram,
                };
                Actor { kind, id: id.clone(), name: name.clone() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_cannot_approve_itself() {
        for authority in [Role::Read, Role::Agent, Role::Automation].map(Authority::from) {
            assert!(!authority.may(Permission::Approve));
            assert!(!authority.may(Permission::Administer));
        }
        assert!(!Authority::Agent.may(Permission::DirectSend));
        assert!(Authority::Automation.may(Permission::DirectSend));
        assert!(!Authority::Read.may(Permission::Draft));
        assert!(Authority::Full.may(Permission::Approve));
    }

    #[test]
    fn an_approver_decides_and_does_nothing_else() {
        assert!(Authority::Approver.may(Permission::Approve) && Authority::Approver.may(Permission::Draft));
        assert!(!Authority::Approver.may(Permission::DirectSend) && !Authority::Approver.may(Permission::Administer));
    }
}
