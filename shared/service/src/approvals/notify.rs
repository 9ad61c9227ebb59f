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
    slack::{self, SlackMessage},
    telegram::{self, TelegramMessage},
};
use actionlayer_domain::{
    Draft, EmailAddress, Timestamp,
    asking::{Tell, tellings},
    channel::ApprovalChannel,
    draft::Telling,
    message::SendOutcome,
    notification::Notification,
    work::{NotifyJob, NotifyWork, Work},
};
use actionlayer_store::{Row, Transaction};

use super::{
    answer::{answer, prompt},
    approver_mail::ApproverMail,
    fan_out::{Announcement, Target, come_again, place_of, places, tell_all},
    in_line::{InLine, Place},
    trouble::Retry,
    voice::Voice,
};
use crate::{
    App, ServiceError,
    accounts::account_mail::send_account_mail,
    approvals::{
        notify_of_broken_channel::notify_of_broken_channel,
        notify_of_rule::{notify_of_rule, notify_of_rule_off},
        notify_of_switch_off::notify_of_switch_off,
    },
    contention::until_settled_on,
    drafts::draft_context::{self, DraftContext},
    inbound::{
        notify_of_digest::notify_of_digest,
        notify_of_sender::{notify_of_sender, tell_sender_decided},
    },
    workspace::notify_of_deletion::notify_of_deletion,
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
        NotifyWork::Draft(job) => Box::pin(tell_of_draft(app, job)).await,
        NotifyWork::Sender(job) => Box::pin(notify_of_sender(app, job)).await,
        NotifyWork::SwitchedOff(job) => notify_of_switch_off(app, job).await,
        NotifyWork::BrokenChannel(job) => notify_of_broken_channel(app, job).await,
        NotifyWork::RuleOff(job) => notify_of_rule_off(app, job).await,
        NotifyWork::RuleNotice(job) => match notify_of_rule(app, job).await? {
            Some(draft) => tell_of_draft(app, &draft).await,
            None => Ok(()),
        },
        NotifyWork::SenderDecided(job) => tell_sender_decided(app, job).await,
        NotifyWork::Answer(job) => answer(app, job).await,
        NotifyWork::Prompt(job) => prompt(app, job).await,
        NotifyWork::Account(job) => send_account_mail(app, job).await,
        NotifyWork::HeldDigest(job) => Box::pin(notify_of_digest(app, job)).await,
        NotifyWork::Deletion(job) => notify_of_deletion(app, job).await,
    }
}

/// Brings every channel of a draft's identity to where the draft is: asks who was not asked about this version, and writes
/// again what does not say how the draft stands. Who cannot be reached shows on the draft; nothing is approved by it. `Err`
/// when a provider did not answer: the job comes again for what is still to be told.
async fn tell_of_draft(app: &App, job: &NotifyJob) -> Result<(), ServiceError> {
    let voice = Voice::new(app).await?;
    let mut again = job.again;
    let mut still_again_in: &[String] = &job.still_again_in;
    let mut waited = job.waited;
    let mut left_again: Vec<String> = Vec::new();
    let mut later: Vec<(Target, Retry)> = Vec::new();
    for _ in 0..ROUNDS {
        let loaded = draft_context::load_to_write(app, job.workspace_id, job.draft_id).await?;
        let Some((context, row)) = loaded else { return Ok(()) };
        if context.draft.version != job.version {
            (again, still_again_in) = (false, &[]);
        }
        let question = context.draft.question(app.now());
        let channels = &context.identity.approval_channels;
        let mut wanted = tellings(&question, channels, again);
        wanted.extend(again_in(still_again_in, tellings(&question, channels, !still_again_in.is_empty())));
        wanted.retain(|tell| later.iter().all(|(target, _)| *target != Target::of(tell)));
        if std::mem::take(&mut waited) {
            leave_lines(app, &context.draft, channels, &wanted).await?;
        }
        if wanted.is_empty() {
            break;
        }
        let (taken, in_line) = tokio::join!(begin(app, row), async {
            InLine::look(app, job.workspace_id, job.draft_id.to_string(), &places(&wanted)).await
        });
        let Some(taken) = taken? else {
            // What the draft says of itself the other one sees; that somebody asked again it does not.
            let is_asked_again = again || !still_again_in.is_empty();
            return if is_asked_again { Ok(app.queues.put_after(&work(job), BUSY_SECONDS).await?) } else { Ok(()) };
        };
        let proposed = Proposed { voice: &voice, context: &context };
        let told = tell_all(app, &context.identity, &question, &proposed, &in_line, &wanted).await;
        finish(app, taken, &told.notifications).await?;
        if let Some(error) = told.failed {
            return Err(error);
        }
        left_again.extend(wanted.iter().filter(|tell| told.is_later(tell)).filter_map(reminded_in).map(str::to_owned));
        later.extend(told.later);
        (again, still_again_in) = (false, &[]);
    }
    let waited = later.iter().any(|(target, _)| target.waits_in_line());
    let next = NotifyJob { again: false, waited, still_again_in: left_again, ..job.clone() };
    come_again(app, &work(&next), &later).await
}

/// The reminders that are still to be given in these places.
fn again_in<'t>(places: &[String], tellings: Vec<Tell<'t>>) -> impl Iterator<Item = Tell<'t>> {
    tellings.into_iter().filter(|tell| reminded_in(tell).is_some_and(|place| places.iter().any(|known| known == place)))
}

fn reminded_in<'t>(tell: &Tell<'t>) -> Option<&'t str> {
    match tell {
        Tell::Remind { channel, .. } => channel.place(),
        Tell::Mail(_) | Tell::Post { .. } | Tell::Show { .. } => None,
    }
}

/// Gives up the draft's places in lines where it has nothing to be posted any more: it was decided while it waited.
async fn leave_lines(
    app: &App,
    draft: &Draft,
    channels: &[ApprovalChannel],
    wanted: &[Tell<'_>],
) -> Result<(), ServiceError> {
    let wanted: Vec<Tell<'_>> = wanted.iter().filter(|tell| Target::of(tell).waits_in_line()).cloned().collect();
    let wanted = places(&wanted);
    let over: Vec<Place<'_>> = channels.iter().filter_map(place_of).filter(|place| !wanted.contains(place)).collect();
    if over.is_empty() {
        return Ok(());
    }
    let in_line = InLine::look(app, draft.workspace_id, draft.id.to_string(), &over).await;
    for place in over {
        in_line.leave(place).await?;
    }
    Ok(())
}

fn work(job: &NotifyJob) -> Work {
    Work::Notify(NotifyWork::Draft(job.clone()))
}

/// A draft whose channels this worker has, as it wrote that down.
struct Taken {
    telling: Telling,
    row: Row<Draft>,
}

/// Takes the draft's channels for this worker. `None` when another one has them, or the draft is gone: that one will see
/// to it.
async fn begin(app: &App, seen: Row<Draft>) -> Result<Option<Taken>, ServiceError> {
    let now = app.now();
    let telling = Telling { nonce: app.entropy().next_u64(), until: now.after(TELLING_LASTS) };
    let taken = until_settled_on(app, seen, |row| take(app, row, telling, now)).await?;
    Ok(taken.flatten())
}

async fn take(app: &App, row: Row<Draft>, telling: Telling, now: Timestamp) -> Result<Option<Taken>, ServiceError> {
    if row.value.telling.is_some_and(|other| other.until > now) {
        return Ok(None);
    }
    let draft = Draft { telling: Some(telling), ..row.value.clone() };
    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?;
    app.store.commit(transaction).await?;
    Ok(Some(Taken { telling, row: row.replaced(draft) }))
}

/// Records what was told and gives the channels back, in one write on the draft as it is then: whatever changed it since
/// is seen in the next round.
async fn finish(app: &App, Taken { telling, row }: Taken, told: &[Notification]) -> Result<(), ServiceError> {
    let before = row.value.notifications.clone();
    until_settled_on(app, row, |row| give_back(app, row, telling, told, &before)).await?;
    Ok(())
}

async fn give_back(
    app: &App,
    row: Row<Draft>,
    telling: Telling,
    told: &[Notification],
    before: &[Notification],
) -> Result<(), ServiceError> {
    let mut draft = row.value.clone();
    draft.told(told, before, telling);
    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?;
    Ok(app.store.commit(transaction).await?)
}

/// "May this draft be sent?"
struct Proposed<'a> {
    voice: &'a Voice<'a>,
    context: &'a DraftContext,
}

impl Announcement for Proposed<'_> {
    async fn mail(&self, approver: &EmailAddress) -> SendOutcome {
        let (app, draft) = (self.voice.app, &self.context.draft);
        let now = app.now();
        let expires_at = draft.expires_at.unwrap_or_else(|| now.after(LINK_LIFETIME));
        let token = ApprovalToken::new(draft.workspace_id, draft.id, draft.version, approver, expires_at);
        let link = approval_link::link(&app.settings.public_url, &token.sign(&self.voice.secret));
        let mail = approval_mail(&self.context.proposal(), &link);
        let mail = ApproverMail {
            name: draft.id.to_string(),
            what: "approval",
            subject: mail.subject,
            text: &mail.text,
            html: Some(&mail.html),
            comments_on: Some(draft.id),
        };
        mail.send(app, &self.context.identity, approver, now).await
    }

    fn slack(&self, channel: &ApprovalChannel, version: u32) -> SlackMessage {
        let Self { voice, context } = self;
        let page = voice.reading_page(&context.draft, version);
        let button = |action| voice.draft_button(&context.draft, channel, action);
        slack::proposal_message(&context.proposal(), version, button, &page)
    }

    fn telegram(&self, channel: &ApprovalChannel, version: u32) -> TelegramMessage {
        let Self { voice, context } = self;
        let page = voice.reading_page(&context.draft, version);
        let button = |action| voice.draft_button(&context.draft, channel, action);
        telegram::proposal_message(&context.proposal(), version, button, &page)
    }

    fn reminder(&self) -> String {
        format!("{} still waits for a decision about the draft above.", self.context.identity.display_name.as_str())
    }
}
