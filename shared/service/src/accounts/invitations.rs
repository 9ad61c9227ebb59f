//! Invitations into a workspace.

use actionlayer_domain::{
    EmailAddress, HeaderText,
    account::{AccountLink, AccountMail, AuditAct, LinkPurpose, LinkToken, MemberRole, SessionToken, SignUp},
    key::Permission,
};
use actionlayer_store::{Row, Transaction, keys};

use super::{
    account_mail::{put, sender},
    limits::{Source, count_source_of},
    links::{LinkProblem, derived, nonce, open, url},
    new_user::{self, Person, Profile},
    sessions::{Place, Visitor, note, switch_workspace},
    sign_in::{Begin, SignInRefusal, find_user, forget},
};
use crate::{App, Caller, ServiceError, permission::Require as _};

/// So many may be open at once.
const MAX_OPEN: usize = 100;

/// How an invitation gets to whom it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invited {
    /// By mail.
    Mailed,
    /// The deployment cannot send mail yet: whoever invites hands on this link, which is shown once.
    ByHand {
        /// The link.
        url: String,
    },
}

/// An invitation as somebody sees it who opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The workspace's name.
    pub workspace_name: HeaderText,
    /// Who is invited.
    pub email: EmailAddress,
    pub role: MemberRole,
    /// What the one is called who invited them.
    pub invited_by: HeaderText,
    /// Whether they have an account, to sign in with.
    pub has_account: bool,
}

/// Invites somebody.
pub async fn invite(app: &App, place: &Place, email: &str, role: MemberRole) -> Result<Invited, ServiceError> {
    place.caller().require(Permission::Administer)?;
    let email: EmailAddress = email.trim().parse().map_err(|error| ServiceError::invalid("The address", error))?;
    let members = app.store.members_of(place.workspace.id).await?;
    if members.iter().any(|row| row.value.email.folded() == email.folded()) {
        return Err(ServiceError::Conflict("they belong to the workspace already"));
    }
    let invitations = app.store.invitations_of(place.workspace.id).await?;
    if invitations.iter().filter(|row| row.value.is_open(app.now())).count() >= MAX_OPEN {
        return Err(ServiceError::Conflict("100 invitations are open, which is the most there can be"));
    }
    let mailed = sender(app).await?.is_some();
    let nonce = nonce(app);
    let token = if mailed { derived(app, &nonce).await? } else { LinkToken::generate(app.entropy()) };
    let purpose = LinkPurpose::Invitation {
        workspace_id: place.workspace.id,
        email: email.clone(),
        role,
        invited_by: place.membership.name.clone(),
        mailed,
    };
    let link = AccountLink::new(&token, purpose, app.now());
    let mut transaction = Transaction::new();
    transaction.create(&link)?;
    note(app, &mut transaction, &place.membership, AuditAct::Invited, &format!("{email} as {role}"))?;
    app.store.commit(transaction).await?;
    if mailed {
        put(app, AccountMail::Invitation { link_sha256: link.sha256_hex }, nonce).await?;
        Ok(Invited::Mailed)
    } else {
        Ok(Invited::ByHand { url: url(app, &link.purpose, &token) })
    }
}

/// The invitations that are open, oldest first. For owners.
pub async fn list_invitations(app: &App, caller: &Caller) -> Result<Vec<AccountLink>, ServiceError> {
    caller.require(Permission::Administer)?;
    let links = app.store.invitations_of(caller.workspace_id).await?;
    Ok(links.into_iter().map(|row| row.value).filter(|link| link.is_open(app.now())).collect())
}

/// Takes an invitation back: its link does nothing any more.
pub async fn withdraw_invitation(app: &App, place: &Place, link_sha256: &str) -> Result<(), ServiceError> {
    place.caller().require(Permission::Administer)?;
    let row = app.store.get::<AccountLink>(&keys::account_link(link_sha256)).await?;
    let row = row.ok_or(ServiceError::NotFound { what: "invitation" })?;
    let LinkPurpose::Invitation { workspace_id, email, .. } = &row.value.purpose else {
        return Err(ServiceError::NotFound { what: "invitation" });
    };
    if *workspace_id != place.workspace.id {
        return Err(ServiceError::NotFound { what: "invitation" });
    }
    let mut transaction = Transaction::new();
    transaction.delete(&row);
    note(app, &mut transaction, &place.membership, AuditAct::WithdrewInvitation, email.as_str())?;
    Ok(app.store.commit(transaction).await?)
}

/// An invitation, opened. That changes nothing.
pub async fn open_invitation(app: &App, token: &str) -> Result<Invitation, LinkProblem> {
    Ok(read(app, token).await?.1)
}

async fn read(app: &App, token: &str) -> Result<(Row<AccountLink>, Invitation), LinkProblem> {
    let link = open(app, token).await?;
    let LinkPurpose::Invitation { workspace_id, email, role, invited_by, .. } = link.value.purpose.clone() else {
        return Err(LinkProblem::Gone);
    };
    let workspaces = app.store.workspaces(&[workspace_id]).await?;
    let workspace_name = workspaces.into_iter().next().map(|workspace| workspace.name).ok_or(LinkProblem::Gone)?;
    let has_account = find_user(app, &email).await?.is_some();
    Ok((link, Invitation { workspace_name, email, role, invited_by, has_account }))
}

/// Makes an account for whom it is for, lets them in, and signs them in.
pub async fn accept_as_new_user(
    app: &App,
    source: &Source,
    token: &str,
    profile: Profile,
    replaces: Option<&str>,
) -> Result<SessionToken, SignInRefusal> {
    if let Err(too_many) = count_source_of(app, source).await? {
        return Err(SignInRefusal::TooMany(too_many));
    }
    if app.settings.sign_up == SignUp::Off {
        return Err(ServiceError::Forbidden { reason: "no accounts are made here" }.into());
    }
    let (_, invitation) = read(app, token).await?;
    let person = Person { email: invitation.email.to_string(), profile, workspace_name: String::new() };
    let typed = new_user::read(app, &person, false).await?;
    // Read again: hashing took its time.
    let (link, _) = read(app, token).await?;
    let LinkPurpose::Invitation { workspace_id, role, mailed, .. } = link.value.purpose else {
        return Err(SignInRefusal::Wrong);
    };
    let user = new_user::user(app, typed.email, typed.name, typed.password, mailed);
    let place = (workspace_id, role, AuditAct::AcceptedInvitation);
    let begin = Begin { workspace_id: None, act: None, replaces, source };
    let (session, _) = new_user::create(app, Transaction::new(), &user, place, Some(&link), &begin).await?;
    forget(app, replaces).await?;
    Ok(session)
}

/// Lets somebody in who is signed in, if the invitation is for their address, and shows them the workspace.
pub async fn accept_invitation(app: &App, visitor: &Visitor, token: &str) -> Result<(), LinkProblem> {
    let (link, invitation) = read(app, token).await?;
    if invitation.email.folded() != visitor.user.email.folded() {
        return Err(LinkProblem::OtherAddress);
    }
    let LinkPurpose::Invitation { workspace_id, role, .. } = link.value.purpose else { return Err(LinkProblem::Gone) };
    let membership = visitor.user.member_of(workspace_id, role, app.now());
    let is_member = app.store.standing(workspace_id, visitor.user.id).await?.membership.is_some();
    let mut transaction = Transaction::new();
    transaction.delete(&link);
    // An invitation never changes what somebody is already.
    if !is_member {
        transaction.create(&membership)?;
        note(app, &mut transaction, &membership, AuditAct::AcceptedInvitation, "")?;
    }
    app.store.commit(transaction).await.map_err(ServiceError::from)?;
    Ok(switch_workspace(app, visitor, workspace_id).await?)
}
