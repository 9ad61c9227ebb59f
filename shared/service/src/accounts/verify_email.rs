//! Proving that one's address is one's own.

use actionlayer_domain::account::{AccountMail, AuditAct, LinkPurpose, User};
use actionlayer_store::keys;

use super::{
    account_mail::{put, require_sender},
    limits::{Source, Try, count},
    links::{LinkProblem, nonce, open, use_up},
    sessions::Visitor,
    sign_in::SignInRefusal,
};
use crate::App;

/// Sends the link to whoever is signed in.
pub async fn ask_to_verify(app: &App, source: &Source, visitor: &Visitor) -> Result<(), SignInRefusal> {
    require_sender(app).await?;
    if let Err(too_many) = count(app, source, Try::Mail, visitor.user.email.as_str()).await? {
        return Err(SignInRefusal::TooMany(too_many));
    }
    Ok(put(app, AccountMail::Verify { user_id: visitor.user.id }, nonce(app)).await?)
}

/// Which address a link proves. Opening it changes nothing.
pub async fn open_verification(app: &App, token: &str) -> Result<String, LinkProblem> {
    match open(app, token).await?.value.purpose {
        LinkPurpose::VerifyEmail { email, .. } => Ok(email.to_string()),
        _ => Err(LinkProblem::Gone),
    }
}

/// The address is proven, and the link used up.
pub async fn verify_email(app: &App, token: &str) -> Result<(), LinkProblem> {
    let link = open(app, token).await?;
    let LinkPurpose::VerifyEmail { user_id, ref email } = link.value.purpose else { return Err(LinkProblem::Gone) };
    let row = app.store.get::<User>(&keys::user(user_id)).await?.ok_or(LinkProblem::Gone)?;
    if row.value.email != *email {
        return Err(LinkProblem::Gone);
    }
    use_up(app, &link, (&row, &row.value.verified(app.now())), AuditAct::VerifiedEmail).await
}
