//! `PATCH /v1/drafts/{id}`.

use actionlayer_domain::{
    Draft, DraftBody, DraftId, EmailAddress, HeaderText, Message, draft::Sender, key::Permission, message::Attachment,
};
use actionlayer_store::{DraftVersion, Transaction, keys};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    drafts::submit_draft::NOTHING_TO_QUOTE,
    fields::Fields,
    input::{Addresses, nullable},
    outbound::{
        attachments::{self, NewAttachment},
        content,
        reply::reply_subject,
    },
    permission::Require as _,
};

/// The fields to change; what is left out stays as it is.
#[allow(clippy::option_option, reason = "absent, null and a value are three different wishes")]
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "body_text": "We open at nine, on Sundays at ten.", "version": 1 }))]
pub struct DraftEdit {
    /// The text. `null` for HTML alone.
    #[serde(default, deserialize_with = "nullable")]
    pub body_text: Option<Option<String>>,
    /// The HTML. `null` for text alone.
    #[serde(default, deserialize_with = "nullable")]
    pub body_html: Option<Option<String>>,
    /// A subject of its own. `null` for that of the thread.
    #[serde(default, deserialize_with = "nullable")]
    pub subject_override: Option<Option<String>>,
    /// All who get a copy.
    pub cc: Option<Addresses>,
    /// All who get a copy unseen by the others.
    pub bcc: Option<Addresses>,
    /// Why it is written so, and from which facts. Approvers read it.
    #[serde(default, deserialize_with = "nullable")]
    pub rationale: Option<Option<String>>,
    /// Data of your own, at most 8 KB.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Option<serde_json::Value>>,
    /// All files: those that are not named again go.
    pub attachments: Option<Vec<NewAttachment>>,
    /// Whether the message answered is quoted below the text.
    pub quote_history: Option<bool>,
    /// The version you read. When there is a newer one, nothing is changed.
    #[schema(minimum = 1)]
    pub version: Option<u32>,
}

#[allow(clippy::option_option, reason = "a field of a patch is absent, emptied or set")]
struct Parsed {
    cc: Option<Vec<EmailAddress>>,
    bcc: Option<Vec<EmailAddress>>,
    subject_override: Option<Option<HeaderText>>,
    metadata: Option<Option<String>>,
    attachments: Option<Vec<Attachment>>,
}

/// Changes a pending draft. What it was is kept as a version, and the approvers are shown what it is now.
pub async fn edit_draft(
    app: &App,
    caller: &Caller,
    id: DraftId,
    edit: DraftEdit,
) -> Result<(Draft, DraftBody), ServiceError> {
    caller.require(Permission::Draft)?;
    let mut fields = Fields::default();
    fields.rationale(edit.rationale.as_ref().and_then(Option::as_deref));
    let mut parsed = Parsed {
        cc: edit.cc.as_ref().map(|cc| fields.addresses("cc", cc)),
        bcc: edit.bcc.as_ref().map(|bcc| fields.addresses("bcc", bcc)),
        subject_override: edit.subject_override.as_ref().map(|s| fields.header("subject_override", s.as_deref())),
        metadata: edit.metadata.as_ref().map(|metadata| fields.metadata(metadata.as_ref())),
        attachments: None,
    };
    fields.finish()?;
    if let Some(wanted) = &edit.attachments {
        parsed.attachments = Some(attachments::keep(app, caller.workspace_id, wanted).await?);
    }
    until_settled(app, || edit_once(app, caller, id, &edit, &parsed)).await
}

/// An approver changes subject and text of the version they saw. An HTML version that would still say the old words goes.
pub async fn edit_as_approver(
    app: &App,
    caller: &Caller,
    id: DraftId,
    version: u32,
    subject: Option<&str>,
    text: &str,
) -> Result<(Draft, DraftBody), ServiceError> {
    caller.require(Permission::Draft)?;
    let mut fields = Fields::default();
    let subject_override = subject.map(|subject| fields.header("subject", Some(subject)));
    fields.finish()?;
    let edit = DraftEdit {
        body_text: Some(Some(text.to_owned())),
        body_html: Some(None),
        version: Some(version),
        ..DraftEdit::default()
    };
    let parsed = Parsed { cc: None, bcc: None, subject_override, metadata: None, attachments: None };
    until_settled(app, || edit_once(app, caller, id, &edit, &parsed)).await
}

async fn edit_once(
    app: &App,
    caller: &Caller,
    id: DraftId,
    edit: &DraftEdit,
    parsed: &Parsed,
) -> Result<(Draft, DraftBody), ServiceError> {
    let workspace = caller.workspace_id;
    let found = app.store.draft_and_thread(workspace, id).await?;
    let found = found.filter(|(draft, _)| caller.sees(draft.value.identity_id));
    let Some((row, thread)) = found else { return Err(ServiceError::NotFound { what: "draft" }) };
    let now = app.now();
    row.value.edit(edit.version, now)?;
    let old_body: DraftBody = app.store.body(&row).await?;

    let mut body = old_body.clone();
    if let Some(text) = &edit.body_text {
        body.text.clone_from(text);
    }
    if let Some(html) = &edit.body_html {
        body.html.clone_from(html);
    }
    let mut draft = row.value.clone();
    if let Some(cc) = &parsed.cc {
        draft.cc.clone_from(cc);
    }
    if let Some(bcc) = &parsed.bcc {
        draft.bcc.clone_from(bcc);
    }
    if let Some(subject_override) = &parsed.subject_override {
        draft.subject_override.clone_from(subject_override);
        draft.subject = match (subject_override, draft.based_on_message_id) {
            (Some(subject), _) => subject.clone(),
            (None, Some(answered)) => {
                let key = keys::message(workspace, answered);
                let answered = app.store.get::<Message>(&key).await?;
                reply_subject(answered.as_ref().map_or(&thread.value.subject, |row| &row.value.subject))
            }
            (None, None) => HeaderText::sanitize(&thread.value.subject),
        };
    }
    if let Some(rationale) = &edit.rationale {
        draft.rationale.clone_from(rationale);
    }
    if let Some(metadata) = &parsed.metadata {
        draft.metadata.clone_from(metadata);
    }
    if let Some(attachments) = &parsed.attachments {
        draft.attachments.clone_from(attachments);
    }
    if let Some(quote_history) = edit.quote_history {
        draft.quote_history = quote_history;
    }
    let mut fields = Fields::default();
    if draft.quote_history && draft.based_on_message_id.is_none() {
        fields.refuse("quote_history", NOTHING_TO_QUOTE);
    }
    fields.outgoing(&mut body.text, &mut body.html);
    fields.recipient_count("cc", draft.to.len() + draft.cc.len() + draft.bcc.len());
    fields.finish()?;
    if draft == row.value && body == old_body {
        return Ok((draft, body));
    }

    let before = DraftVersion {
        draft_id: id,
        workspace_id: workspace,
        version: row.value.version,
        subject: row.value.subject.clone(),
        cc: row.value.cc.clone(),
        bcc: row.value.bcc.clone(),
        rationale: row.value.rationale.clone(),
        attachments: row.value.attachments.clone(),
        quote_history: row.value.quote_history,
        replaced_at: now,
    };
    let identity = app.store.identity(workspace, draft.identity_id).await?;
    let identity = identity.ok_or(ServiceError::NotFound { what: "identity" })?.value;
    let quoted = draft.based_on_message_id.filter(|_| draft.quote_history);
    let quoted = content::quoted(app, workspace, quoted).await?;
    // Whoever edits it sees it signed as the identity signs now, and so do those who are asked again.
    body.sender = Some(Sender::of(&identity));
    draft.content_sha256 = content::seal(&draft, &body, &identity.email_address, quoted.as_ref());
    draft.edited(caller.actor(), now);
    let mut transaction = Transaction::new();
    transaction.replace_with_body(&app.store, &row, &draft, &body).await?;
    transaction.create_with_body(&app.store, &before, &old_body).await?;
    app.store.commit(transaction).await?;
    Ok((draft, body))
}
