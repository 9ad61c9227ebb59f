//! `POST /v1/emails/reply`: an answer without a draft.

use actionlayer_domain::{EmailAddress, IdentityId, Message, MessageBody, ThreadId, key::Permission, sending::Basis};
use actionlayer_store::Transaction;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    fields::Fields,
    input::Addresses,
    outbound::{
        attachments::{self, NewAttachment},
        clearance::{Clearance, Recipients},
        message::{self, Content, Origin},
        reply::{reply_recipients, reply_subject},
    },
    permission::Require as _,
    threads::{messages, resolve},
    workspace::idempotency::Idempotency,
};

/// An answer to the newest inbound message of a thread.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "thread_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab", "identity_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab", "body_text": "We open at nine." }))]
pub struct NewReply {
    pub thread_id: ThreadId,
    pub identity_id: IdentityId,
    pub body_text: Option<String>,
    pub body_html: Option<String>,
    pub cc: Option<Addresses>,
    pub bcc: Option<Addresses>,
    pub attachments: Option<Vec<NewAttachment>>,
    /// Whether the message answered is quoted below the text.
    #[serde(default)]
    pub quote_history: bool,
}

/// Queues an answer to the newest inbound message of a thread, to its `Reply-To` or its author.
pub async fn reply_email(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    mut input: NewReply,
) -> Result<(Message, MessageBody), ServiceError> {
    caller.require(Permission::DirectSend)?;
    let mut fields = Fields::default();
    fields.outgoing(&mut input.body_text, &mut input.body_html);
    let cc = fields.addresses("cc", input.cc.as_deref().unwrap_or_default());
    let bcc = fields.addresses("bcc", input.bcc.as_deref().unwrap_or_default());
    fields.finish()?;
    let attachments =
        attachments::keep(app, caller.workspace_id, input.attachments.as_deref().unwrap_or_default()).await?;
    until_settled(app, || async {
        if let Some(id) = idempotency.made(app, caller).await? {
            return messages::get_message(app, caller, id).await;
        }
        let row = resolve::visible(app, caller, input.thread_id).await?;
        if row.value.identity_id != input.identity_id {
            return Err(ServiceError::invalid("identity_id", "must be the identity of the thread"));
        }
        let Some(last_inbound) = row.value.last_inbound_message_id else {
            return Err(ServiceError::invalid(
                "thread_id",
                "nobody has written in this thread yet: there is nothing to answer",
            ));
        };
        let answering =
            app.store.answering(caller.workspace_id, input.thread_id, input.identity_id, Some(last_inbound)).await?;
        let identity = answering.identity.ok_or(ServiceError::NotFound { what: "identity" })?.value;
        let answered = answering.message.ok_or(ServiceError::Contended)?.value;
        let workspace = answering.workspace.map(|row| row.value);
        let to = reply_recipients(&answered, &identity.email_address);
        let mut fields = Fields::default();
        if to.is_empty() {
            fields.refuse("thread_id", "its newest message names no address that an answer could be sent to");
        }
        fields.recipient_count("cc", to.len() + cc.len() + bcc.len());
        fields.finish()?;
        let now = app.now();
        let recipients = Recipients { to: &to, cc: &cc, bcc: &bcc };
        let workspace = workspace.as_ref();
        let clearance =
            Clearance::read_unattended(app, caller.workspace_id, workspace, identity.id, recipients, now).await?;
        let mut thread = row.value.clone();
        clearance.require(app, Basis::Caller, &identity, Some(&thread), Some(&answered))?;
        if !thread.count_unattended_send(now) {
            return Err(ServiceError::Contended);
        }
        thread.updated_at = now;
        let content = Content {
            to,
            cc: cc.clone(),
            bcc: bcc.clone(),
            subject: reply_subject(&answered.subject),
            text: input.body_text.clone(),
            html: input.body_html.clone(),
            sender: None,
            attachments: attachments.clone(),
            quote_history: input.quote_history,
        };
        let origin =
            Origin { answers: Some(&answered), draft: None, unattended: true, entitlement: clearance.entitlement() };
        let (message, body) = message::message(app, &identity, thread.id, content, origin, now);
        let mut transaction = Transaction::new();
        let recipients: Vec<EmailAddress> = message.to.iter().filter_map(|to| to.email.parse().ok()).collect();
        transaction.replace(&row, &thread)?.count_unattended(caller.workspace_id, identity.id, &recipients, now);
        transaction.create_with_body(&app.store, &message, &body).await?;
        clearance.count(&message, &mut transaction);
        idempotency.mark(&mut transaction, caller, message.id, now)?;
        app.store.commit(transaction).await?;
        Ok((message, body))
    })
    .await
}
