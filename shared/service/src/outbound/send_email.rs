//! `POST /v1/emails/send`: a message that starts a thread.

use actionlayer_domain::{
    Identity, IdentityId, Message, MessageBody, Thread, ThreadId,
    key::Permission,
    sending::{self, Basis},
};
use actionlayer_store::Transaction;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    contacts::first_contact::first_contact,
    contention::until_settled,
    fields::{Fields, distinct},
    input::Addresses,
    outbound::{
        attachments::{self, NewAttachment},
        clearance::{Clearance, Recipients, require_identity},
        message::{self, Content, Origin},
    },
    permission::Require as _,
    threads::messages,
    workspace::idempotency::Idempotency,
};

/// A mail that starts a thread.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "identity_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab",
    "to": ["ada@example.com"],
    "subject": "Opening hours",
    "body_text": "We open at nine from now on."
}))]
pub struct NewEmail {
    pub identity_id: IdentityId,
    pub to: Addresses,
    pub cc: Option<Addresses>,
    pub bcc: Option<Addresses>,
    pub subject: String,
    pub body_text: Option<String>,
    pub body_html: Option<String>,
    pub attachments: Option<Vec<NewAttachment>>,
    /// Tags of the thread it starts.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Queues a message, with the thread it starts and the contact it goes to.
pub async fn send_email(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    mut input: NewEmail,
) -> Result<(Message, MessageBody), ServiceError> {
    caller.require(Permission::DirectSend)?;
    let mut fields = Fields::default();
    let to = fields.addresses("to", &input.to);
    let cc = fields.addresses("cc", input.cc.as_deref().unwrap_or_default());
    let bcc = fields.addresses("bcc", input.bcc.as_deref().unwrap_or_default());
    if input.to.is_empty() {
        fields.refuse("to", "name at least one recipient");
    }
    fields.recipient_count("to", to.len() + cc.len() + bcc.len());
    fields.outgoing(&mut input.body_text, &mut input.body_html);
    fields.tags(&input.tags);
    let subject = fields.header("subject", Some(&input.subject));
    fields.finish()?;
    let Some(subject) = subject else { return Err(ServiceError::invalid("subject", "is required")) };

    let identity = app.store.identity(caller.workspace_id, input.identity_id).await?;
    let identity = identity.map(|row| row.value).filter(|identity| caller.sees(identity.id));
    let Some(identity) = identity else { return Err(ServiceError::NotFound { what: "identity" }) };
    require_identity(app, sending::may_write_first(&identity))?;

    let attachments =
        attachments::keep(app, caller.workspace_id, input.attachments.as_deref().unwrap_or_default()).await?;
    let (text, html) = (input.body_text, input.body_html);
    let content = Content { to, cc, bcc, subject, text, html, sender: None, attachments, quote_history: false };
    start_thread(app, caller, idempotency, Basis::Caller, &identity, &content, &input.tags).await
}

/// Queues a message that nobody approves, with the thread it starts and the contact it goes to.
pub(crate) async fn start_thread(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    basis: Basis<'_>,
    identity: &Identity,
    content: &Content,
    tags: &[String],
) -> Result<(Message, MessageBody), ServiceError> {
    let Some(first) = content.to.first() else {
        return Err(ServiceError::invalid("to", "name at least one recipient"));
    };
    until_settled(app, || async {
        if let Some(id) = idempotency.made(app, caller).await? {
            return messages::get_message(app, caller, id).await;
        }
        let now = app.now();
        let recipients = Recipients { to: &content.to, cc: &content.cc, bcc: &content.bcc };
        let clearance = Clearance::read(app, caller.workspace_id, None, recipients, now).await?;
        clearance.require(app, basis, identity, None, None)?;
        let mut transaction = Transaction::new();
        let contact = first_contact(app, caller.workspace_id, first, now, &mut transaction).await?;
        let thread_id = ThreadId::generate(now, app.entropy());
        let origin = Origin { answers: None, draft: None, unattended: true, entitlement: clearance.entitlement() };
        let (message, body) = message::message(app, identity, thread_id, content.clone(), origin, now);
        let thread = Thread {
            snippet: message.snippet.clone(),
            tags: distinct(tags),
            ..Thread::start(thread_id, caller.workspace_id, identity.id, &message.subject, now, now)
        }
        .with_contact(&contact);
        transaction.create(&thread)?;
        transaction.create_with_body(&app.store, &message, &body).await?;
        clearance.count(&message, &mut transaction);
        idempotency.mark(&mut transaction, caller, message.id, now)?;
        app.store.commit(transaction).await?;
        Ok((message, body))
    })
    .await
}
