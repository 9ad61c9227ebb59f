//! Threads and their messages.

use actionlayer_api::ApiError;
use actionlayer_domain::{
    Draft, DraftBody, DraftStatus, IdentityId, Message, MessageBody, MessageId, Thread, ThreadId,
    search::words_of_search, thread::ThreadStatus,
};
use actionlayer_service::threads::{
    get_thread::{self as get, ThreadDetail},
    list_threads::{self as list, NamedContact},
    messages,
};
use actionlayer_store::{PageRequest, ThreadFilter};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Call;
use crate::{
    answer::{ListOf, MAX_RESULT_BYTES, NOTICE, size, value},
    input::{from_date, invalid, page, read, to_date},
    views::{ContactView, DraftView, MessageView, Reading, ThreadDetailView, ThreadSummary},
};

const MAX_MESSAGE_CHARS: usize = 6_000;
const MAX_DRAFT_CHARS: usize = 1_500;
const MAX_DRAFTS: usize = 5;
const DEFAULT_DEPTH: u32 = 10;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListThreads {
    /// Only threads in this state: `open` (somebody wrote), `draft_pending` (a draft waits for a person), `waiting` (for an answer from outside), `closed`.
    status: Option<ThreadStatus>,
    /// `true`: only those in which somebody waits for an answer.
    needs_review: Option<bool>,
    /// Only threads of this identity.
    identity_id: Option<IdentityId>,
    /// Only threads with this tag.
    #[schema(min_length = 1, max_length = 64)]
    tag: Option<String>,
    /// How many to give at most; 20 if it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// How many to pass over.
    #[schema(minimum = 0, maximum = 1000)]
    offset: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

pub(crate) async fn list_threads(call: Call) -> Result<Value, ApiError> {
    let input: ListThreads = read(call.arguments.clone())?;
    if input.tag.as_ref().is_some_and(|tag| !(1..=64).contains(&tag.len())) {
        return Err(invalid("tag", "must be 1 to 64 bytes long"));
    }
    let request = page(input.limit, input.offset, input.cursor)?;
    let filter = ThreadFilter {
        needs_review: input.needs_review,
        status: input.status,
        identity_id: input.identity_id,
        tag: input.tag,
        ..ThreadFilter::default()
    };
    threads(&call, filter, None, request, None).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchMessages {
    /// Words that must all be there. Case and accents do not matter; of the last word its beginning is enough.
    #[schema(min_length = 1, max_length = 200)]
    q: String,
    /// Only threads of this identity.
    identity_id: Option<IdentityId>,
    /// Only threads with this person: an e-mail address, or a `contact_id`.
    contact: Option<String>,
    /// Only threads whose newest message is not older: a day such as 2026-04-30, or an RFC 3339 time.
    from_date: Option<String>,
    /// Only threads whose newest message is not newer: a day, or an RFC 3339 time.
    to_date: Option<String>,
    /// How many to give at most; 20 if it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

pub(crate) async fn search_messages(call: Call) -> Result<Value, ApiError> {
    let input: SearchMessages = read(call.arguments.clone())?;
    let contact: Option<NamedContact> = match input.contact {
        Some(text) => Some(text.parse().map_err(|error| invalid("contact", error))?),
        None => None,
    };
    let request = page(input.limit, None, input.cursor)?;
    let filter = ThreadFilter {
        identity_id: input.identity_id,
        from: from_date(input.from_date.as_deref())?,
        to: to_date(input.to_date.as_deref())?,
        words: words_of_search(&input.q).map_err(|error| invalid("q", error))?,
        ..ThreadFilter::default()
    };
    let nothing = "Nothing was found. Try fewer or other words; mail that just arrived is found a moment later.";
    threads(&call, filter, contact, request, Some(nothing)).await
}

/// A page of threads that is short enough.
async fn threads(
    call: &Call,
    filter: ThreadFilter,
    contact: Option<NamedContact>,
    mut request: PageRequest,
    nothing: Option<&'static str>,
) -> Result<Value, ApiError> {
    loop {
        let page =
            list::list_threads(&call.app, &call.caller, filter.clone(), contact.clone(), request.clone()).await?;
        let list = ListOf::new(page, &request, ThreadSummary::of).untrusted();
        let list = if list.is_empty() { list.next(nothing) } else { list };
        match list.too_long() {
            Some(fewer) => request.limit = fewer,
            None => return value(&list),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetThread {
    /// The thread.
    thread_id: ThreadId,
    /// How many messages to give at most; 10 if it is left out.
    #[schema(minimum = 1, maximum = 20)]
    depth: Option<u32>,
    /// How many of the newest messages to pass over, to read older ones: `next_skip_newest` of the answer before.
    #[schema(minimum = 0, maximum = 1000)]
    skip_newest: Option<u32>,
    /// Show the whole text of messages, with what they quote and their signatures.
    include_history: Option<bool>,
    /// Only this message of the thread.
    message_id: Option<MessageId>,
    /// With `message_id`: where in its text to begin, `next_from_character` of the answer before.
    #[schema(minimum = 0)]
    from_character: Option<usize>,
}

pub(crate) async fn get_thread(call: Call) -> Result<Value, ApiError> {
    let input: GetThread = read(call.arguments.clone())?;
    if input.from_character.is_some() && input.message_id.is_none() {
        return Err(invalid("from_character", "goes with `message_id`: name the message"));
    }
    if input.skip_newest.is_some_and(|skip| skip > 1_000) {
        return Err(invalid("skip_newest", "must be at most 1000"));
    }
    let depth = input.depth.unwrap_or(DEFAULT_DEPTH);
    let skip = input.skip_newest.unwrap_or(0);
    let elsewhere = input.message_id.is_some() || skip > 0;
    let first = if elsewhere { Some(1) } else { Some(u8::try_from(depth).unwrap_or(u8::MAX)) };
    let mut detail = get::get_thread(&call.app, &call.caller, input.thread_id, first).await?;
    if let Some(id) = input.message_id {
        let (message, body) = messages::get_message(&call.app, &call.caller, id).await?;
        let thread = &detail.thread;
        if message.thread_id != thread.id && !thread.linked_thread_ids.contains(&message.thread_id) {
            return Err(ApiError::no_such("message"));
        }
        detail.messages = vec![(message, body)];
    } else if skip > 0 {
        let request = PageRequest { limit: depth.clamp(1, 20), offset: skip, cursor: None };
        let page = messages::list_thread_messages(&call.app, &call.caller, detail.thread.id, &request).await?;
        detail.messages = page.items.into_iter().rev().collect();
    }
    value(&shown(detail, skip, &input))
}

/// As much of a thread as a result may have: its newest messages first of all, and of those the text.
fn shown(detail: ThreadDetail, skip: u32, input: &GetThread) -> ThreadDetailView {
    let ThreadDetail { thread, contact, messages, messages_total, drafts } = detail;
    let drafts = drafts_shown(&drafts);
    let next = next_step(&thread, &drafts, messages.last().map(|(message, _)| message));
    let mut view = ThreadDetailView {
        notice: NOTICE,
        thread: ThreadSummary::of(thread),
        contact: contact.map(ContactView::of),
        messages: Vec::new(),
        older_messages: 0,
        next_skip_newest: None,
        drafts: drafts.iter().map(|(draft, body)| DraftView::of(draft, body, 0, MAX_DRAFT_CHARS)).collect(),
        next,
    };
    // Drafts can be read by themselves.
    while size(&view) > MAX_RESULT_BYTES / 2 && view.drafts.pop().is_some() {}
    // What stands for the counts below, once there are some.
    let room = MAX_RESULT_BYTES.saturating_sub(size(&view) + 64);
    let asked = messages.len();
    view.messages = fitting(&messages, room, input);
    let shown = u32::try_from(view.messages.len()).unwrap_or(u32::MAX);
    if input.message_id.is_none() {
        view.older_messages = messages_total.saturating_sub(skip.saturating_add(shown));
        let more = view.older_messages > 0 && asked > 0;
        view.next_skip_newest = more.then(|| skip.saturating_add(shown));
    }
    view
}

/// The newest messages that fit, oldest first; of the newest of all as much as fits.
fn fitting(messages: &[(Message, MessageBody)], room: usize, input: &GetThread) -> Vec<MessageView> {
    let view = |(message, body): &(Message, MessageBody), max_characters: usize| {
        let reading = Reading {
            whole: input.include_history.unwrap_or(false),
            from_character: input.from_character.unwrap_or(0),
            max_characters,
        };
        MessageView::of(message.clone(), body, reading)
    };
    let mut chosen = Vec::new();
    let mut left = room;
    for message in messages.iter().rev() {
        let mut characters = if input.message_id.is_some() { MAX_RESULT_BYTES } else { MAX_MESSAGE_CHARS };
        let mut shown = view(message, characters);
        // The newest one is shown, in part if need be.
        while chosen.is_empty() && size(&shown) > left && characters > 100 {
            characters /= 2;
            shown = view(message, characters);
        }
        let bytes = size(&shown) + 1;
        if !chosen.is_empty() && bytes > left {
            break;
        }
        left = left.saturating_sub(bytes);
        chosen.push(shown);
    }
    chosen.reverse();
    chosen
}

/// The drafts that still matter, and the newest of the others.
fn drafts_shown(drafts: &[(Draft, DraftBody)]) -> Vec<&(Draft, DraftBody)> {
    let undecided =
        |(draft, _): &&(Draft, DraftBody)| matches!(draft.status, DraftStatus::Pending | DraftStatus::Approved);
    let (first, others): (Vec<_>, Vec<_>) = drafts.iter().partition(undecided);
    first.into_iter().chain(others).take(MAX_DRAFTS).collect()
}

fn next_step(thread: &Thread, drafts: &[&(Draft, DraftBody)], newest: Option<&Message>) -> &'static str {
    if thread.skip_ai {
        return "The owner wants no agent to answer in this thread. Leave it alone.";
    }
    if let Some((draft, _)) =
        drafts.iter().find(|(draft, _)| matches!(draft.status, DraftStatus::Pending | DraftStatus::Approved))
    {
        return crate::views::next_step(draft);
    }
    if thread.last_inbound_message_id.is_none() {
        return "Nobody wrote in this thread yet. Wait for mail with wait_for_message.";
    }
    if newest.is_some_and(|message| message.is_automated) {
        return "A machine wrote the newest message. It is rarely answered.";
    }
    if thread.needs_review {
        return "Somebody waits for an answer. If you can give one, call submit_draft with `last_inbound_message_id` as `based_on_message_id`.";
    }
    "Nobody waits for an answer."
}
