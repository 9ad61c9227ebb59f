//! Sessions: looked up, listed, ended.

use actionlayer_domain::{
    Caller, Workspace, WorkspaceId,
    account::{AuditAct, AuditEntry, Membership, Session, SessionToken, User},
    erasure::Erasure,
};
use actionlayer_store::{Row, Transaction, keys};

use crate::{App, ServiceError, contention::until_settled};

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub user: User,
    pub session: Session,
    /// The workspace they look at and what they are to it; none where they belong to none.
    pub place: Option<Place>,
    /// That this workspace is to be deleted, if it is.
    pub deletion: Option<Erasure>,
    /// They looked at another workspace until now, which they do not belong to any more.
    pub was_moved: bool,
}

/// A workspace somebody looks at.
#[derive(Debug, Clone)]
pub struct Place {
    pub workspace: Workspace,
    pub membership: Membership,
}

impl Place {
    /// Who asks, for the use cases.
    pub fn caller(&self) -> Caller {
        self.membership.caller()
    }
}

/// Who shows this cookie. `Unauthorized` when the session is none, is over, or was ended.
pub async fn visitor(app: &App, cookie: &str) -> Result<Visitor, ServiceError> {
    let token: SessionToken = cookie.parse().map_err(|_| ServiceError::Unauthorized)?;
    let now = app.now();
    let found = app.store.session_and_user(token.user_id(), &token.sha256_hex()).await?;
    let (session, user) = found.ok_or(ServiceError::Unauthorized)?;
    session.value.check(&user.value, now).map_err(|_| ServiceError::Unauthorized)?;
    let (place, deletion) = place(app, &user.value, session.value.workspace_id).await?.unzip();
    let deletion = deletion.flatten();
    let moved = place.as_ref().map(|place| place.workspace.id);
    let was_moved = session.value.workspace_id.is_some() && moved != session.value.workspace_id;
    let session = if session.value.is_to_be_stamped(now) || moved != session.value.workspace_id {
        stamp(app, session, moved).await?
    } else {
        session.value
    };
    Ok(Visitor { user: user.value, session, place, deletion, was_moved })
}

/// A workspace somebody looks at, and that it is to be deleted, if it is.
type PlaceAndDeletion = (Place, Option<Erasure>);

/// The workspace a session looks at; another one of its user's when they do not belong to it any more.
async fn place(app: &App, user: &User, at: Option<WorkspaceId>) -> Result<Option<PlaceAndDeletion>, ServiceError> {
    if let Some(at) = at
        && let Some(place) = place_at(app, user, at).await?
    {
        return Ok(Some(place));
    }
    for membership in app.store.memberships_of(user.id).await? {
        let id = membership.value.workspace_id;
        if Some(id) != at
            && let Some(place) = place_at(app, user, id).await?
        {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// A workspace a user belongs to, as of now.
async fn place_at(app: &App, user: &User, at: WorkspaceId) -> Result<Option<PlaceAndDeletion>, ServiceError> {
    let standing = app.store.standing(at, user.id).await?;
    let deletion = standing.erasure.map(|row| row.value);
    Ok(standing
        .workspace
        .zip(standing.membership)
        .map(|(workspace, membership)| (Place { workspace: workspace.value, membership: membership.value }, deletion)))
}

/// Writes down that a session was used, and where. Somebody else's stamp is as good.
async fn stamp(app: &App, row: Row<Session>, workspace_id: Option<WorkspaceId>) -> Result<Session, ServiceError> {
    let session = Session { last_used_at: app.now(), workspace_id, ..row.value.clone() };
    let mut transaction = Transaction::new();
    transaction.replace(&row, &session)?;
    match app.store.commit(transaction).await.map_err(ServiceError::from) {
        // Ended meanwhile, it is refused the next time.
        Ok(()) | Err(ServiceError::Contended) => Ok(session),
        Err(error) => Err(error),
    }
}

/// The sessions of a user that stand, the last used first.
pub async fn list_sessions(app: &App, visitor: &Visitor) -> Result<Vec<Session>, ServiceError> {
    let now = app.now();
    let sessions = app.store.sessions_of(visitor.user.id).await?;
    let mut sessions: Vec<Session> =
        sessions.into_iter().map(|row| row.value).filter(|session| session.check(&visitor.user, now).is_ok()).collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.last_used_at));
    Ok(sessions)
}

/// Ends a session of one's own: the next request with it is refused.
pub async fn end_session(app: &App, visitor: &Visitor, sha256_hex: &str) -> Result<(), ServiceError> {
    let act = if sha256_hex == visitor.session.sha256_hex { AuditAct::SignedOut } else { AuditAct::EndedSession };
    until_settled(app, || async {
        let row = app.store.get::<Session>(&keys::session(visitor.user.id, sha256_hex)).await?;
        // A second click finds what it wanted.
        let Some(row) = row else { return Ok(()) };
        let mut transaction = Transaction::new();
        transaction.delete(&row);
        if let Some(place) = &visitor.place {
            note(app, &mut transaction, &place.membership, act, "")?;
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Looks at another workspace of one's own.
pub async fn switch_workspace(app: &App, visitor: &Visitor, to: WorkspaceId) -> Result<(), ServiceError> {
    let (place, _) = place_at(app, &visitor.user, to).await?.ok_or(ServiceError::NotFound { what: "workspace" })?;
    until_settled(app, || async {
        let row = app.store.get::<Session>(&keys::session(visitor.user.id, &visitor.session.sha256_hex)).await?;
        let row = row.ok_or(ServiceError::Unauthorized)?;
        let session = Session { workspace_id: Some(place.workspace.id), ..row.value.clone() };
        let mut transaction = Transaction::new();
        transaction.replace(&row, &session)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// The workspaces of a user by name, and what they are to each.
pub async fn list_workspaces(app: &App, visitor: &Visitor) -> Result<Vec<Place>, ServiceError> {
    let memberships = app.store.memberships_of(visitor.user.id).await?;
    let ids: Vec<WorkspaceId> = memberships.iter().map(|row| row.value.workspace_id).collect();
    let workspaces = app.store.workspaces(&ids).await?;
    let mut places: Vec<Place> = memberships
        .into_iter()
        .filter_map(|row| {
            let workspace = workspaces.iter().find(|workspace| workspace.id == row.value.workspace_id)?.clone();
            Some(Place { workspace, membership: row.value })
        })
        .collect();
    places.sort_by(|a, b| a.workspace.name.as_str().cmp(b.workspace.name.as_str()));
    Ok(places)
}

/// Adds to the list of who did what.
pub(super) fn note(
    app: &App,
    transaction: &mut Transaction,
    who: &Membership,
    act: AuditAct,
    about: &str,
) -> Result<(), ServiceError> {
    transaction.create(&AuditEntry::new(who.workspace_id, who.actor(), act, about, app.now(), app.entropy()))?;
    Ok(())
}
