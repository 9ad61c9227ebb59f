//! Links that do something once: made, opened, used up.

use actionlayer_domain::account::{AccountLink, AuditAct, LinkPurpose, LinkToken, User};
use actionlayer_store::{Row, Transaction, keys};
use aws_lc_rs::hmac;

use super::{sessions::note, sign_in::SignInRefusal};
use crate::{App, ServiceError, secrets};

/// Why a link does nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkProblem {
    /// It is none of this deployment, was used, or its time is over: nothing says which.
    Gone,
    /// The link is for another address than that of whoever is signed in.
    OtherAddress,
    /// Something else.
    Service(ServiceError),
}

impl From<ServiceError> for LinkProblem {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<actionlayer_store::StoreError> for LinkProblem {
    fn from(error: actionlayer_store::StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl From<LinkProblem> for SignInRefusal {
    fn from(problem: LinkProblem) -> Self {
        match problem {
            LinkProblem::Gone | LinkProblem::OtherAddress => Self::Wrong,
            LinkProblem::Service(error) => Self::Service(error),
        }
    }
}

/// A link that still does something.
pub(super) async fn open(app: &App, token: &str) -> Result<Row<AccountLink>, LinkProblem> {
    let token: LinkToken = token.parse().map_err(|_| LinkProblem::Gone)?;
    let row = app.store.get::<AccountLink>(&keys::account_link(&token.sha256_hex())).await?;
    row.filter(|row| row.value.is_open(app.now())).ok_or(LinkProblem::Gone)
}

/// Uses a link up in the transaction that changes its user, and notes it in every workspace of theirs. Of two at once one
/// was first.
pub(super) async fn use_up(
    app: &App,
    link: &Row<AccountLink>,
    (before, after): (&Row<User>, &User),
    act: AuditAct,
) -> Result<(), LinkProblem> {
    let mut transaction = Transaction::new();
    transaction.replace(before, after).map_err(ServiceError::from)?;
    transaction.delete(link);
    for membership in app.store.memberships_of(after.id).await? {
        note(app, &mut transaction, &membership.value, act, "")?;
        if transaction.room() == 0 {
            break;
        }
    }
    match app.store.commit(transaction).await.map_err(ServiceError::from) {
        Ok(()) => Ok(()),
        Err(ServiceError::Contended) => Err(LinkProblem::Gone),
        Err(error) => Err(error.into()),
    }
}

/// Where a link leads.
pub(super) fn url(app: &App, purpose: &LinkPurpose, token: &LinkToken) -> String {
    let path = match purpose {
        LinkPurpose::SignUp { .. } => "sign-up/confirm",
        LinkPurpose::VerifyEmail { .. } => "verify",
        LinkPurpose::ResetPassword { .. } => "reset/password",
        LinkPurpose::Invitation { .. } => "invitation",
        LinkPurpose::FirstOwner => "start",
    };
    format!("{}/{path}?token={}", app.settings.public_url, token.expose())
}

/// What links by mail are derived from: random, one for each.
pub(super) fn nonce(app: &App) -> String {
    format!("{:016x}{:016x}", app.entropy().next_u64(), app.entropy().next_u64())
}

/// The token of a nonce: whoever has the nonce alone, as a queue does, cannot open the link.
pub(super) async fn derived(app: &App, nonce: &str) -> Result<LinkToken, ServiceError> {
    let secret = secrets::link_secret(app).await?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
    let tag = hmac::sign(&key, format!("actionlayer account link\0{nonce}").as_bytes());
    let bytes = tag.as_ref().first_chunk().copied();
    bytes.map(LinkToken::from_bytes).ok_or(ServiceError::Upstream { service: "hmac", code: "not_signed".to_owned() })
}
