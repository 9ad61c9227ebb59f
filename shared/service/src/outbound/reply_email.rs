//! `POST /v1/emails/reply`: an answer without a draft.

use actionlayer_domain::{
    EmailAddress, IdentityId, Message, MessageBody, ThreadId,
    key::Permission,
    unattended::{MAX_OF_ONE_IDENTITY_A_DAY, MAX_TO_ONE_PERSON_A_DAY, stranger_to},
};
use actionlayer_store::Transaction;

use crate::identities::read_identities::require_active;
use crate::outbound::reply::reply_recipients;
use crate::outbound::reply::reply_subject;
use crate::{
    App, Caller, ServiceError,
    contacts::suppressions::require_deliverable,
    contention::until_settled,
    fields::Fields,
    outbound::{
        attachments::{self, NewAttachment},
        message::{self, Content, Origin},
    },
    threads::{messages, resolve},
    workspace::{idempotency::Once, plan},
};

/// What is to be answered.
#[derive(Debug, Clone)]
pub struct ReplyEmail {
    /// The thread.
    pub thread_id: ThreadId,
    /// The identity to answer as.
    pub identity_id: IdentityId,
    /// The text.
    pub body_text: Option<String>,
    /// The HTML.
    pub body_html: Option<String>,
    /// Copies.
    pub cc: Vec<String>,
    /// Blind copies.
    pub bcc: Vec<String>,
    /// Files.
    pub attachments: Vec<NewAttachment>,
    /// Whether the message answered is quoted below.
    pub quote_history: bool,
}

/// Queues an answer to the newest inbound message of a thread, to its `Reply-To` or its author.
pub async fn reply_email(
    app: &App,
    caller: &Caller,
    mut input: ReplyEmail,
) -> Result<(Message, MessageBody), ServiceError> {
    caller.require(Permission::DirectSend)?;
    let mut fields = Fields::default();
    fields.outgoing(&mut input.body_text, &mut input.body_html);
    let cc = fields.addresses("cc", &input.cc);
    let bcc = fields.addresses("bcc", &input.bcc);
    fields.finish()?;
    let attachments = attachments::keep(app, caller.workspace_id, &input.attachments).await?;
    until_settled(app, || async {
        if let Some(id) = Once::made(app, caller).await? {
            return messages::get_message(app, caller, id).await;
        }
        let row = resolve::visible(app, caller, input.thread_id).await?;
        if row.value.identity_id != input.identity_id {
            return Err(ServiceError::invalid("identity_id", "must be the identity of the thread"));
        }
        let Some(last_inbound) = row.value.last_inbound_message_id else {
            return Err(ServiceError::invalid("thread_id", "nobody has written in this thread yet: there is nothing to answer"));
        };
        let answering =
            app.store.answering(caller.workspace_id, input.thread_id, input.identity_id, Some(last_inbound)).await?;
        let identity = answering.identity.ok_or(ServiceError::NotFound { what: "identity" })?.value;
        let answered = answering.message.ok_or(ServiceError::Contended)?.value;
        require_active(&identity)?;
        let to = reply_recipients(&answered);
        let mut fields = Fields::default();
        if to.is_empty() {
            fields.refuse("thread_id", "its newest message names no address that an answer could be sent to");
        }
        fields.recipient_count("cc", to.len() + cc.len() + bcc.len());
        fields.finish()?;
        require_deliverable(app, caller.workspace_id, &to, &cc, &bcc).await?;
        if answered.is_automated {
            return Err(ServiceError::Conflict(
                "the newest message was written by a machine, and no person approves this answer: submit a draft instead",
            ));
        }
        if stranger_to(&answered, &to, &row.value.written_to).is_some() {
            return Err(ServiceError::Conflict(
                "the answer would go to somebody who is neither the proven author of the newest message nor was written to in \
                 the thread, and no person approves it: submit a draft instead",
            ));
        }

        let now = app.now();
        let today = app.store.unattended_today(caller.workspace_id, identity.id, &to, now).await?;
        if today.to_recipient >= MAX_TO_ONE_PERSON_A_DAY || today.of_identity >= MAX_OF_ONE_IDENTITY_A_DAY {
            return Err(ServiceError::Conflict(
                "the recipient or the identity has had its unattended mails of today: submit a draft instead",
            ));
        }
        let mut thread = row.value.clone();
        if !thread.count_unattended_send(now) {
            return Err(ServiceError::Conflict(
                "the thread has had its 10 unattended sends of today: submit a draft instead",
            ));
        }
        thread.updated_at = now;
        let content = Content {
            to,
            cc: cc.clone(),
            bcc: bcc.clone(),
            subject: reply_subject(&thread.subject),
            text: input.body_text.clone(),
            html: input.body_html.clone(),
            sender: None,
            attachments: attachments.clone(),
            quote_history: input.quote_history,
        };
        let origin = Origin { answers: Some(&answered), draft: None, unattended: true };
        let (message, body) = message::message(app, &identity, thread.id, content, origin, now);
        let mut transaction = Transaction::new();
        let recipients: Vec<EmailAddress> = message.to.iter().filter_map(|to| to.email.parse().ok()).collect();
        transaction.replace(&row, &thread)?.count_unattended(caller.workspace_id, identity.id, &recipients, now);
        transaction.create_with_body(&app.store, &message, &body).await?;
        plan::count_outbound(app, &message, &mut transaction).await?;
        Once::mark(&mut transaction, caller, message.id, now)?;
        app.store.commit(transaction).await?;
        Ok((message, body))
    })
    .await
}
