//! What makes a user.

use actionlayer_domain::{
    EmailAddress, HeaderText, UserId, WorkspaceId,
    account::{AccountLink, AuditAct, MemberRole, Membership, PasswordHash, SessionToken, User},
};
use actionlayer_store::{CommitError, Row, Transaction, UserEmail};

use super::{
    passwords::{chosen, hash},
    sessions::note,
    sign_in::{Begin, add_session},
};
use crate::{App, FieldError, ServiceError, workspace::update_workspace::name_error};

/// Somebody who signs up, as they typed it.
#[derive(Debug, Clone)]
pub struct Person {
    pub email: String,
    pub profile: Profile,
    /// What their workspace is to be called; empty where they join one.
    pub workspace_name: String,
}

/// Who somebody is, as they typed it.
#[derive(Clone)]
pub struct Profile {
    /// What people call them.
    pub name: String,
    /// The password they chose.
    pub password: String,
}

actionlayer_domain::debug_without_content!(Profile);

/// The same, read.
pub(super) struct Read {
    pub(super) email: EmailAddress,
    pub(super) name: HeaderText,
    pub(super) password: PasswordHash,
    pub(super) workspace_name: HeaderText,
}

/// Reads what somebody typed; every field that cannot be taken is named. Hashes last.
pub(super) async fn read(app: &App, person: &Person, wants_workspace: bool) -> Result<Read, ServiceError> {
    let mut errors: Vec<FieldError> = Vec::new();
    let mut kept = |error: FieldError| errors.push(error);
    let email = person.email.trim().parse::<EmailAddress>();
    let email = email.map_err(|error| kept(FieldError::new("The address", error))).ok();
    let name = named("The name", &person.profile.name).map_err(&mut kept).ok();
    let workspace_name = if wants_workspace {
        named("The workspace's name", &person.workspace_name).map_err(&mut kept).ok()
    } else {
        Some(HeaderText::sanitize(""))
    };
    let password = email.as_ref().and_then(|email| chosen(&person.profile.password, email).map_err(&mut kept).ok());
    match (email, name, workspace_name, password) {
        (Some(email), Some(name), Some(workspace_name), Some(password)) if errors.is_empty() => {
            Ok(Read { email, name, password: hash(app, password).await?, workspace_name })
        }
        _ => Err(ServiceError::Validation(errors)),
    }
}

pub(super) fn named(field: &str, text: &str) -> Result<HeaderText, FieldError> {
    let name = HeaderText::parse(text.trim()).map_err(|error| FieldError::new(field, error))?;
    match name_error(field, &name) {
        Some(error) => Err(error),
        None => Ok(name),
    }
}

/// A user who signs up now.
pub(super) fn user(app: &App, email: EmailAddress, name: HeaderText, password: PasswordHash, is_proven: bool) -> User {
    let now = app.now();
    User {
        id: UserId::generate(now, app.entropy()),
        email,
        name,
        password,
        password_version: 1,
        email_verified_at: is_proven.then_some(now),
        created_at: now,
        updated_at: now,
    }
}

/// Writes a user, their membership and their first session, and uses the link up that they came by: with whatever else is
/// in the transaction, or not at all.
pub(super) async fn create(
    app: &App,
    mut transaction: Transaction,
    user: &User,
    place: (WorkspaceId, MemberRole, AuditAct),
    link: Option<&Row<AccountLink>>,
    begin: &Begin<'_>,
) -> Result<(SessionToken, Membership), ServiceError> {
    let (workspace_id, role, act) = place;
    let membership = user.member_of(workspace_id, role, app.now());
    transaction.create(user)?;
    let claim = transaction.len();
    transaction.create(&UserEmail { email: user.email.clone(), user_id: user.id })?;
    transaction.create(&membership)?;
    if let Some(link) = link {
        transaction.delete(link);
    }
    note(app, &mut transaction, &membership, act, "")?;
    let token = add_session(app, &mut transaction, user, Some(workspace_id), Some(membership.clone()), begin)?;
    match app.store.commit(transaction).await {
        Ok(()) => Ok((token, membership)),
        Err(CommitError::Conflict { failed }) if failed.contains(&claim) => {
            Err(ServiceError::Conflict("somebody has an account with that address already; sign in with it"))
        }
        Err(error) => Err(error.into()),
    }
}
