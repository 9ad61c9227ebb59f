//! The first owner of a deployment: whoever has its token, or opens the link that an engine on one machine printed.

use actionlayer_domain::{
    EmailAddress, WorkspaceId,
    account::{AccountLink, AuditAct, LinkPurpose, LinkToken, MemberRole, SessionToken, User},
};
use actionlayer_store::{DeploymentWorkspace, FirstOwner, Row, Transaction, keys};
use sha2::{Digest as _, Sha256};

use super::{
    limits::{Source, count_source_of},
    links::{self, LinkProblem, url},
    new_user::{self, Person},
    sign_in::{Begin, SignInRefusal, add_session, forget},
};
use crate::{App, ServiceError, contention::until_settled, workspace::create_workspace::NewWorkspace};

/// What a start link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Nobody has signed up: its visitor becomes the owner.
    BecomeOwner {
        /// Whether they get the workspace that `POST /v1/auth/bootstrap` made.
        has_workspace: bool,
    },
    /// The owner there is gets a session.
    SignIn { email: EmailAddress },
}

/// Makes a link that makes the first owner, or signs them in, once. For an engine on one machine: whoever reads what it
/// prints has its files as well.
pub async fn issue_start_link(app: &App) -> Result<String, ServiceError> {
    let token = LinkToken::generate(app.entropy());
    let link = AccountLink::new(&token, LinkPurpose::FirstOwner, app.now());
    let mut transaction = Transaction::new();
    transaction.create(&link)?;
    app.store.commit(transaction).await?;
    Ok(url(app, &link.purpose, &token))
}

/// What a token is good for.
struct Opened {
    /// The link, to be used up; none for the deployment's own token.
    link: Option<Row<AccountLink>>,
    owner: Option<User>,
}

async fn open(app: &App, token: &str) -> Result<Opened, LinkProblem> {
    let owner = match app.store.get::<FirstOwner>(&keys::first_owner()).await? {
        Some(first) => app.store.get::<User>(&keys::user(first.value.user_id)).await?.map(|row| row.value),
        None => None,
    };
    if is_deployment_token(app, token) {
        // It makes one owner, and never signs anybody in.
        return if owner.is_none() { Ok(Opened { link: None, owner }) } else { Err(LinkProblem::Gone) };
    }
    let link = links::open(app, token).await?;
    match link.value.purpose {
        LinkPurpose::FirstOwner => Ok(Opened { link: Some(link), owner }),
        LinkPurpose::SignUp { .. }
        | LinkPurpose::VerifyEmail { .. }
        | LinkPurpose::ResetPassword { .. }
        | LinkPurpose::Invitation { .. } => Err(LinkProblem::Gone),
    }
}

/// Compared by hash, so that the time it takes says nothing about the token.
pub(crate) fn is_deployment_token(app: &App, token: &str) -> bool {
    let own = app.settings.bootstrap_token.as_ref();
    own.is_some_and(|own| Sha256::digest(own.expose()) == Sha256::digest(token))
}

/// What a link leads to. Opening it changes nothing.
pub async fn open_start(app: &App, token: &str) -> Result<Start, LinkProblem> {
    match open(app, token).await?.owner {
        Some(owner) => Ok(Start::SignIn { email: owner.email }),
        None => {
            let there = app.store.get::<DeploymentWorkspace>(&keys::deployment_workspace()).await?;
            Ok(Start::BecomeOwner { has_workspace: there.is_some() })
        }
    }
}

/// Makes the first owner, of the workspace there is or of a new one.
pub async fn become_owner(
    app: &App,
    source: &Source,
    token: &str,
    person: &Person,
    replaces: Option<&str>,
) -> Result<SessionToken, SignInRefusal> {
    if let Err(too_many) = count_source_of(app, source).await? {
        return Err(SignInRefusal::TooMany(too_many));
    }
    let Start::BecomeOwner { has_workspace } = open_start(app, token).await? else { return Err(SignInRefusal::Wrong) };
    let read = new_user::read(app, person, !has_workspace).await?;
    let user = new_user::user(app, read.email, read.name, read.password, false);
    let begin = Begin { workspace_id: None, act: None, replaces, source };
    let session = until_settled(app, || async {
        let opened = match open(app, token).await {
            Ok(opened) if opened.owner.is_none() => opened,
            Ok(_) | Err(LinkProblem::Gone | LinkProblem::OtherAddress) => {
                return Err(ServiceError::Conflict("somebody has become the owner already; sign in"));
            }
            Err(LinkProblem::Service(error)) => return Err(error),
        };
        let mut transaction = Transaction::new();
        transaction.create(&FirstOwner { user_id: user.id })?;
        let there = app.store.get::<DeploymentWorkspace>(&keys::deployment_workspace()).await?;
        let workspace_id: WorkspaceId = match there {
            Some(there) => there.value.workspace_id,
            None => {
                let new = NewWorkspace::generate(read.workspace_name.clone(), "", app.now(), app.entropy());
                // Without a key: its owner makes those they need.
                transaction.create(&new.workspace)?;
                transaction.create(&DeploymentWorkspace { workspace_id: new.workspace.id })?;
                new.workspace.id
            }
        };
        let place = (workspace_id, MemberRole::Owner, AuditAct::BecameOwner);
        let (session, _) = new_user::create(app, transaction, &user, place, opened.link.as_ref(), &begin).await?;
        Ok(session)
    })
    .await?;
    forget(app, replaces).await?;
    Ok(session)
}

/// Signs the first owner in by a link that the engine printed, and uses it up.
pub async fn sign_in_by_link(
    app: &App,
    source: &Source,
    token: &str,
    replaces: Option<&str>,
) -> Result<SessionToken, SignInRefusal> {
    let Opened { link: Some(link), owner: Some(owner) } = open(app, token).await? else {
        return Err(SignInRefusal::Wrong);
    };
    let membership = app.store.memberships_of(owner.id).await.map_err(ServiceError::from)?.into_iter().next();
    let mut transaction = Transaction::new();
    transaction.delete(&link);
    let begin = Begin { workspace_id: None, act: Some(AuditAct::SignedInByLink), replaces, source };
    let membership = membership.map(|row| row.value);
    let session = add_session(app, &mut transaction, &owner, None, membership, &begin)?;
    match app.store.commit(transaction).await.map_err(ServiceError::from) {
        Ok(()) => {}
        // Somebody else used it up.
        Err(ServiceError::Contended) => return Err(SignInRefusal::Wrong),
        Err(error) => return Err(error.into()),
    }
    forget(app, replaces).await?;
    Ok(session)
}
