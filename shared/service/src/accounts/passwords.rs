//! Hashing off the threads that serve requests; changing one's password.

use std::sync::Arc;

use actionlayer_domain::{
    Entropy,
    account::{AuditAct, Password, PasswordHash, SessionToken, User},
};
use actionlayer_store::{Transaction, keys};

use super::{
    limits::{Source, Try, count},
    sessions::{Visitor, note},
    sign_in::{Begin, SignInRefusal, begin_session},
};
use crate::{App, FieldError, ServiceError, contention::until_settled};

fn failed() -> ServiceError {
    ServiceError::Upstream { service: "argon2", code: "not_hashed".to_owned() }
}

/// The hash of a new password.
pub(super) async fn hash(app: &App, password: Password) -> Result<PasswordHash, ServiceError> {
    let entropy: Arc<dyn Entropy> = Arc::clone(&app.ports.entropy);
    tokio::task::spawn_blocking(move || PasswordHash::of(&password, &*entropy)).await.map_err(|_| failed())
}

/// Whether a password fits; with no hash it takes as long and does not.
pub(super) async fn fits(hash: Option<PasswordHash>, password: Password) -> Result<bool, ServiceError> {
    let hash = hash.unwrap_or_else(PasswordHash::nobodys);
    tokio::task::spawn_blocking(move || hash.fits(&password)).await.map_err(|_| failed())
}

/// A password somebody chooses, as a field of a form.
pub(super) fn chosen(text: &str, email: &actionlayer_domain::EmailAddress) -> Result<Password, FieldError> {
    Password::choose(text, email).map_err(|error| FieldError::new("The password", error))
}

/// Asks somebody who is signed in for their password once more, before something that cannot be undone. Counted as a sign-in.
pub async fn confirm_password(
    app: &App,
    visitor: &Visitor,
    source: &Source,
    given: Password,
) -> Result<(), SignInRefusal> {
    if let Err(too_many) = count(app, source, Try::Password, visitor.user.email.as_str()).await? {
        return Err(SignInRefusal::TooMany(too_many));
    }
    if fits(Some(visitor.user.password.clone()), given).await? { Ok(()) } else { Err(SignInRefusal::Wrong) }
}

/// Changes one's password. Every session but the one this answers with is over.
pub async fn change_password(
    app: &App,
    visitor: &Visitor,
    source: &Source,
    current: Password,
    new: &str,
) -> Result<SessionToken, SignInRefusal> {
    if let Err(too_many) = count(app, source, Try::Password, visitor.user.email.as_str()).await? {
        return Err(SignInRefusal::TooMany(too_many));
    }
    if !fits(Some(visitor.user.password.clone()), current).await? {
        return Err(SignInRefusal::Wrong);
    }
    let new = chosen(new, &visitor.user.email).map_err(|error| ServiceError::Validation(vec![error]))?;
    let hash = hash(app, new).await?;
    let user = until_settled(app, || async {
        let row = app.store.get::<User>(&keys::user(visitor.user.id)).await?.ok_or(ServiceError::Unauthorized)?;
        // Changed elsewhere meanwhile: the one that was checked is not the current one.
        if row.value.password_version != visitor.user.password_version {
            return Err(ServiceError::Conflict("the password was changed elsewhere a moment ago"));
        }
        let user = row.value.with_password(hash.clone(), app.now());
        let mut transaction = Transaction::new();
        transaction.replace(&row, &user)?;
        if let Some(place) = &visitor.place {
            note(app, &mut transaction, &place.membership, AuditAct::ChangedPassword, "")?;
        }
        app.store.commit(transaction).await?;
        Ok(user)
    })
    .await?;
    let place = visitor.place.as_ref();
    let begin = Begin { workspace_id: place.map(|place| place.workspace.id), act: None, replaces: None, source };
    Ok(begin_session(app, &user, begin).await?)
}
