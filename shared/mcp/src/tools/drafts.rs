//! Drafts: submitted, changed, decided, sent.

use actionlayer_api::ApiError;
use actionlayer_domain::{Draft, DraftBody, DraftId, DraftRefusal, DraftStatus, IdentityId, ThreadId, key::Permission};
use actionlayer_service::permission::Require as _;
use actionlayer_service::{
    ServiceError,
    approvals::decide_draft::{Approval, Rejection, decide},
    drafts::{
        edit_draft::{self, DraftEdit},
        read_drafts::{self, get_draft as read_draft},
        send_draft::{self as send, Sending},
        submit_draft::{self as submit, NewDraft},
    },
    identities::read_identities::get_identity,
};
use actionlayer_store::{DraftFilter, PageRequest};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Call;
use crate::{
    answer::{ListOf, value},
    input::{page, read, read_both, read_patch},
    once::{Outcome, once},
    views::{ApproverSees, DraftSummary, DraftView, SubmittedView},
};

const MAX_DRAFT_CHARS: usize = 8_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListDrafts {
    /// Only drafts of this thread.
    thread_id: Option<ThreadId>,
    /// Only drafts of this identity.
    identity_id: Option<IdentityId>,
    /// Only drafts in this state.
    status: Option<DraftStatus>,
    /// How many to give at most; 20 if it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// How many to pass over.
    #[schema(minimum = 0, maximum = 1000)]
    offset: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

pub(crate) async fn list_drafts(call: Call) -> Result<Value, ApiError> {
    let input: ListDrafts = read(call.arguments.clone())?;
    let mut request = page(input.limit, input.offset, input.cursor)?;
    let filter = DraftFilter { thread_id: input.thread_id, status: input.status, identity_id: input.identity_id };
    loop {
        let page = read_drafts::list_drafts(&call.app, &call.caller, filter, request.clone()).await?;
        let list = ListOf::new(page, &request, |draft| DraftSummary::of(&draft)).untrusted();
        match list.too_long() {
            Some(fewer) => request.limit = fewer,
            None => return value(&list),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetDraft {
    /// The draft.
    draft_id: DraftId,
    /// Where in its text to begin: `next_from_character` of the answer before.
    #[schema(minimum = 0)]
    from_character: Option<usize>,
}

pub(crate) async fn get_draft(call: Call) -> Result<Value, ApiError> {
    let input: GetDraft = read(call.arguments.clone())?;
    let (draft, body) = read_draft(&call.app, &call.caller, input.draft_id).await?;
    value(&shown(&draft, &body, input.from_character.unwrap_or(0)))
}

/// A draft with as much of its text as a result may have.
pub(crate) fn shown(draft: &Draft, body: &DraftBody, from_character: usize) -> DraftView {
    let mut characters = MAX_DRAFT_CHARS;
    loop {
        let view = DraftView::of(draft, body, from_character, characters);
        if crate::answer::size(&view) <= crate::MAX_RESULT_BYTES || characters < 100 {
            return view;
        }
        characters /= 2;
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    /// Your own name for this draft, such as a UUID: the same call with the same name makes one draft within a day. Without it
    /// the same call makes one draft within a minute.
    #[schema(min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
}

/// The draft that a tool is about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfDraft {
    /// The draft.
    draft_id: DraftId,
}

pub(crate) async fn submit_draft(call: Call) -> Result<Value, ApiError> {
    let (Key { idempotency_key }, input) = read_both::<Key, NewDraft>(&call.arguments)?;
    call.caller.require(Permission::Draft)?;
    if let Some(there) = undecided(&call, &input).await? {
        return value(&there);
    }
    let outcome = once(&call, "submit_draft", idempotency_key.as_deref(), async |idempotency| {
        let (draft, body) = submit::submit_draft(&call.app, &call.caller, &idempotency, input).await?;
        value(&submitted(&call, &draft, &body, false).await?)
    })
    .await?;
    match outcome {
        Outcome::Now(made) => Ok(made),
        // What it made then may have been decided, edited or overtaken since: it is shown as it is now.
        Outcome::Before(made) => {
            let id: DraftId = serde_json::from_value(made["draft_id"].clone())
                .map_err(|error| ApiError::internal(error.to_string()))?;
            let (draft, body) = read_draft(&call.app, &call.caller, id).await?;
            value(&submitted(&call, &draft, &body, true).await?)
        }
    }
}

async fn submitted(
    call: &Call,
    draft: &Draft,
    body: &DraftBody,
    already_there: bool,
) -> Result<SubmittedView, ApiError> {
    let identity = get_identity(&call.app, &call.caller, draft.identity_id).await?;
    let approver_sees = ApproverSees::of(&identity, draft, body);
    Ok(SubmittedView { already_there, draft: DraftSummary::of(draft), approver_sees })
}

/// The draft that waits for a decision, or was approved, about the same message already.
async fn undecided(call: &Call, input: &NewDraft) -> Result<Option<SubmittedView>, ApiError> {
    let (Some(thread_id), Some(message_id)) = (input.thread_id, input.based_on_message_id) else { return Ok(None) };
    let filter = DraftFilter { thread_id: Some(thread_id), ..DraftFilter::default() };
    let request = PageRequest { limit: 20, offset: 0, cursor: None };
    let drafts = match read_drafts::list_drafts(&call.app, &call.caller, filter, request).await {
        Ok(page) => page.items,
        // The list has to be asked for by identity there, and is only about others: submitting says what is wrong.
        Err(ServiceError::Validation(_) | ServiceError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let same = drafts.into_iter().find(|draft| {
        matches!(draft.status, DraftStatus::Pending | DraftStatus::Approved)
            && draft.based_on_message_id == Some(message_id)
    });
    let Some(same) = same else { return Ok(None) };
    let (draft, body) = read_draft(&call.app, &call.caller, same.id).await?;
    Ok(Some(submitted(call, &draft, &body, true).await?))
}

pub(crate) async fn edit_draft(call: Call) -> Result<Value, ApiError> {
    let (OfDraft { draft_id }, change) = read_patch::<OfDraft, DraftEdit>(&call.arguments)?;
    let (draft, body) = edit_draft::edit_draft(&call.app, &call.caller, draft_id, change).await?;
    value(&submitted(&call, &draft, &body, false).await?)
}

pub(crate) async fn approve_draft(call: Call) -> Result<Value, ApiError> {
    let (OfDraft { draft_id }, approval) = read_both::<OfDraft, Approval>(&call.arguments)?;
    let decided = decide(&call.app, &call.caller, draft_id, &approval.into()).await;
    let by_us = |refusal: &DraftRefusal| match refusal {
        DraftRefusal::Decided { status: DraftStatus::Approved, by: Some(by), .. } => *by == call.caller.actor(),
        _ => false,
    };
    as_it_is(&call, draft_id, decided, by_us).await
}

pub(crate) async fn reject_draft(call: Call) -> Result<Value, ApiError> {
    let (OfDraft { draft_id }, rejection) = read_both::<OfDraft, Rejection>(&call.arguments)?;
    let decided = decide(&call.app, &call.caller, draft_id, &rejection.into()).await;
    let by_us = |refusal: &DraftRefusal| match refusal {
        DraftRefusal::Decided { status: DraftStatus::Rejected, by: Some(by), .. } => *by == call.caller.actor(),
        DraftRefusal::Rejected => true,
        _ => false,
    };
    as_it_is(&call, draft_id, decided, by_us).await
}

pub(crate) async fn send_draft(call: Call) -> Result<Value, ApiError> {
    let (OfDraft { draft_id }, sending) = read_both::<OfDraft, Sending>(&call.arguments)?;
    let sent = send::send_draft(&call.app, &call.caller, draft_id, sending).await;
    let on_its_way =
        |refusal: &DraftRefusal| matches!(refusal, DraftRefusal::AlreadySent | DraftRefusal::SendInProgress);
    as_it_is(&call, draft_id, sent, on_its_way).await
}

/// The draft after a step, or, where the step was refused because it was taken before, as it is.
async fn as_it_is(
    call: &Call,
    id: DraftId,
    step: Result<(Draft, DraftBody), ServiceError>,
    taken_before: impl Fn(&DraftRefusal) -> bool,
) -> Result<Value, ApiError> {
    let (draft, _) = match step {
        Err(ServiceError::Draft(refusal)) if taken_before(&refusal) => read_draft(&call.app, &call.caller, id).await?,
        step => step?,
    };
    value(&DraftSummary::of(&draft))
}
