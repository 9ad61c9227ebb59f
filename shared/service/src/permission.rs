//! What a caller may do and see, as a use case asks it.

use actionlayer_domain::{Caller, IdentityId, Scope, key::Permission};

use crate::ServiceError;

/// Refuses what a caller may not do.
pub trait Require {
    /// Refuses unless the caller may do that.
    fn require(&self, permission: Permission) -> Result<(), ServiceError>;

    /// The identity a list is about. A caller who sees one identity sees that one's; one who sees several has to say
    /// which.
    fn listed_identity(&self, asked: Option<IdentityId>) -> Result<Option<IdentityId>, ServiceError>;
}

impl Require for Caller {
    fn require(&self, permission: Permission) -> Result<(), ServiceError> {
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
