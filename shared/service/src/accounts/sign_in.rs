//! Signing in: an address and a password become a session.

use actionlayer_domain::{
    EmailAddress, UserId, WorkspaceId,
    account::{AuditAct, Membership, Password, Session, SessionToken, User},
};
use actionlayer_store::{Transaction, UserEmail, keys};

use super::{
    limits::{Source, TooMany, Try, count},
    passwords::fits,
    sessions::note,
};
use crate::{App, ServiceError};

/// Why nobody was signed in.
#[derive(Debug, Clone, PartialEq)]
pub enum SignInRefusal {
    /// There is no such user, or it is not their password: nothing says which.
    Wrong,
    /// Too many tries.
    TooMany(TooMany),
    /// Something else.
    Service(ServiceError),
}

impl From<ServiceError> for SignInRefusal {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

/// Signs somebody in. A session that the browser had before is ended: it gets a new one, so that nobody can have set it
/// beforehand.
pub async fn sign_in(
    app: &App,
    source: &Source,
    email: &str,
    password: Password,
    replaces: Option<&str>,
) -> Result<SessionToken, SignInRefusal> {
    if let Err(too_many) = count(app, source, Try::Password, email).await? {
        return Err(SignInRefusal::TooMany(too_many));
    }
    let user = match email.trim().parse::<EmailAddress>() {
        Ok(email) => find_user(app, &email).await?,
        Err(_) => None,
    };
    let is_right = fits(user.as_ref().map(|user| user.password.clone()), password).await?;
    let user = user.filter(|_| is_right).ok_or(SignInRefusal::Wrong)?;
    let begin = Begin { workspace_id: None, act: Some(AuditAct::SignedIn), replaces, source };
    Ok(begin_session(app, &user, begin).await?)
}

/// The user of an address.
pub(super) async fn find_user(app: &App, email: &EmailAddress) -> Result<Option<User>, ServiceError> {
    // No user has it: it is no UUID of version 7.
    let nobody = UserId::from_bytes([0; 16]);
    let claim = app.store.get::<UserEmail>(&keys::user_email(email)).await?;
    // As many reads for an address nobody has.
    let id = claim.map_or(nobody, |claim| claim.value.user_id);
    let user = app.store.get::<User>(&keys::user(id)).await?;
    Ok(user.map(|row| row.value))
}

/// How a session begins.
pub(super) struct Begin<'a> {
    /// Where; none for a workspace of the user's.
    pub(super) workspace_id: Option<WorkspaceId>,
    /// What is written down about it.
    pub(super) act: Option<AuditAct>,
    /// The cookie the browser had before.
    pub(super) replaces: Option<&'a str>,
    /// From where.
    pub(super) source: &'a Source,
}

/// Begins a session of a user who was checked.
pub(super) async fn begin_session(app: &App, user: &User, begin: Begin<'_>) -> Result<SessionToken, ServiceError> {
    let membership = match begin.workspace_id {
        Some(id) => app.store.standing(id, user.id).await?.membership,
        None => app.store.memberships_of(user.id).await?.into_iter().next(),
    };
    let mut transaction = Transaction::new();
    let token = add_session(app, &mut transaction, user, begin.workspace_id, membership.map(|row| row.value), &begin)?;
    app.store.commit(transaction).await?;
    forget(app, begin.replaces).await?;
    Ok(token)
}

/// Adds a session to what makes its user or their membership.
pub(super) fn add_session(
    app: &App,
    transaction: &mut Transaction,
    user: &User,
    workspace_id: Option<WorkspaceId>,
    membership: Option<Membership>,
    begin: &Begin<'_>,
) -> Result<SessionToken, ServiceError> {
    let token = SessionToken::generate(user.id, app.entropy());
    let workspace_id = workspace_id.or(membership.as_ref().map(|membership| membership.workspace_id));
    transaction.create(&Session::begin(&token, user, workspace_id, &begin.source.browser, app.now()))?;
    if let (Some(act), Some(membership)) = (begin.act, membership) {
        note(app, transaction, &membership, act, "")?;
    }
    Ok(token)
}

/// Ends the session that a browser had before, whosever it was.
pub(super) async fn forget(app: &App, cookie: Option<&str>) -> Result<(), ServiceError> {
    let Some(token) = cookie.and_then(|cookie| cookie.parse::<SessionToken>().ok()) else { return Ok(()) };
    let key = keys::session(token.user_id(), &token.sha256_hex());
    let Some(row) = app.store.get::<Session>(&key).await? else { return Ok(()) };
    let mut transaction = Transaction::new();
    transaction.delete(&row);
    match app.store.commit(transaction).await.map_err(ServiceError::from) {
        // Stamped or ended at the same moment; the browser does not show it again.
        Ok(()) | Err(ServiceError::Contended) => Ok(()),
        Err(error) => Err(error),
    }
}
