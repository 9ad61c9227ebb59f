//! Signing up where anybody may: a link by mail makes the account, so that every address is proven.

use actionlayer_domain::account::{AccountLink, AccountMail, AuditAct, LinkPurpose, MemberRole, SessionToken, SignUp};
use actionlayer_store::Transaction;

use super::{
    account_mail::{put, require_sender},
    limits::{Source, Try, count},
    links::{LinkProblem, derived, nonce, open},
    new_user::{self, Person},
    sign_in::{Begin, SignInRefusal, find_user, forget},
};
use crate::{App, ServiceError, workspace::create_workspace::NewWorkspace};

/// Sends the link. The answer is the same whether or not the address has an account; the mail says it.
pub async fn ask_to_sign_up(app: &App, source: &Source, person: &Person) -> Result<(), SignInRefusal> {
    require_open(app)?;
    require_sender(app).await?;
    if let Err(too_many) = count(app, source, Try::Mail, &person.email).await? {
        return Err(SignInRefusal::TooMany(too_many));
    }
    let read = new_user::read(app, person, true).await?;
    let nonce = nonce(app);
    let token = derived(app, &nonce).await?;
    let is_known = find_user(app, &read.email).await?.is_some();
    let email = read.email.clone();
    let purpose = LinkPurpose::SignUp {
        email: read.email,
        name: read.name,
        password: read.password,
        workspace_name: read.workspace_name,
    };
    // Made either way: the time it takes says nothing.
    let link = AccountLink::new(&token, purpose, app.now());
    let mut transaction = Transaction::new();
    transaction.create(&link).map_err(ServiceError::from)?;
    app.store.commit(transaction).await.map_err(ServiceError::from)?;
    let mail = if is_known {
        AccountMail::AlreadyThere { email }
    } else {
        AccountMail::SignUp { link_sha256: link.sha256_hex }
    };
    Ok(put(app, mail, nonce).await?)
}

fn require_open(app: &App) -> Result<(), ServiceError> {
    match app.settings.sign_up {
        SignUp::Open => Ok(()),
        SignUp::Invite | SignUp::Off => Err(ServiceError::Forbidden { reason: "signing up is not open here" }),
    }
}

/// Whose account a link makes: their address. Opening it changes nothing.
pub async fn open_sign_up(app: &App, token: &str) -> Result<String, LinkProblem> {
    match open(app, token).await?.value.purpose {
        LinkPurpose::SignUp { email, .. } => Ok(email.to_string()),
        _ => Err(LinkProblem::Gone),
    }
}

/// Makes the account and its workspace, and signs its user in.
pub async fn confirm_sign_up(
    app: &App,
    source: &Source,
    token: &str,
    replaces: Option<&str>,
) -> Result<SessionToken, SignInRefusal> {
    require_open(app)?;
    let link = open(app, token).await?;
    let LinkPurpose::SignUp { email, name, password, workspace_name } = link.value.purpose.clone() else {
        return Err(SignInRefusal::Wrong);
    };
    let user = new_user::user(app, email, name, password, true);
    let new = NewWorkspace::generate(workspace_name, "", app.now(), app.entropy());
    let mut transaction = Transaction::new();
    transaction.create(&new.workspace).map_err(ServiceError::from)?;
    let place = (new.workspace.id, MemberRole::Owner, AuditAct::BecameOwner);
    let begin = Begin { workspace_id: None, act: None, replaces, source };
    let (session, _) = new_user::create(app, transaction, &user, place, Some(&link), &begin).await?;
    forget(app, replaces).await?;
    Ok(session)
}
