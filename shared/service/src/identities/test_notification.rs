//! `POST /v1/identities/{id}/test-notification`.

use actionlayer_channels::{slack, telegram};
use actionlayer_domain::{
    HeaderText, IdentityId,
    channel::{ApprovalChannel, ChannelKind},
    key::Permission,
    message::SendOutcome,
    notification::NotificationState,
};
use futures_util::future::join_all;

use crate::{
    App, Caller, ServiceError,
    approvals::{
        approver_mail::ApproverMail,
        channel_status,
        voice::{Said, post},
    },
    identities::read_identities::visible_identity,
    permission::Require as _,
};

/// What came of a test in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// The channel's `type`.
    pub channel: ChannelKind,
    /// An address, or the channel's or chat's id.
    pub recipient: String,
    /// Whether the provider took it.
    pub state: NotificationState,
    /// The provider's word, if not.
    pub error: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
}

/// Sends a harmless sample through every channel of an identity, and says what came of each.
pub async fn test_notification(app: &App, caller: &Caller, id: IdentityId) -> Result<Vec<Tested>, ServiceError> {
    caller.require_role(Permission::Administer)?;
    let identity = visible_identity(app, caller, id).await?.value;
    if identity.approval_channels.is_empty() {
        return Err(ServiceError::Conflict("the identity has no approval channel: set approval_channel first"));
    }
    let sentence = format!(
        "This is a test: drafts of {} <{}> are asked about here. There is nothing to decide.",
        identity.display_name.as_str(),
        identity.email_address
    );
    let mut wanted: Vec<(&ApprovalChannel, &str)> = Vec::new();
    for channel in &identity.approval_channels {
        wanted.extend(channel.addresses().iter().map(|address| (channel, address.as_str())));
        wanted.extend(channel.place().map(|place| (channel, place)));
    }
    let tests = wanted.into_iter().map(|(channel, recipient)| {
        let (sentence, identity) = (&sentence, &identity);
        async move {
            let tested = |state, error, fix| Tested {
                channel: channel.kind(),
                recipient: recipient.to_owned(),
                state,
                error,
                fix,
            };
            if channel.kind() == ChannelKind::Email {
                let Some(address) = channel.addresses().iter().find(|address| address.as_str() == recipient) else {
                    return Ok(tested(NotificationState::Failed, None, None));
                };
                let mail = ApproverMail {
                    name: id.to_string(),
                    what: "test",
                    subject: HeaderText::sanitize(&format!("Test: approvals for {}", identity.email_address)),
                    text: sentence,
                    html: None,
                    comments_on: None,
                };
                return Ok(match mail.send(app, identity, address, app.now()).await {
                    SendOutcome::Accepted { .. } => tested(NotificationState::Sent, None, None),
                    SendOutcome::RefusedForNow => tested(NotificationState::Failed, Some("throttled".to_owned()), None),
                    SendOutcome::Refused(failure) => {
                        tested(NotificationState::Failed, Some(failure.code.as_str().to_owned()), Some(failure.message))
                    }
                    SendOutcome::Unknown => tested(NotificationState::Failed, Some("no_answer".to_owned()), None),
                });
            }
            let said = Said { slack: || slack::greeting_message(sentence), telegram: || telegram::greeting(sentence) };
            let posted = post(app, identity, channel, None, said).await?;
            channel_status::record(app, identity, channel, posted.as_ref().err()).await?;
            Ok(match posted {
                Ok(_) => tested(NotificationState::Sent, None, None),
                Err(trouble) => tested(NotificationState::Failed, Some(trouble.word), Some(trouble.fix)),
            })
        }
    });
    join_all(tests).await.into_iter().collect()
}
