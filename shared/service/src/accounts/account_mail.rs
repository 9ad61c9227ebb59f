//! Mail about accounts. It comes from the address the deployment was given, or else from a proven domain of its own workspace;
//! where there is neither, nothing can be sent, and whoever asks is told so whatever address they ask for.

use actionlayer_clients::ses::Envelope;
use actionlayer_domain::{
    APPROVALS_LOCAL_PART, EmailAddress, HeaderText, LocalPart, Timestamp,
    account::{AccountLink, AccountMail, AccountMailJob, LinkPurpose, LinkToken, User},
    draft::{Failure, FailureCode},
    message::SendOutcome,
    sending_domain::DomainStatus,
    work::{NotifyWork, Work},
};
use actionlayer_mail::{AutoSubmitted, ExtraHeader, OutboundMail, OutboundMailbox};
use actionlayer_store::{CommitError, DeploymentWorkspace, Transaction, keys};

use super::{
    links::{derived, url},
    sign_in::find_user,
};
use crate::{App, ServiceError};

/// Where mail about accounts comes from; `None` where the deployment cannot send any yet.
pub async fn sender(app: &App) -> Result<Option<EmailAddress>, ServiceError> {
    if let Some(from) = &app.settings.account_mail_from {
        return Ok(Some(from.clone()));
    }
    let Some(own) = app.store.get::<DeploymentWorkspace>(&keys::deployment_workspace()).await? else { return Ok(None) };
    let domains = app.store.domains(own.value.workspace_id).await?;
    let proven = domains.into_iter().find(|row| row.value.status == DomainStatus::Verified);
    let local_part = APPROVALS_LOCAL_PART.parse::<LocalPart>().ok();
    Ok(proven.zip(local_part).map(|(row, local_part)| local_part.at(&row.value.domain)))
}

/// Refuses where no mail can be sent.
pub(super) async fn require_sender(app: &App) -> Result<(), ServiceError> {
    match sender(app).await? {
        Some(_) => Ok(()),
        None => Err(ServiceError::Conflict(
            "this deployment cannot send mail yet; an owner verifies a domain under Identities, or whoever runs it sets the \
             parameter AccountMailFrom to an address that SES may send from",
        )),
    }
}

/// Leaves a mail to the worker.
pub(super) async fn put(app: &App, account_mail: AccountMail, nonce: String) -> Result<(), ServiceError> {
    let job = AccountMailJob { account_mail, nonce };
    Ok(app.queues.put(&[Work::Notify(NotifyWork::Account(job))]).await?)
}

/// What a mail says, and to whom.
struct Letter {
    to: EmailAddress,
    subject: HeaderText,
    text: String,
}

/// Writes a mail. `Err` when it is to be tried again.
pub(crate) async fn send_account_mail(app: &App, job: &AccountMailJob) -> Result<(), ServiceError> {
    let Some(from) = sender(app).await? else {
        tracing::warn!("a mail about an account cannot be sent: there is no address to send it from");
        return Ok(());
    };
    let token = derived(app, &job.nonce).await?;
    let Some(letter) = letter(app, &job.account_mail, &token).await? else { return Ok(()) };
    hand_over(app, &from, &letter).await
}

/// Tells people something, as the deployment: where no identity can. `Err` when SES said "not now" to the first mail: it is to
/// be tried again for all.
pub(crate) async fn tell_as_deployment(
    app: &App,
    people: &[EmailAddress],
    subject: &HeaderText,
    text: &str,
) -> Result<(), ServiceError> {
    let Some(from) = sender(app).await? else {
        tracing::warn!("owners cannot be told: there is no address to send it from");
        return Ok(());
    };
    for (i, to) in people.iter().enumerate() {
        let letter = Letter { to: to.clone(), subject: subject.clone(), text: text.to_owned() };
        let taken = hand_over(app, &from, &letter).await;
        if i == 0 {
            taken?;
        }
    }
    Ok(())
}

async fn hand_over(app: &App, from: &EmailAddress, letter: &Letter) -> Result<(), ServiceError> {
    match send(app, from, letter, app.now()).await {
        SendOutcome::Accepted { .. } => Ok(()),
        SendOutcome::Refused(failure) => {
            tracing::warn!(code = ?failure.code, "a mail about an account was refused");
            Ok(())
        }
        SendOutcome::RefusedForNow => Err(ServiceError::Upstream { service: "ses", code: "not_now".to_owned() }),
        // It may have left. Whoever waits for it asks again.
        SendOutcome::Unknown => {
            tracing::warn!("nobody knows whether a mail about an account left");
            Ok(())
        }
    }
}

/// What is to be written; `None` where there is nobody to write to, or nothing to write of any more.
async fn letter(app: &App, mail: &AccountMail, token: &LinkToken) -> Result<Option<Letter>, ServiceError> {
    match mail {
        AccountMail::SignUp { link_sha256 } | AccountMail::Invitation { link_sha256 } => {
            let link = app.store.get::<AccountLink>(&keys::account_link(link_sha256)).await?;
            let link = link.map(|row| row.value).filter(|link| link.is_open(app.now()));
            match link {
                // A deployment whose key was changed meanwhile has no way to open it.
                Some(link) if link.sha256_hex == token.sha256_hex() => {
                    let name = workspace_name(app, &link).await?;
                    Ok(describe(&link.purpose, &url(app, &link.purpose, token), &name))
                }
                _ => Ok(None),
            }
        }
        AccountMail::AlreadyThere { email } => {
            let text = format!(
                "Somebody, perhaps you, signed up with this address. It has an account already.\n\nSign in: {0}/sign-in\nForgot \
                 the password: {0}/reset\n\nIf it was not you, nothing needs to be done.",
                app.settings.public_url
            );
            let subject = HeaderText::sanitize("You have an account already");
            Ok(Some(Letter { to: email.clone(), subject, text }))
        }
        AccountMail::Reset { email } => {
            let Some(user) = find_user(app, email).await? else { return Ok(None) };
            let purpose = LinkPurpose::ResetPassword { user_id: user.id, password_version: user.password_version };
            keep_and_describe(app, &user, purpose, token).await
        }
        AccountMail::Verify { user_id } => {
            let Some(user) = app.store.get::<User>(&keys::user(*user_id)).await? else { return Ok(None) };
            let user = user.value;
            let purpose = LinkPurpose::VerifyEmail { user_id: user.id, email: user.email.clone() };
            keep_and_describe(app, &user, purpose, token).await
        }
    }
}

/// Keeps a link before its mail leaves. One that is kept already is of this job's first run.
async fn keep_and_describe(
    app: &App,
    user: &User,
    purpose: LinkPurpose,
    token: &LinkToken,
) -> Result<Option<Letter>, ServiceError> {
    let link = AccountLink::new(token, purpose, app.now());
    let mut transaction = Transaction::new();
    transaction.create(&link)?;
    match app.store.commit(transaction).await {
        Ok(()) | Err(CommitError::Conflict { .. }) => {}
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    let words = words(&link.purpose, &url(app, &link.purpose, token), &HeaderText::sanitize(""));
    Ok(words.map(|(subject, text)| Letter { to: user.email.clone(), subject: HeaderText::sanitize(subject), text }))
}

async fn workspace_name(app: &App, link: &AccountLink) -> Result<HeaderText, ServiceError> {
    let LinkPurpose::Invitation { workspace_id, .. } = &link.purpose else { return Ok(HeaderText::sanitize("")) };
    let workspaces = app.store.workspaces(&[*workspace_id]).await?;
    Ok(workspaces.into_iter().next().map_or(HeaderText::sanitize("a workspace"), |workspace| workspace.name))
}

/// A mail to whom a link names.
fn describe(purpose: &LinkPurpose, url: &str, workspace_name: &HeaderText) -> Option<Letter> {
    let to = match purpose {
        LinkPurpose::SignUp { email, .. }
        | LinkPurpose::Invitation { email, .. }
        | LinkPurpose::VerifyEmail { email, .. } => email.clone(),
        LinkPurpose::ResetPassword { .. } | LinkPurpose::FirstOwner => return None,
    };
    let words = words(purpose, url, workspace_name);
    words.map(|(subject, text)| Letter { to, subject: HeaderText::sanitize(subject), text })
}

/// Subject and text of a mail. What others chose, such as names, is cut short and no link: nobody is to send a text of their
/// own by us.
fn words(purpose: &LinkPurpose, url: &str, workspace_name: &HeaderText) -> Option<(&'static str, String)> {
    const NOT_YOU: &str = "If you did not ask for this, nothing needs to be done: without the link nothing happens.";
    let short = |name: &HeaderText| name.as_str().chars().filter(|c| !":/.".contains(*c)).take(60).collect::<String>();
    Some(match purpose {
        LinkPurpose::SignUp { .. } => (
            "Confirm your address",
            format!(
                "Confirm that this address is yours, and your account is made:\n\n{url}\n\nThe link works once, for 24 hours. \
                 {NOT_YOU}"
            ),
        ),
        LinkPurpose::Invitation { role, invited_by, .. } => (
            "You are invited to a workspace",
            format!(
                "{} invites you to the workspace “{}” as {role}: one who {}.\n\n{url}\n\nThe link works once, for 7 days. If \
                 you do not know them, nothing needs to be done.",
                short(invited_by),
                short(workspace_name),
                role.meaning(),
            ),
        ),
        LinkPurpose::ResetPassword { .. } => (
            "Set another password",
            format!("Set another password for your account:\n\n{url}\n\nThe link works once, for an hour. {NOT_YOU}"),
        ),
        LinkPurpose::VerifyEmail { .. } => (
            "Confirm your address",
            format!("Confirm that this address is yours:\n\n{url}\n\nThe link works once, for 24 hours. {NOT_YOU}"),
        ),
        LinkPurpose::FirstOwner => return None,
    })
}

/// Sends a mail once.
async fn send(app: &App, from: &EmailAddress, letter: &Letter, now: Timestamp) -> SendOutcome {
    let seed = app.entropy().next_u64();
    let unsendable = || {
        SendOutcome::Refused(Failure { code: FailureCode::Rejected, message: "the mail cannot be built".to_owned() })
    };
    let Ok(message_id) = format!("{seed:016x}.account@{}", from.domain()).parse() else { return unsendable() };
    let raw = OutboundMail {
        from: OutboundMailbox { name: Some(HeaderText::sanitize("ActionLayer")), email: from.clone() },
        to: vec![OutboundMailbox::from(letter.to.clone())],
        cc: Vec::new(),
        reply_to: None,
        subject: letter.subject.clone(),
        date: now,
        message_id,
        in_reply_to: None,
        references: Vec::new(),
        text: Some(&letter.text),
        html: None,
        attachments: Vec::new(),
        auto_submitted: Some(AutoSubmitted::Generated),
        extra_headers: vec![ExtraHeader::SuppressAutoResponses],
    }
    .build(seed);
    match raw {
        Ok(raw) => app.mailer.send(Envelope { from, recipients: vec![&letter.to], raw }, None).await,
        Err(_) => unsendable(),
    }
}
