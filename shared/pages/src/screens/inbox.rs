//! Conversations: those to look at first, then those with a draft that waits for a decision, then all.

use std::fmt::Write as _;

use actionlayer_channels::legible::{cut, line};
use actionlayer_domain::{Identity, Thread, Timestamp, thread::ThreadStatus};
use askama::Template;

use super::{
    Choice, Pager, Problem, Screen,
    parts::{When, in_query, when},
};
use crate::dashboard::Section;

/// Which conversations are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Those that somebody should look at.
    Review,
    /// Those with a draft that waits for a decision.
    Waiting,
    All,
}

impl Show {
    /// Every choice, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Review, Self::Waiting, Self::All];

    /// Its value in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Waiting => "waiting",
            Self::All => "all",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Review => "Needs review",
            Self::Waiting => "Waiting for approval",
            Self::All => "All",
        }
    }
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// To look at.
    pub review: u64,
    /// With a draft that waits.
    pub waiting: u64,
    pub all: u64,
    /// Unknown senders whose mail is held.
    pub held: u64,
}

/// What the inbox shows.
#[derive(Debug, Clone, Copy)]
pub struct Inbox<'a> {
    /// Which conversations.
    pub show: Show,
    /// The words that were searched for, as they were typed.
    pub search: &'a str,
    /// Of one identity alone, by its id.
    pub identity: &'a str,
    /// How many there are.
    pub counts: Counts,
    /// The page of them.
    pub threads: &'a [Thread],
    /// The mailboxes.
    pub identities: &'a [Identity],
    /// The cursor that was followed.
    pub cursor: Option<&'a str>,
    /// The cursor to older ones.
    pub next_cursor: Option<&'a str>,
    pub now: Timestamp,
}

#[derive(Template)]
#[template(path = "screens/inbox.html")]
struct Page<'a> {
    problem: Option<Problem>,
    shows: Vec<Choice>,
    show: Show,
    search: &'a str,
    identities: Vec<Choice>,
    held: u64,
    rows: Vec<Row>,
    pager: Pager,
    is_filtered: bool,
    has_identity: bool,
    address: Option<&'a str>,
}

struct Row {
    id: String,
    who: String,
    subject: String,
    snippet: String,
    at: When,
    status: ThreadStatus,
    needs_review: bool,
    messages: u32,
    tags: Vec<String>,
    mailbox: Option<String>,
}

/// The most of a snippet and of a subject in a list, in characters.
const ROW_CHARS: usize = 160;

/// The inbox.
pub fn inbox(view: Inbox<'_>, problem: Option<Problem>) -> Screen {
    let link = |show: Show, cursor: Option<&str>| {
        let mut link = format!("/inbox?show={}", show.as_str());
        for (name, value) in [("q", view.search), ("identity", view.identity), ("cursor", cursor.unwrap_or_default())] {
            if !value.is_empty() {
                let _ = write!(link, "&{name}={}", in_query(value));
            }
        }
        link
    };
    let count = |show| match show {
        Show::Review => view.counts.review,
        Show::Waiting => view.counts.waiting,
        Show::All => view.counts.all,
    };
    let several = view.identities.len() > 1;
    let page = Page {
        problem,
        shows: Show::ALL
            .into_iter()
            .map(|show| Choice {
                count: Some(count(show).to_string()),
                ..Choice::new(link(show, None), show.name(), show == view.show)
            })
            .collect(),
        show: view.show,
        search: view.search,
        identities: if several { identity_choices(view.identities, view.identity) } else { Vec::new() },
        held: view.counts.held,
        rows: view.threads.iter().map(|thread| row(thread, view.identities, view.now)).collect(),
        pager: Pager {
            newest: view.cursor.map(|_| link(view.show, None)),
            older: view.next_cursor.map(|cursor| link(view.show, Some(cursor))),
        },
        is_filtered: !view.search.is_empty() || !view.identity.is_empty(),
        has_identity: !view.identities.is_empty(),
        address: view.identities.first().map(|identity| identity.email_address.as_str()),
    };
    Screen::of(Section::Inbox, "Inbox", &page)
}

/// The identities as options, with "all" before them.
pub(super) fn identity_choices(identities: &[Identity], chosen: &str) -> Vec<Choice> {
    let all = Choice::new("", "All identities", chosen.is_empty());
    let each = identities.iter().map(|identity| {
        let id = identity.id.to_string();
        let is_chosen = id == chosen;
        Choice::new(id, identity.email_address.as_str(), is_chosen)
    });
    std::iter::once(all).chain(each).collect()
}

fn row(thread: &Thread, identities: &[Identity], now: Timestamp) -> Row {
    let who = thread.primary_contact_email.as_ref().map(|email| line(email.as_str()));
    let who = who.or_else(|| thread.other_participants.first().map(|address| line(address)));
    let mailbox = identities.iter().find(|identity| identity.id == thread.identity_id);
    let subject = cut(&line(&thread.subject), ROW_CHARS).text;
    Row {
        id: thread.id.to_string(),
        who: who.unwrap_or_else(|| "Nobody yet".to_owned()),
        subject: if subject.is_empty() { "(no subject)".to_owned() } else { subject },
        snippet: cut(&line(&thread.snippet), ROW_CHARS).text,
        at: when(thread.last_message_at, now),
        status: thread.status,
        needs_review: thread.needs_review,
        messages: thread.message_count,
        tags: thread.tags.iter().map(|tag| line(tag)).collect(),
        mailbox: mailbox.filter(|_| identities.len() > 1).map(|identity| identity.email_address.to_string()),
    }
}
