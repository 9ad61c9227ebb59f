//! Telling the approvers of an identity something, in every channel it has: one way for drafts and for held senders.

use actionlayer_channels::{
    slack::{self, SlackMessage},
    telegram::{self, TelegramMessage},
};
use actionlayer_domain::{
    EmailAddress, Identity,
    asking::{Question, Tell},
    channel::{ApprovalChannel, ChannelKind},
    channel_line::Turn,
    message::SendOutcome,
    notification::{Notification, NotificationState, PostedMessage},
    work::Work,
};
use futures_util::future::join_all;

use super::{
    channel_status,
    in_line::{self, InLine, Place},
    trouble::{Retry, Trouble},
    voice::{Said, post, rewrite},
};
use crate::{App, ServiceError};

/// Something that approvers are told, as each channel says it.
pub(crate) trait Announcement {
    /// Mails it to one approver.
    async fn mail(&self, approver: &EmailAddress) -> SendOutcome;

    /// The message about a version of it in Slack.
    fn slack(&self, channel: &ApprovalChannel, version: u32) -> SlackMessage;

    /// The message about a version of it in Telegram.
    fn telegram(&self, channel: &ApprovalChannel, version: u32) -> TelegramMessage;

    /// The sentence below a message that still waits.
    fn reminder(&self) -> String;
}

/// What came of telling.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// To be recorded, even where something failed.
    pub(crate) notifications: Vec<Notification>,
    /// What a provider did not take now.
    pub(crate) later: Vec<(Target, Retry)>,
    /// A chat has another id now, and was not told: the identity says which.
    pub(crate) moved: bool,
    /// Something of ours failed.
    pub(crate) failed: Option<ServiceError>,
}

impl Told {
    /// Whether that was not taken now.
    pub(crate) fn is_later(&self, tell: &Tell<'_>) -> bool {
        self.later.iter().any(|(target, _)| *target == Target::of(tell))
    }
}

/// What a [`Tell`] is about, to know it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Mail(EmailAddress),
    Post(ChannelKind, String),
    Show(Option<PostedMessage>),
    Remind(Option<PostedMessage>),
}

impl Target {
    pub(crate) fn of(tell: &Tell<'_>) -> Self {
        match tell {
            Tell::Mail(to) => Self::Mail((*to).clone()),
            Tell::Post { channel, place, .. } => Self::Post(channel.kind(), (*place).to_owned()),
            Tell::Show { told, .. } => Self::Show(told.posted.clone()),
            Tell::Remind { told, .. } => Self::Remind(told.posted.clone()),
        }
    }

    /// Whether it is a new message in a channel or chat.
    pub(crate) const fn waits_in_line(&self) -> bool {
        matches!(self, Self::Post(..) | Self::Remind(_))
    }
}

/// Where something is told, as far as providers have rates for it.
pub(crate) fn places<'t>(wanted: &'t [Tell<'_>]) -> Vec<Place<'t>> {
    let place = |tell: &'t Tell<'_>| match tell {
        Tell::Mail(_) => None,
        Tell::Post { channel, .. } | Tell::Remind { channel, .. } | Tell::Show { channel, .. } => place_of(channel),
    };
    wanted.iter().filter_map(place).collect()
}

/// Where a channel is, if it is a place that is posted to.
pub(crate) fn place_of(channel: &ApprovalChannel) -> Option<Place<'_>> {
    Some((channel.kind(), channel.place()?))
}

/// Tells all of that, at once; what must wait in line somewhere, later.
pub(crate) async fn tell_all(
    app: &App,
    identity: &Identity,
    question: &Question<'_>,
    announcement: &impl Announcement,
    in_line: &InLine<'_>,
    wanted: &[Tell<'_>],
) -> Told {
    let fan = Fan { app, identity, question, announcement, in_line };
    let outcomes = join_all(wanted.iter().map(|tell| fan.tell(tell))).await;
    let mut told = Told::default();
    for (tell, outcome) in wanted.iter().zip(outcomes) {
        match outcome {
            Ok(Outcome { notification, retry }) => {
                told.moved |= notification.is_none() && retry.is_none();
                told.later.extend(retry.map(|retry| (Target::of(tell), retry)));
                told.notifications.extend(notification);
            }
            Err(error) => told.failed = Some(error),
        }
    }
    told
}

/// Sees to what is still to be told: after the time that a provider asked for, or as the queue brings the job back.
pub(crate) async fn come_again(app: &App, work: &Work, later: &[(Target, Retry)]) -> Result<(), ServiceError> {
    if later.iter().any(|(_, retry)| *retry == Retry::Later) {
        return Err(ServiceError::Upstream { service: "approval channel", code: "no_answer".to_owned() });
    }
    let seconds = |in_line: bool| {
        let later = later.iter().filter(move |(target, _)| target.waits_in_line() == in_line);
        later.map(|(_, retry)| match retry {
            Retry::After(seconds) => *seconds,
            Retry::Later => 0,
        })
    };
    // No turn is to be missed: where it is not yet one's turn, one waits on.
    let Some(seconds) = seconds(true).min().or_else(|| seconds(false).max()) else { return Ok(()) };
    Ok(app.queues.put_after(work, seconds).await?)
}

struct Fan<'a, A> {
    app: &'a App,
    identity: &'a Identity,
    question: &'a Question<'a>,
    announcement: &'a A,
    in_line: &'a InLine<'a>,
}

/// What came of one [`Tell`].
struct Outcome {
    notification: Option<Notification>,
    retry: Option<Retry>,
}

impl Outcome {
    const fn of(notification: Notification) -> Self {
        Self { notification: Some(notification), retry: None }
    }

    const fn not_now(retry: Option<Retry>) -> Self {
        Self { notification: None, retry }
    }
}

impl<A: Announcement> Fan<'_, A> {
    async fn tell(&self, tell: &Tell<'_>) -> Result<Outcome, ServiceError> {
        match tell {
            Tell::Mail(to) => Ok(self.mail(to).await),
            Tell::Post { channel, place, first } => self.post(channel, place, *first).await,
            Tell::Remind { channel, told } => self.remind(channel, told).await,
            Tell::Show { channel, told, posted } => self.show(channel, told, posted).await,
        }
    }

    async fn mail(&self, to: &EmailAddress) -> Outcome {
        let outcome = self.announcement.mail(to).await;
        let sent = Notification::sent(ChannelKind::Email, to.as_str(), self.question.version, self.app.now());
        let failed = |error: &str| Notification {
            state: NotificationState::Failed,
            error: Some(error.to_owned()),
            ..sent.clone()
        };
        match outcome {
            SendOutcome::Accepted { .. } => Outcome::of(sent),
            SendOutcome::RefusedForNow => Outcome::not_now(Some(Retry::Later)),
            SendOutcome::Refused(failure) => Outcome::of(failed(failure.code.as_str())),
            // Told twice is better than not at all, but no answer is not a yes: it shows as failed.
            SendOutcome::Unknown => Outcome::of(failed("no_answer")),
        }
    }

    async fn post(
        &self,
        channel: &ApprovalChannel,
        place: &str,
        first: Option<&PostedMessage>,
    ) -> Result<Outcome, ServiceError> {
        let Question { version, face, .. } = self.question;
        let sent = self.in_turn(channel, first, self.said(channel, *version)).await?;
        let notification = Notification::sent(channel.kind(), place, *version, self.app.now());
        channel_status::record_and_tell(self.app, self.identity, channel, sent.as_ref().err()).await?;
        Ok(match sent {
            Ok(posted) => Outcome::of(Notification { posted: Some(posted), shown: Some(face.clone()), ..notification }),
            // The next round asks where the chat is now.
            Err(trouble) if trouble.moved_to.is_some() => Outcome::not_now(None),
            Err(trouble) => Outcome { retry: trouble.retry, notification: Some(failed(notification, trouble)) },
        })
    }

    /// Posts when it is its turn in that place; otherwise it is as if the provider had asked to wait.
    async fn in_turn<S, T>(
        &self,
        channel: &ApprovalChannel,
        after: Option<&PostedMessage>,
        said: Said<S, T>,
    ) -> Result<Result<PostedMessage, Trouble>, ServiceError>
    where
        S: FnOnce() -> SlackMessage,
        T: FnOnce() -> TelegramMessage,
    {
        let Some(place) = place_of(channel) else { return Ok(Err(Trouble::no_slack_app())) };
        if let Turn::In(seconds) = self.in_line.arrive(place).await? {
            return Ok(Err(in_line::wait(channel.kind(), seconds)));
        }
        let sent = post(self.app, self.identity, channel, after, said).await?;
        match sent.as_ref().err().map(|trouble| trouble.retry) {
            Some(Some(Retry::After(asked))) => {
                let seconds = self.in_line.refused(place, asked).await?;
                return Ok(Err(in_line::wait(channel.kind(), seconds)));
            }
            // Nobody knows whether it was posted: it keeps its place.
            Some(Some(Retry::Later)) => {}
            Some(None) | None => self.in_line.told(place).await,
        }
        Ok(sent)
    }

    async fn remind(&self, channel: &ApprovalChannel, told: &Notification) -> Result<Outcome, ServiceError> {
        let sentence = self.announcement.reminder();
        let said = Said { slack: || slack::greeting_message(&sentence), telegram: || telegram::greeting(&sentence) };
        let sent = self.in_turn(channel, told.posted.as_ref(), said).await?;
        let reminded = Notification { reminded: true, ..told.clone() };
        Ok(match sent {
            Err(trouble) if trouble.retry.is_some() => Outcome::not_now(trouble.retry),
            Ok(_) => Outcome::of(reminded),
            Err(trouble) => {
                channel_status::record_and_tell(self.app, self.identity, channel, Some(&trouble)).await?;
                Outcome::of(reminded)
            }
        })
    }

    async fn show(
        &self,
        channel: &ApprovalChannel,
        told: &Notification,
        posted: &PostedMessage,
    ) -> Result<Outcome, ServiceError> {
        if let Some(seconds) = place_of(channel).and_then(|place| self.in_line.held(place)) {
            return Ok(Outcome::not_now(Some(Retry::After(seconds))));
        }
        let said = self.said(channel, told.version);
        let written = rewrite(self.app, self.identity, channel, posted, said).await?;
        let shown = Notification { shown: Some(self.question.face.clone()), ..told.clone() };
        Ok(match written {
            Ok(()) => Outcome::of(shown),
            Err(trouble) if trouble.retry.is_some() => Outcome::not_now(trouble.retry),
            // It stays as it is: there is nothing to be tried again.
            Err(trouble) => {
                channel_status::record_and_tell(self.app, self.identity, channel, Some(&trouble)).await?;
                Outcome::of(Notification { error: Some(trouble.word), fix: Some(trouble.fix), ..shown })
            }
        })
    }

    fn said<'s>(
        &'s self,
        channel: &'s ApprovalChannel,
        version: u32,
    ) -> Said<impl FnOnce() -> SlackMessage + 's, impl FnOnce() -> TelegramMessage + 's> {
        Said {
            slack: move || self.announcement.slack(channel, version),
            telegram: move || self.announcement.telegram(channel, version),
        }
    }
}

fn failed(notification: Notification, trouble: Trouble) -> Notification {
    Notification {
        state: NotificationState::Failed,
        error: Some(trouble.word),
        fix: Some(trouble.fix),
        may_retry: trouble.retry.is_some(),
        ..notification
    }
}
