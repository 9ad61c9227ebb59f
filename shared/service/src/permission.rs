//! What a caller may do and see, as a use case asks it.

use actionlayer_domain::{Caller, IdentityId, Scope, key::Permission};

use crate::ServiceError;

/// Refuses what a caller may not do.
pub trait Require {
    /// Refuses what the caller may not do; and, to one who does not see all of the workspace, what is about all of it.
    fn require(&self, permission: Permission) -> Result<(), ServiceError>;

    /// Refuses what the caller may not do; for what is about one identity, which the caller then must see.
    fn require_role(&self, permission: Permission) -> Result<(), ServiceError>;

    /// Refuses what is about the whole workspace to a caller who does not see all of it.
    fn require_unbound(&self) -> Result<(), ServiceError>;

    /// Refuses a decision about a sender to a caller who may not make it, see [`Caller::decides_about_senders`].
    fn require_decides_about_senders(&self) -> Result<(), ServiceError>;

    /// The identity a list is about. A caller who sees one identity sees that one's; one who sees several has to say
    /// which.
    fn listed_identity(&self, asked: Option<IdentityId>) -> Result<Option<IdentityId>, ServiceError>;
}

impl Require for Caller {
    fn require(&self, permission: Permission) -> Result<(), ServiceError> {
        self.require_role(permission)?;
        match permission {
            Permission::Administer => self.require_unbound(),
            Permission::Read | Permission::Draft | Permission::DirectSend | Permission::Approve => Ok(()),
        }
    }

    fn require_unbound(&self) -> Result<(), ServiceError> {
        if self.sees_all() {
            return Ok(());
        }
        Err(ServiceError::Forbidden {
            reason: "this is about the whole workspace: it takes a key that is not bound to identities",
        })
    }

    fn require_decides_about_senders(&self) -> Result<(), ServiceError> {
        self.require_role(Permission::Approve)?;
        if self.decides_about_senders() { Ok(()) } else { self.require_unbound() }
    }

    fn require_role(&self, permission: Permission) -> Result<(), ServiceError> {
        if self.may(permission) {
            return Ok(());
        }
        Err(ServiceError::Forbidden {
            reason: match permission {
                Permission::Read => "any key may read",
                Permission::Draft => "it takes a key with the role `agent`, `automation` or `full`",
                Permission::DirectSend => "it takes a key with the role `automation` or `full`",
                Permission::Approve | Permission::Administer => "it takes a key with the role `full`",
            },
        })
    }

    fn listed_identity(&self, asked: Option<IdentityId>) -> Result<Option<IdentityId>, ServiceError> {
        let Scope::Identities(seen) = &self.scope else { return Ok(asked) };
        match (asked, seen.as_slice()) {
            (Some(id), seen) if seen.contains(&id) => Ok(Some(id)),
            (Some(_), _) => Err(ServiceError::NotFound { what: "identity" }),
            (None, [only]) => Ok(Some(*only)),
            (None, _) => Err(ServiceError::invalid(
                "identity_id",
                "this key is bound to several identities: name the one whose list you want",
            )),
        }
    }
}
