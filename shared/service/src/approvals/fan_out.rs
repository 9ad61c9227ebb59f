//! Telling the approvers of an identity something, in every channel it has: one way for drafts and for held senders.

use actionlayer_domain::{
    Identity,
    channel::{ApprovalChannel, ChannelKind, Place},
    message::SendOutcome,
    notification::{Notification, NotificationState, PostedMessage, was_told},
};

use crate::{App, ServiceError};

/// What became of telling one place.
pub(crate) enum Told {
    /// It was posted; what is needed to change it later, where that can be done.
    Posted(Option<PostedMessage>),
    /// The provider said "not now": the job comes again for this place.
    NotNow,
    /// The provider refused it, or did not answer; why, in a fixed word.
    Failed(String),
}

impl From<SendOutcome> for Told {
    fn from(outcome: SendOutcome) -> Self {
        match outcome {
            SendOutcome::Accepted { .. } => Self::Posted(None),
            SendOutcome::RefusedForNow => Self::NotNow,
            SendOutcome::Refused(failure) => Self::Failed(failure.code.as_str().to_owned()),
            // Told twice is better than not at all, but no answer is not a yes: it shows as failed.
            SendOutcome::Unknown => Self::Failed("no_answer".to_owned()),
        }
    }
}

/// Something that approvers are told: how it is said in each channel, and where it is recorded.
pub(crate) trait Announcement {
    /// What was told so far, and could not be.
    fn notifications(&self) -> &[Notification];

    /// The version it is about; 1 for what has none.
    fn version(&self) -> u32;

    /// Says it in one place of a channel of the identity.
    async fn tell(&self, channel: &ApprovalChannel, place: &Place) -> Result<Told, ServiceError>;

    /// Records what became of it.
    async fn record(&self, notification: Notification) -> Result<(), ServiceError>;
}

/// Tells every place of the identity's channels that was not told of this version; all of them with `again`. `Err` when a
/// provider said "not now": the job comes again, for those not yet told.
pub(crate) async fn tell_all(
    app: &App,
    identity: &Identity,
    announcement: &impl Announcement,
    again: bool,
) -> Result<(), ServiceError> {
    let mut not_now = None;
    for channel in &identity.approval_channels {
        for place in channel.places() {
            let is_told = was_told(announcement.notifications(), &place, announcement.version());
            // What cannot be told is not tried again by itself.
            let stays = is_told && !(again && channel.kind() == ChannelKind::Email);
            if stays {
                continue;
            }
            let (state, error, posted) = match announcement.tell(channel, &place).await? {
                Told::Posted(posted) => (NotificationState::Sent, None, posted),
                Told::Failed(error) => (NotificationState::Failed, Some(error), None),
                Told::NotNow => {
                    not_now = Some(channel.kind());
                    continue;
                }
            };
            let notification = Notification {
                channel: place.channel,
                recipient: place.id,
                version: announcement.version(),
                state,
                error,
                posted,
                at: app.now(),
            };
            announcement.record(notification).await?;
        }
    }
    match not_now {
        None => Ok(()),
        Some(ChannelKind::Email) => Err(throttled("ses")),
        Some(ChannelKind::Slack) => Err(throttled("slack")),
        Some(ChannelKind::Telegram) => Err(throttled("telegram")),
    }
}

fn throttled(service: &'static str) -> ServiceError {
    ServiceError::Upstream { service, code: "throttled".to_owned() }
}

/// Channels that are kept and that nothing writes to yet.
pub(crate) fn not_supported() -> Told {
    Told::Failed("channel_not_supported".to_owned())
}
