//! A forgotten password: a link by mail sets another one.

use actionlayer_domain::account::{AccountMail, AuditAct, LinkPurpose, User};
use actionlayer_store::{Row, keys};

use super::{
    account_mail::{put, require_sender},
    limits::{Source, Try, count},
    links::{LinkProblem, nonce, open, use_up},
    passwords::{chosen, hash},
    sign_in::SignInRefusal,
};
use crate::{App, ServiceError};

/// Sends the link, if there is such a user. The answer is the same if there is not.
pub async fn ask_for_reset(app: &App, source: &Source, email: &str) -> Result<(), SignInRefusal> {
    require_sender(app).await?;
    if let Err(too_many) = count(app, source, Try::Mail, email).await? {
        return Err(SignInRefusal::TooMany(too_many));
    }
    let email = email.trim().parse().map_err(|error| ServiceError::invalid("The address", error))?;
    Ok(put(app, AccountMail::Reset { email }, nonce(app)).await?)
}

async fn open_user(
    app: &App,
    token: &str,
) -> Result<(Row<actionlayer_domain::account::AccountLink>, Row<User>), LinkProblem> {
    let link = open(app, token).await?;
    let LinkPurpose::ResetPassword { user_id, password_version } = link.value.purpose else {
        return Err(LinkProblem::Gone);
    };
    let user = app.store.get::<User>(&keys::user(user_id)).await?.ok_or(LinkProblem::Gone)?;
    // The password it is about was changed since, by another link or otherwise.
    if user.value.password_version != password_version {
        return Err(LinkProblem::Gone);
    }
    Ok((link, user))
}

/// Whose password a link sets: their address. Opening it changes nothing.
pub async fn open_reset(app: &App, token: &str) -> Result<String, LinkProblem> {
    Ok(open_user(app, token).await?.1.value.email.to_string())
}

/// Sets another password and uses the link up. Every session of the user is over.
pub async fn reset_password(app: &App, token: &str, new: &str) -> Result<(), LinkProblem> {
    let (_, user) = open_user(app, token).await?;
    let password = chosen(new, &user.value.email).map_err(|error| ServiceError::Validation(vec![error]))?;
    let hash = hash(app, password).await?;
    // Read again: hashing took its time.
    let (link, row) = open_user(app, token).await?;
    let now = app.now();
    let changed = row.value.with_password(hash, now).verified(now);
    use_up(app, &link, (&row, &changed), AuditAct::ResetPassword).await
}
