//! Threads.

use std::sync::Arc;

use actionlayer_domain::{IdentityId, ThreadId, Timestamp, search::words_of_search, thread::ThreadStatus};
use actionlayer_service::{
    App,
    threads::{
        get_thread::{self as get, ThreadDetail},
        list_threads::{self as list, NamedContact},
        update_thread::{self as update, UpdateThread},
    },
};
use actionlayer_store::ThreadFilter;
use axum::{Json, extract::State};

use crate::{
    ApiError, Authenticated, Id, JsonBody, List, NoQuery, Query,
    openapi::Paging,
    views::{ContactView, DraftView, MessageView, ThreadDetailView, ThreadView},
};

operations! {
    list_threads;
    get_thread, update_thread;
}

/// List threads
///
/// Newest message first. Filters can be combined. Where that leaves much to look through, a page may hold fewer threads
/// than `limit` and still have a `next_cursor`.
#[utoipa::path(
    get, path = "/v1/threads", tag = "Threads",
    params(
        Paging,
        ("needs_review" = Option<bool>, Query, description = "Only threads that wait for an answer, or only the others."),
        ("status" = Option<ThreadStatus>, Query, description = "Only threads in this state."),
        ("identity_id" = Option<IdentityId>, Query, description = "Only threads of this identity."),
        ("contact" = Option<String>, Query, description = "Only threads that this person takes part in, as author or \
            recipient: an address, or the id of a contact."),
        ("tag" = Option<String>, Query, description = "Only threads with this tag."),
        ("from_date" = Option<String>, Query, description = "Only threads whose newest message is not older: a day in \
            UTC such as `2026-04-30`, or an RFC 3339 time."),
        ("to_date" = Option<String>, Query, description = "Only threads whose newest message is not newer: a day, which \
            is meant to its end, or a time."),
        ("q" = Option<String>, Query, description = "Only threads that have all of these words in their subjects, \
            participants and texts. Case and diacritics do not matter; the last word may be the beginning of one. At \
            most 200 characters and 12 words. What just arrived is found a moment later."),
        ("wait" = Option<u8>, Query, minimum = 0, maximum = 20, description = "With `needs_review=true`: when no thread \
            needs review, wait so many seconds for one."),
    ),
    responses((status = 200, description = "A page of threads.", body = List<ThreadView>))
)]
pub(crate) async fn list_threads(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<ThreadView>>, ApiError> {
    let request = query.page();
    let filter = ThreadFilter {
        needs_review: query.flag("needs_review"),
        status: query.choice::<ThreadStatus>("status"),
        identity_id: query.parsed::<IdentityId>("identity_id"),
        contact: None,
        tag: query.convert("tag", |text| match text.len() {
            1..=64 => Ok(text.to_owned()),
            _ => Err("must be 1 to 64 bytes long".to_owned()),
        }),
        from: query.time("from_date", |text| Timestamp::first_of(text).map_err(|error| error.to_string())),
        to: query.time("to_date", |text| Timestamp::last_of(text).map_err(|error| error.to_string())),
        words: query.convert("q", |text| words_of_search(text).map_err(|error| error.to_string())).unwrap_or_default(),
    };
    let contact = query.parsed::<NamedContact>("contact");
    let wait = query.wait();
    if wait.is_some() && filter.needs_review != Some(true) {
        query.refuse("wait", "takes `needs_review=true`: threads are waited for until one needs review");
    }
    query.finish()?;
    let page =
        list::wait_for_threads(&app, &caller, filter, contact, request.clone(), wait.unwrap_or_default()).await?;
    Ok(Json(List::of(page, &request, ThreadView::of)))
}

/// Retrieve a thread
///
/// Returns the thread with its contact, newest messages and drafts: all that an agent needs to answer. Messages come
/// oldest first, the last `thread_history_depth` (of the identity) of them; `messages_total` says how many there are.
#[utoipa::path(
    get, path = "/v1/threads/{id}", tag = "Threads",
    params(
        ("id" = ThreadId, Path, description = "The thread."),
        ("depth" = Option<u8>, Query, description = "How many messages to give.", minimum = 1, maximum = 20),
    ),
    responses((status = 200, description = "The thread.", body = ThreadDetailView))
)]
pub(crate) async fn get_thread(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<ThreadId>,
    mut query: Query,
) -> Result<Json<ThreadDetailView>, ApiError> {
    let depth = query.convert("depth", |text| text.parse::<u8>().map_err(|_| "must be from 1 to 20".to_owned()));
    query.finish()?;
    let ThreadDetail { thread, contact, messages, messages_total, drafts } =
        get::get_thread(&app, &caller, id, depth).await?;
    Ok(Json(ThreadDetailView {
        thread: ThreadView::of(thread),
        contact: contact.map(ContactView::of),
        messages: messages.into_iter().map(|(message, body)| MessageView::of(message, body)).collect(),
        messages_total,
        drafts: drafts.into_iter().map(|(draft, body)| DraftView::of(draft, Some(body))).collect(),
    }))
}

/// Update a thread
///
/// Changes its status, review mark or tags.
#[utoipa::path(
    patch, path = "/v1/threads/{id}", tag = "Threads",
    params(("id" = ThreadId, Path, description = "The thread.")),
    request_body = UpdateThread,
    responses((status = 200, description = "The thread as it is now.", body = ThreadView)),
    extensions(("x-errors" = json!(["conflict"])))
)]
pub(crate) async fn update_thread(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<ThreadId>,
    _: NoQuery,
    JsonBody(patch): JsonBody<UpdateThread>,
) -> Result<Json<ThreadView>, ApiError> {
    let thread = update::update_thread(&app, &caller, id, patch).await?;
    Ok(Json(ThreadView::of(thread)))
}
