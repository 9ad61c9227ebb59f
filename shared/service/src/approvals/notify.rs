//! The notify worker: asks the approvers of a draft, keeps the messages about it true, and tells those of an identity of
//! senders whose mail is held.
//!
//! A message is always written from the draft as it is stored, by one worker at a time: [`Draft::telling`] says that one
//! is at it. Another that comes by leaves it to the first, which looks again before it is done, so that no older state can
//! overtake a newer one in a channel.

use std::time::Duration;

use actionlayer_channels::{
    approval_link::{self, ApprovalToken, LINK_LIFETIME},
    approval_mail::approval_mail,
    slack, telegram,
};
use actionlayer_domain::{
    Draft, EmailAddress,
    asking::{Tell, tellings},
    channel::{ApprovalChannel, ChannelKind, Notification, NotificationState},
    draft::Telling,
    message::SendOutcome,
    work::{NotifyJob, NotifyWork, Work},
};
use actionlayer_store::{Transaction, keys};
use futures_util::future::join_all;

use super::{
    answer::{answer, prompt},
    channel_status,
    trouble::{Retry, Trouble},
    voice::{Said, Voice, post, rewrite},
};
use crate::{
    App, ServiceError,
    approvals::approver_mail::ApproverMail,
    contention::until_settled,
    drafts::draft_context::{self, DraftContext},
    inbound::notify_of_sender::{notify_of_sender, tell_sender_decided},
};

/// A worker that has been at it for so long is dead. Its calls give up much sooner.
const TELLING_LASTS: Duration = Duration::from_secs(45);
/// How long somebody who asked again waits for a worker that is at it.
const BUSY_SECONDS: u32 = 2;
/// The draft is looked at so often in one go; what still changes then has a job of its own.
const ROUNDS: usize = 6;

/// Does a job of the notify queue.
pub async fn notify(app: &App, work: &NotifyWork) -> Result<(), ServiceError> {
    match work {
        NotifyWork::Draft(job) => tell_of_draft(app, job).await,
        NotifyWork::Sender(job) => notify_of_sender(app, job).await,
        NotifyWork::SenderDecided(job) => tell_sender_decided(app, job).await,
        NotifyWork::Answer(job) => answer(app, job).await,
        NotifyWork::Prompt(job) => prompt(app, job).await,
    }
}

/// Brings every channel of a draft's identity to where the draft is: asks who was not asked about this version, and writes
/// again what does not say how the draft stands. Who cannot be reached shows on the draft; nothing is approved by it. `Err`
/// when a provider did not answer: the job comes again for what is still to be told.
async fn tell_of_draft(app: &App, job: &NotifyJob) -> Result<(), ServiceError> {
    let voice = Voice::new(app).await?;
    let mut again = job.again;
    let mut later: Vec<(Target, Retry)> = Vec::new();
    for _ in 0..ROUNDS {
        let Some(context) = draft_context::load(app, job.workspace_id, job.draft_id).await? else { return Ok(()) };
        again &= context.draft.version == job.version;
        let channels = &context.identity.approval_channels;
        let wanted: Vec<Tell<'_>> = tellings(&context.draft, channels, again, app.now())
            .into_iter()
            .filter(|tell| later.iter().all(|(target, _)| *target != Target::of(tell)))
            .collect();
        if wanted.is_empty() {
            break;
        }
        let Some(telling) = begin(app, &context.draft).await? else {
            // What the draft says of itself the other one sees; that somebody asked again it does not.
            return if again { Ok(app.queues.put_after(&again_work(job), BUSY_SECONDS).await?) } else { Ok(()) };
        };
        let told = join_all(wanted.iter().map(|tell| tell_once(&voice, &context, tell))).await;
        let mut notifications = Vec::new();
        let mut failed = None;
        for (tell, outcome) in wanted.iter().zip(told) {
            match outcome {
                Ok(Told { notification, retry }) => {
                    later.extend(retry.map(|retry| (Target::of(tell), retry)));
                    notifications.extend(notification);
                }
                Err(error) => failed = Some(error),
            }
        }
        finish(app, &context.draft, telling, &notifications).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        again = false;
    }
    come_again(app, job, &later).await
}

fn again_work(job: &NotifyJob) -> Work {
    Work::Notify(NotifyWork::Draft(job.clone()))
}

/// What is still to be told: after the time that a provider asked for, or as the queue brings the job back.
async fn come_again(app: &App, job: &NotifyJob, later: &[(Target, Retry)]) -> Result<(), ServiceError> {
    if later.iter().any(|(_, retry)| *retry == Retry::Later) {
        return Err(ServiceError::Upstream { service: "approval channel", code: "no_answer".to_owned() });
    }
    let seconds = later.iter().map(|(_, retry)| match retry {
        Retry::After(seconds) => *seconds,
        Retry::Later => 0,
    });
    let Some(seconds) = seconds.max() else { return Ok(()) };
    let work = Work::Notify(NotifyWork::Draft(NotifyJob { again: false, ..job.clone() }));
    Ok(app.queues.put_after(&work, seconds).await?)
}

/// What a [`Tell`] is about, to know it again.
#[derive(PartialEq, Eq)]
enum Target {
    Mail(EmailAddress),
    Post(ChannelKind, String),
    Show(ChannelKind, String),
    Remind(ChannelKind, String),
}

impl Target {
    fn of(tell: &Tell<'_>) -> Self {
        match tell {
            Tell::Mail(to) => Self::Mail((*to).clone()),
            Tell::Post { channel, place, .. } => Self::Post(channel.kind(), (*place).to_owned()),
            Tell::Show { channel, told } => Self::Show(channel.kind(), told.message_id.clone().unwrap_or_default()),
            Tell::Remind { channel, told } => Self::Remind(channel.kind(), told.message_id.clone().unwrap_or_default()),
        }
    }
}

/// Takes the draft's channels for this worker. `None` when another one has them, or the draft is not as it was any more:
/// that one, or the job of that change, will see to it.
async fn begin(app: &App, seen: &Draft) -> Result<Option<Telling>, ServiceError> {
    let now = app.now();
    let telling = Telling { nonce: app.entropy().next_u64(), until: now.after(TELLING_LASTS) };
    until_settled(app, || async {
        let row = app.store.get::<Draft>(&keys::draft(seen.workspace_id, seen.id)).await?;
        let Some(row) = row else { return Ok(None) };
        if row.value.telling.is_some_and(|other| other.until > now) {
            return Ok(None);
        }
        let draft = Draft { telling: Some(telling), ..row.value.clone() };
        let mut transaction = Transaction::new();
        transaction.replace(&row, &draft)?;
        app.store.commit(transaction).await?;
        Ok(Some(telling))
    })
    .await
}

/// Records what was told and gives the channels back, in one write on the draft as it is then: whatever changed it since
/// is seen in the next round.
async fn finish(app: &App, seen: &Draft, telling: Telling, told: &[Notification]) -> Result<(), ServiceError> {
    until_settled(app, || async {
        let row = app.store.get::<Draft>(&keys::draft(seen.workspace_id, seen.id)).await?;
        let Some(row) = row else { return Ok(()) };
        let mut draft = row.value.clone();
        for notification in told {
            draft.notified(notification.clone());
        }
        if draft.telling.is_some_and(|current| current.nonce == telling.nonce) {
            draft.telling = None;
        }
        let mut transaction = Transaction::new();
        transaction.replace(&row, &draft)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// What came of one [`Tell`].
struct Told {
    notification: Option<Notification>,
    retry: Option<Retry>,
}

async fn tell_once(voice: &Voice<'_>, context: &DraftContext, tell: &Tell<'_>) -> Result<Told, ServiceError> {
    match tell {
        Tell::Mail(to) => Ok(mail(voice, context, to).await),
        Tell::Post { channel, place, first_message_id } => {
            let sent = post(
                voice.app,
                context.draft.workspace_id,
                channel,
                *first_message_id,
                said(voice, context, channel, context.draft.version),
            )
            .await?;
            let notification = Notification {
                channel: channel.kind(),
                recipient: (*place).to_owned(),
                version: context.draft.version,
                state: NotificationState::Sent,
                error: None,
                fix: None,
                at: voice.app.now(),
                message_id: None,
                shown: Some(context.draft.face()),
                may_retry: false,
                reminded: false,
            };
            settle(voice.app, context, channel, sent.as_ref().err()).await?;
            Ok(match sent {
                Ok(message_id) => Told {
                    notification: Some(Notification { message_id: Some(message_id), ..notification }),
                    retry: None,
                },
                // The next round asks where the chat is now.
                Err(trouble) if trouble.moved_to.is_some() => Told { notification: None, retry: None },
                Err(trouble) => Told { retry: trouble.retry, notification: Some(failed(notification, trouble)) },
            })
        }
        Tell::Remind { channel, told } => {
            let after = told.message_id.as_deref();
            let sentence =
                format!("{} still waits for a decision about the draft above.", context.identity.display_name.as_str());
            let said =
                Said { slack: || slack::greeting_message(&sentence), telegram: || telegram::greeting(&sentence) };
            let sent = post(voice.app, context.draft.workspace_id, channel, after, said).await?;
            let reminded = Notification { reminded: true, ..(*told).clone() };
            Ok(match sent {
                Err(trouble) if trouble.retry.is_some() => Told { notification: None, retry: trouble.retry },
                Ok(_) | Err(_) => Told { notification: Some(reminded), retry: None },
            })
        }
        Tell::Show { channel, told } => {
            let message_id = told.message_id.as_deref().unwrap_or_default();
            let written = rewrite(
                voice.app,
                context.draft.workspace_id,
                channel,
                message_id,
                said(voice, context, channel, told.version),
            )
            .await?;
            let shown = Notification { shown: Some(context.draft.face()), ..(*told).clone() };
            Ok(match written {
                Ok(()) => Told { notification: Some(shown), retry: None },
                Err(trouble) if trouble.retry.is_some() => Told { notification: None, retry: trouble.retry },
                // It stays as it is: there is nothing to be tried again.
                Err(trouble) => {
                    settle(voice.app, context, channel, Some(&trouble)).await?;
                    Told {
                        notification: Some(Notification { error: Some(trouble.word), fix: Some(trouble.fix), ..shown }),
                        retry: None,
                    }
                }
            })
        }
    }
}

/// The message about a version of the draft, in the form of whichever channel.
fn said<'a>(
    voice: &'a Voice<'_>,
    context: &'a DraftContext,
    channel: &'a ApprovalChannel,
    version: u32,
) -> Said<impl FnOnce() -> slack::SlackMessage + 'a, impl FnOnce() -> telegram::TelegramMessage + 'a> {
    let button = move |action| voice.draft_button(&context.draft, channel, action);
    let page = voice.reading_page(&context.draft, version);
    let telegram_page = page.clone();
    Said {
        slack: move || slack::proposal_message(&context.proposal(), version, button, &page),
        telegram: move || telegram::proposal_message(&context.proposal(), version, button, &telegram_page),
    }
}

fn failed(notification: Notification, trouble: Trouble) -> Notification {
    Notification {
        state: NotificationState::Failed,
        error: Some(trouble.word),
        fix: Some(trouble.fix),
        shown: None,
        may_retry: trouble.retry.is_some(),
        ..notification
    }
}

/// Keeps on the identity whether the channel works.
async fn settle(
    app: &App,
    context: &DraftContext,
    channel: &ApprovalChannel,
    trouble: Option<&Trouble>,
) -> Result<(), ServiceError> {
    channel_status::record(app, &context.identity, channel, trouble).await
}

async fn mail(voice: &Voice<'_>, context: &DraftContext, approver: &EmailAddress) -> Told {
    let (app, draft) = (voice.app, &context.draft);
    let now = app.now();
    let expires_at = draft.expires_at.unwrap_or_else(|| now.after(LINK_LIFETIME));
    let token = ApprovalToken::new(draft.workspace_id, draft.id, draft.version, approver, expires_at);
    let link = approval_link::link(&app.settings.public_url, &token.sign(&voice.secret));
    let mail = approval_mail(&context.proposal(), &link);
    let mail = ApproverMail {
        name: draft.id.to_string(),
        what: "approval",
        subject: mail.subject,
        text: &mail.text,
        html: Some(&mail.html),
    };
    let (state, error) = match mail.send(app, &context.identity, approver, now).await {
        SendOutcome::Accepted { .. } => (NotificationState::Sent, None),
        SendOutcome::RefusedForNow => return Told { notification: None, retry: Some(Retry::Later) },
        SendOutcome::Refused(failure) => (NotificationState::Failed, Some(failure.code.as_str().to_owned())),
        // Asked twice is better than not at all, but no answer is not a yes: it shows as failed.
        SendOutcome::Unknown => (NotificationState::Failed, Some("no_answer".to_owned())),
    };
    let notification = Notification {
        channel: ChannelKind::Email,
        recipient: approver.to_string(),
        version: draft.version,
        state,
        error,
        fix: None,
        at: app.now(),
        message_id: None,
        shown: None,
        may_retry: false,
        reminded: false,
    };
    Told { notification: Some(notification), retry: None }
}
