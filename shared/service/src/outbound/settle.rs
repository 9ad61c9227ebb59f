//! What SES says afterwards: that it took a mail whose answer was lost, and what the receiving side made of it.

use std::collections::HashMap;

use actionlayer_clients::ses::tag;
use actionlayer_domain::{
    AttemptId, EmailAddress, Message, MessageId, Suppression, SuppressionId, SuppressionReason, WorkspaceId,
    draft::{Failure, FailureCode},
    message::DeliveryStatus,
};
use actionlayer_store::{Row, Transaction, keys};
use serde::Deserialize;

use crate::{
    App, ServiceError,
    contention::until_settled,
    outbound::deliver::{fail, record_sent},
};

/// An event that SES publishes about a mail, as far as it matters here. See "Examples of event data that Amazon SES
/// publishes" in the SES developer guide.
#[derive(Debug, Clone, Deserialize)]
pub struct SesEvent {
    /// What happened.
    #[serde(rename = "eventType")]
    pub event_type: SesEventType,
    pub mail: SesMail,
    /// Of a bounce: whether it is for good.
    #[serde(default)]
    pub bounce: Option<SesBounce>,
    /// Of a complaint: who complained.
    #[serde(default)]
    pub complaint: Option<SesComplaint>,
}

/// The kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SesEventType {
    /// SES took it and will try to deliver it.
    Send,
    /// The receiving host took it.
    Delivery,
    /// The receiving host refused it.
    Bounce,
    /// The recipient called it spam.
    Complaint,
    /// SES took it, found a virus and dropped it.
    Reject,
    /// Anything else; says nothing about whether it left.
    #[serde(other)]
    Other,
}

/// The mail an event is about.
#[derive(Debug, Clone, Deserialize)]
pub struct SesMail {
    /// SES's id of it.
    #[serde(rename = "messageId")]
    pub message_id: String,
    /// Its tags, ours among them.
    #[serde(default)]
    pub tags: HashMap<String, Vec<String>>,
}

/// A bounce.
#[derive(Debug, Clone, Deserialize)]
pub struct SesBounce {
    /// `Permanent`, `Transient` or `Undetermined`.
    #[serde(rename = "bounceType")]
    pub bounce_type: String,
    /// Whose mail it was.
    #[serde(rename = "bouncedRecipients", default)]
    pub recipients: Vec<SesRecipient>,
}

/// A complaint.
#[derive(Debug, Clone, Deserialize)]
pub struct SesComplaint {
    /// What the recipient's host calls it; `not-spam` when it was none after all.
    #[serde(rename = "complaintFeedbackType", default)]
    pub feedback_type: Option<String>,
    /// Who may have complained: everyone of the mail at that host.
    #[serde(rename = "complainedRecipients", default)]
    pub recipients: Vec<SesRecipient>,
}

/// A recipient of a mail.
#[derive(Debug, Clone, Deserialize)]
pub struct SesRecipient {
    #[serde(rename = "emailAddress")]
    pub email: String,
}

impl SesMail {
    fn tag<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.tags.get(name)?.first()?.parse().ok()
    }
}

impl SesEvent {
    /// What became of the mail, as far as its message tells it.
    fn report(&self) -> Option<DeliveryStatus> {
        match self.event_type {
            SesEventType::Delivery => Some(DeliveryStatus::Delivered),
            // A transient bounce is tried again by SES.
            SesEventType::Bounce => {
                self.bounce.as_ref().filter(|b| b.bounce_type == "Permanent").map(|_| DeliveryStatus::Bounced)
            }
            SesEventType::Complaint => {
                let withdrawn = self.complaint.as_ref().and_then(|c| c.feedback_type.as_deref()) == Some("not-spam");
                (!withdrawn).then_some(DeliveryStatus::Complained)
            }
            SesEventType::Send | SesEventType::Reject | SesEventType::Other => None,
        }
    }

    /// Who gets no more mail, and why.
    fn suppresses(&self) -> Option<(SuppressionReason, Vec<EmailAddress>)> {
        let (reason, recipients) = match self.report()? {
            DeliveryStatus::Bounced => (SuppressionReason::Bounce, &self.bounce.as_ref()?.recipients),
            DeliveryStatus::Complained => (SuppressionReason::Complaint, &self.complaint.as_ref()?.recipients),
            _ => return None,
        };
        let address = |recipient: &SesRecipient| -> Option<EmailAddress> {
            // As it stood in the mail, or as the other host wrote it: with brackets, or a name.
            let bare = recipient.email.rsplit_once('<').map_or(recipient.email.as_str(), |(_, bare)| bare);
            bare.trim().trim_end_matches('>').parse().ok()
        };
        let mut addresses: Vec<EmailAddress> = Vec::new();
        for email in recipients.iter().filter_map(address) {
            if addresses.iter().all(|known: &EmailAddress| known.folded() != email.folded()) {
                addresses.push(email);
            }
        }
        Some((reason, addresses))
    }
}

/// Takes in an event. Any event of a mail proves that SES took it, so that it does not matter which comes first.
pub async fn settle(app: &App, event: &SesEvent) -> Result<(), ServiceError> {
    let mail = &event.mail;
    let ids = (
        mail.tag::<WorkspaceId>(tag::WORKSPACE),
        mail.tag::<MessageId>(tag::MESSAGE),
        mail.tag::<AttemptId>(tag::ATTEMPT),
    );
    // Mail of ours that nobody waits for: approval mails carry no tags.
    let (Some(workspace), Some(message_id), Some(attempt_id)) = ids else { return Ok(()) };
    if event.event_type == SesEventType::Other {
        return Ok(());
    }
    if event.event_type == SesEventType::Reject {
        let failure = Failure {
            code: FailureCode::Rejected,
            message: "SES took the mail and then dropped it: its scanner found a virus.".to_owned(),
        };
        return fail(app, workspace, message_id, &failure).await;
    }
    let is_recorded = |row: &Row<Message>| {
        let delivery = row.value.delivery.as_ref();
        delivery.is_some_and(|delivery| delivery.ses_message_id.as_ref() == Some(&mail.message_id))
    };
    let read =
        || async { Ok::<_, ServiceError>(app.store.get::<Message>(&keys::message(workspace, message_id)).await?) };
    let report = event.report();
    let (reason, suppressed) = event.suppresses().unwrap_or((SuppressionReason::Bounce, Vec::new()));
    until_settled(app, || async {
        let mut row = read().await?;
        // Whatever happened to it, SES took it. As a rule its own answer has said so before.
        if row.as_ref().is_some_and(|row| !is_recorded(row)) {
            record_sent(app, workspace, message_id, attempt_id, &mail.message_id).await?;
            row = read().await?;
        }
        let Some((row, status)) = row.filter(is_recorded).zip(report) else { return Ok(()) };
        let mut message = row.value.clone();
        let Some(delivery) = &mut message.delivery else { return Ok(()) };
        let now = app.now();
        let mut transaction = Transaction::new();
        if delivery.reported(status, now).is_ok() {
            transaction.replace(&row, &message)?;
        }
        // Each recipient that bounces comes as an event of its own: the message may know by now, the list not.
        let known = app.store.suppressed(workspace, &suppressed).await?;
        for email in &suppressed {
            if known.iter().all(|row| row.value.email.folded() != email.folded()) {
                transaction.create(&Suppression {
                    id: SuppressionId::generate(now, app.entropy()),
                    workspace_id: workspace,
                    email: email.clone(),
                    reason,
                    message_id,
                    created_at: now,
                })?;
            }
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}
