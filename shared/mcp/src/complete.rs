//! Completion of arguments: ids that begin as the user typed.

use actionlayer_api::ApiError;
use actionlayer_domain::DraftStatus;
use actionlayer_service::{
    App, Caller,
    drafts::read_drafts::list_drafts,
    identities::read_identities::{IdentityFilter, list_identities},
    threads::list_threads::list_threads,
};
use actionlayer_store::{DraftFilter, PageRequest, ThreadFilter};
use rmcp::model::{CompleteRequestParams, Reference};

use crate::input::invalid;

/// As many values as an answer may have.
const PAGE: PageRequest = PageRequest { limit: 100, offset: 0, cursor: None };

/// The values and whether there are more.
pub(crate) async fn complete(
    app: &App,
    caller: &Caller,
    request: &CompleteRequestParams,
) -> Result<(Vec<String>, bool), ApiError> {
    let (of, argument) = (&request.r#ref, request.argument.name.as_str());
    let (ids, more): (Vec<String>, bool) = match of {
        Reference::Prompt(prompt) => match (prompt.name.as_str(), argument) {
            ("draft_reply", "thread_id") => threads(app, caller, Some(true)).await?,
            ("triage_inbox", "identity_id") => {
                let page = list_identities(app, caller, IdentityFilter::default(), &PAGE).await?;
                (page.items.iter().map(|identity| identity.id.to_string()).collect(), page.next_cursor.is_some())
            }
            ("draft_reply" | "triage_inbox", _) => (Vec::new(), false),
            _ => return Err(invalid("ref.name", "must be `draft_reply` or `triage_inbox`")),
        },
        Reference::Resource(resource) => match (resource.uri.as_str(), argument) {
            ("thread://{id}", "id") => threads(app, caller, None).await?,
            ("draft://{id}", "id") => {
                let filter = DraftFilter { status: Some(DraftStatus::Pending), ..DraftFilter::default() };
                let page = list_drafts(app, caller, filter, PAGE).await?;
                (page.items.iter().map(|draft| draft.id.to_string()).collect(), page.next_cursor.is_some())
            }
            ("thread://{id}" | "draft://{id}", _) => (Vec::new(), false),
            _ => return Err(invalid("ref.uri", "must be `thread://{id}` or `draft://{id}`")),
        },
        _ => return Err(invalid("ref", "must name a prompt or a resource template")),
    };
    let typed = request.argument.value.to_ascii_lowercase();
    Ok((ids.into_iter().filter(|id| id.starts_with(&typed)).collect(), more))
}

async fn threads(app: &App, caller: &Caller, needs_review: Option<bool>) -> Result<(Vec<String>, bool), ApiError> {
    let filter = ThreadFilter { needs_review, ..ThreadFilter::default() };
    let page = list_threads(app, caller, filter, None, PAGE).await?;
    Ok((page.items.iter().map(|thread| thread.id.to_string()).collect(), page.next_cursor.is_some()))
}
