//! One conversation: what was said, what waits for a decision, and who it is with.

use actionlayer_channels::{Proposal, excerpt::Piece, legible::line};
use actionlayer_domain::{
    Draft, DraftStatus, Identity, Message, MessageBody, Thread, Timestamp,
    contact::{Contact, ContactStatus},
    rule::RuleRun,
    thread::ThreadStatus,
};
use askama::Template;

use super::{
    Access, Problem, Screen,
    parts::{When, in_query, when},
    review::{Entered, Review},
    timeline::{Entry, entries},
};
use crate::dashboard::Section;

/// A conversation.
#[derive(Debug, Clone, Copy)]
pub struct Conversation<'a> {
    pub thread: &'a Thread,
    /// The mailbox it is in; none when it was deleted.
    pub identity: Option<&'a Identity>,
    /// The person it began with.
    pub contact: Option<&'a Contact>,
    /// Its newest messages, oldest first.
    pub messages: &'a [(Message, MessageBody)],
    /// How many it has in all.
    pub messages_total: u32,
    /// All of its drafts.
    pub drafts: &'a [Draft],
    /// What rules did in it.
    pub runs: &'a [RuleRun],
    /// Those of them that wait for a decision or for being sent.
    pub open: &'a [Proposal<'a>],
    /// What the visitor may do.
    pub access: Access,
    pub now: Timestamp,
}

/// An answer of the visitor's own that was not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnAnswer {
    /// What was typed.
    pub text: String,
    /// Copies, as they were typed.
    pub cc: String,
    /// Whether what it answers is quoted below.
    pub quote: bool,
}

#[derive(Template)]
#[template(path = "screens/thread.html")]
struct Page<'a> {
    problem: Option<Problem>,
    id: String,
    status: ThreadStatus,
    needs_review: bool,
    skip_ai: bool,
    related: Option<String>,
    tags: String,
    tag_list: Vec<String>,
    entries: Vec<Entry>,
    older: u32,
    reviews: Vec<Review>,
    /// One of them is on its way: the page looks how it went.
    is_leaving: bool,
    access: Access,
    compose: Option<Compose<'a>>,
    contact: Option<Person>,
    identity: Option<Mailbox>,
}

struct Compose<'a> {
    based_on: String,
    from: &'a str,
    to: String,
    answer: OwnAnswer,
    is_open: bool,
    can_send: bool,
}

struct Person {
    id: String,
    name: Option<String>,
    email: String,
    status: ContactStatus,
    seen: When,
    is_lookalike: bool,
    /// The address, for the value of a query.
    search: String,
}

struct Mailbox {
    id: String,
    name: String,
    address: String,
}

/// The conversation, with the forms for what can be done about it.
pub fn thread(view: Conversation<'_>, problem: Option<Problem>, answer: Option<OwnAnswer>) -> Screen {
    let thread = view.thread;
    let all: Vec<&Draft> = view.drafts.iter().collect();
    let tag_list: Vec<_> = thread.tags.iter().map(|tag| line(tag)).collect();
    let reviews: Vec<_> =
        view.open.iter().map(|proposal| Review::of(proposal, view.access, Entered::default(), view.now)).collect();
    let page = Page {
        problem,
        id: thread.id.to_string(),
        status: thread.status,
        needs_review: thread.needs_review,
        skip_ai: thread.skip_ai,
        related: thread.related_thread_id.map(|id| id.to_string()),
        tags: tag_list.join(", "),
        tag_list,
        entries: entries(view.messages, &all, view.runs, view.now),
        older: view.messages_total.saturating_sub(u32::try_from(view.messages.len()).unwrap_or(u32::MAX)),
        is_leaving: reviews.iter().any(|review| review.is_leaving),
        reviews,
        access: view.access,
        compose: compose(&view, answer),
        contact: view.contact.map(|contact| Person {
            id: contact.id.to_string(),
            name: contact.name.as_deref().map(line),
            email: line(contact.email.as_str()),
            status: contact.status,
            seen: when(contact.last_seen_at, view.now),
            is_lookalike: contact.is_lookalike(),
            search: in_query(contact.email.as_str()),
        }),
        identity: view.identity.map(|identity| Mailbox {
            id: identity.id.to_string(),
            name: line(identity.display_name.as_str()),
            address: identity.email_address.to_string(),
        }),
    };
    let subject = line(&thread.subject);
    let title = if subject.is_empty() { "(no subject)".to_owned() } else { subject };
    Screen::of(Section::Inbox, title, &page)
}

/// A draft that a person should look at: it waits, or it was approved and is not on its way.
pub fn is_open(draft: &Draft) -> bool {
    match draft.status {
        DraftStatus::Pending | DraftStatus::Approved => true,
        DraftStatus::Rejected | DraftStatus::Sent | DraftStatus::Stale | DraftStatus::Failed | DraftStatus::Expired => {
            false
        }
    }
}

fn compose<'a>(view: &Conversation<'a>, answer: Option<OwnAnswer>) -> Option<Compose<'a>> {
    let identity = view.identity?;
    let based_on = view.thread.last_inbound_message_id.filter(|_| view.access.draft)?;
    let answered = view.messages.iter().find(|(message, _)| message.id == based_on);
    let to = answered.map(|(message, _)| {
        message.reply_to.first().map_or_else(|| line(&message.from_email), |mailbox| line(&mailbox.email))
    });
    Some(Compose {
        based_on: based_on.to_string(),
        from: identity.email_address.as_str(),
        to: to.unwrap_or_else(|| "the sender of the newest mail".to_owned()),
        is_open: answer.is_some(),
        answer: answer.unwrap_or_default(),
        can_send: view.access.decide,
    })
}
