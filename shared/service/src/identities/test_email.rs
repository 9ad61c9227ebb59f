//! `POST /v1/identities/{id}/test-email`.

use actionlayer_domain::{
    EmailAddress, HeaderText, IdentityId, Message, MessageBody,
    key::Permission,
    sending::{self, Basis},
};

use crate::{
    App, Caller, ServiceError,
    fields::Fields,
    identities::read_identities::{approvers, visible_identity},
    outbound::{clearance::require_identity, message::Content, send_email::start_thread},
    permission::Require as _,
    workspace::idempotency::Idempotency,
};

/// Queues a test mail of an identity, to an address or else to its first approver. It goes the way of every mail, and the
/// message shows how far it came; an answer to it arrives like any other.
pub async fn send_test_email(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    id: IdentityId,
    to: Option<&str>,
) -> Result<(Message, MessageBody), ServiceError> {
    caller.require(Permission::DirectSend)?;
    let identity = visible_identity(app, caller, id).await?.value;
    let mut fields = Fields::default();
    let recipient: Option<EmailAddress> = if let Some(to) = to {
        to.parse().map_err(|error| fields.refuse("to", error)).ok()
    } else {
        let first = approvers(&identity.approval_channels).next().cloned();
        if first.is_none() {
            fields.refuse("to", "is required: the identity has no approver with an address");
        }
        first
    };
    fields.finish()?;
    require_identity(app, sending::may_send(&identity))?;
    let address = &identity.email_address;
    let text = format!(
        "This is a test mail from {} <{address}>.\n\nIt left the way every mail of this identity leaves. Answer it to see \
         that mail arrives as well.",
        identity.display_name.as_str(),
    );
    let content = Content {
        to: recipient.into_iter().collect(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: HeaderText::sanitize(&format!("Test mail from {address}")),
        text: Some(text),
        html: None,
        sender: None,
        attachments: Vec::new(),
        quote_history: false,
    };
    start_thread(app, caller, idempotency, Basis::TestMail, &identity, &content, &[]).await
}
