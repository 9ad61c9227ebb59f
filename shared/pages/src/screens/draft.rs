//! Drafts: the list of them, and one with its versions and whom was told.

use actionlayer_channels::{
    Proposal, changes_between,
    excerpt::Piece,
    legible::{cut, line},
    named,
};
use actionlayer_domain::{
    Draft, DraftBody, DraftStatus, Timestamp,
    channel::ChannelKind,
    notification::{Notification, NotificationState},
};
use askama::Template;

use super::{
    Access, Choice, Pager, Problem, Screen,
    parts::{When, when},
    review::{Diff, Entered, Review},
};
use crate::dashboard::Section;

/// A version before the current one.
#[derive(Debug, Clone, Copy)]
pub struct EarlierVersion<'a> {
    /// Its number.
    pub version: u32,
    pub subject: &'a str,
    pub body: &'a DraftBody,
    pub replaced_at: Timestamp,
}

#[derive(Template)]
#[template(path = "screens/draft.html")]
struct Page {
    problem: Option<Problem>,
    r: Review,
    thread_id: String,
    thread_subject: String,
    inbound: Option<Inbound>,
    versions: Vec<Version>,
    notices: Vec<Notice>,
    id: String,
}

struct Inbound {
    from: String,
    at: String,
    text: String,
    more: bool,
}

struct Version {
    from: u32,
    to: u32,
    at: When,
    pieces: Diff,
}

struct Notice {
    is_failed: bool,
    words: String,
    fix: Option<String>,
    at: When,
}

/// One draft: to be decided, with all that it was before.
pub fn draft(
    proposal: &Proposal<'_>,
    earlier: &[EarlierVersion<'_>],
    access: Access,
    problem: Option<Problem>,
    entered: Entered,
    now: Timestamp,
) -> Screen {
    let draft = proposal.draft;
    let r = Review::of(proposal, access, entered, now);
    let inbound = r.p.inbound.as_ref().map(|inbound| Inbound {
        from: inbound.from.clone(),
        at: inbound.at.clone(),
        text: inbound.text.text.clone(),
        more: inbound.text.more,
    });
    let page = Page {
        problem,
        thread_id: draft.thread_id.to_string(),
        thread_subject: line(&proposal.thread.subject),
        inbound,
        versions: versions(proposal, earlier, now),
        notices: draft.notifications.iter().map(|notice| told_whom(notice, now)).collect(),
        id: draft.id.to_string(),
        r,
    };
    Screen::of(Section::Drafts, line(draft.subject.as_str()), &page)
}

/// What changed from each version to the next, the newest change first, but for what is shown above.
fn versions(proposal: &Proposal<'_>, earlier: &[EarlierVersion<'_>], now: Timestamp) -> Vec<Version> {
    let mut sorted = earlier.to_vec();
    sorted.sort_by_key(|version| version.version);
    let mut changes = Vec::with_capacity(sorted.len());
    for (i, old) in sorted.iter().enumerate() {
        let (to, new) = match sorted.get(i + 1) {
            Some(next) => (next.version, (next.subject, next.body)),
            None => (proposal.draft.version, (proposal.draft.subject.as_str(), proposal.body)),
        };
        let pieces = changes_between((old.subject, old.body), new);
        changes.push(Version { from: old.version, to, at: when(old.replaced_at, now), pieces });
    }
    // What changed since approvers were asked stands above the buttons already.
    let shown = proposal.previous.map(|previous| previous.version);
    if changes.last().is_some_and(|last| Some(last.from) == shown) {
        changes.pop();
    }
    changes.reverse();
    changes
}

fn told_whom(notice: &Notification, now: Timestamp) -> Notice {
    let place = line(&notice.recipient);
    let whom = match notice.channel {
        ChannelKind::Email => format!("{place} by e-mail"),
        ChannelKind::Slack => format!("{place} in Slack"),
        ChannelKind::Telegram => format!("chat {place} in Telegram"),
    };
    let is_failed = notice.state == NotificationState::Failed;
    let words = if is_failed {
        let error = notice.error.as_deref().map(|error| format!(": {}", line(error))).unwrap_or_default();
        format!("Could not ask {whom} about version {}{error}", notice.version)
    } else {
        format!("Asked {whom} about version {}", notice.version)
    };
    Notice { is_failed, words, fix: notice.fix.as_deref().map(line), at: when(notice.at, now) }
}

/// What the list shows.
#[derive(Debug, Clone, Copy)]
pub struct DraftList<'a> {
    /// Those in this state; none for all.
    pub status: Option<DraftStatus>,
    /// The page of them.
    pub drafts: &'a [Draft],
    /// How many wait for a decision.
    pub pending: u64,
    /// The cursor that was followed.
    pub cursor: Option<&'a str>,
    /// The cursor to older ones.
    pub next_cursor: Option<&'a str>,
    pub now: Timestamp,
}

#[derive(Template)]
#[template(path = "screens/drafts.html")]
struct ListPage {
    problem: Option<Problem>,
    shows: Vec<Choice>,
    is_pending: bool,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: String,
    to: String,
    subject: String,
    by: String,
    at: When,
    tone: &'static str,
    state: &'static str,
    is_open: bool,
}

/// Drafts, those that wait for a decision first.
pub fn drafts(view: DraftList<'_>, problem: Option<Problem>) -> Screen {
    let value = view.status.map_or("all", DraftStatus::as_str);
    let shown = [
        Some(DraftStatus::Pending),
        Some(DraftStatus::Approved),
        Some(DraftStatus::Sent),
        Some(DraftStatus::Rejected),
        Some(DraftStatus::Stale),
        Some(DraftStatus::Failed),
        None,
    ];
    let shows = shown.into_iter().map(|status| {
        let name = status.map_or("all", DraftStatus::as_str);
        Choice {
            count: (status == Some(DraftStatus::Pending)).then(|| view.pending.to_string()),
            ..Choice::new(format!("/drafts?status={name}"), status.map_or("All", state_words), name == value)
        }
    });
    let page = ListPage {
        problem,
        shows: shows.collect(),
        is_pending: view.status == Some(DraftStatus::Pending),
        rows: view.drafts.iter().map(|draft| row(draft, view.now)).collect(),
        pager: Pager {
            newest: view.cursor.map(|_| format!("/drafts?status={value}")),
            older: view
                .next_cursor
                .map(|cursor| format!("/drafts?status={value}&cursor={}", super::parts::in_query(cursor))),
        },
    };
    Screen::of(Section::Drafts, "Drafts", &page)
}

const fn state_words(status: DraftStatus) -> &'static str {
    match status {
        DraftStatus::Pending => "Waiting for approval",
        DraftStatus::Approved => "Approved",
        DraftStatus::Rejected => "Rejected",
        DraftStatus::Sent => "Sent",
        DraftStatus::Stale => "Out of date",
        DraftStatus::Failed => "Failed",
        DraftStatus::Expired => "Expired",
    }
}

fn row(draft: &Draft, now: Timestamp) -> Row {
    Row {
        id: draft.id.to_string(),
        to: draft.to.iter().map(|address| line(address.as_str())).collect::<Vec<_>>().join(", "),
        subject: cut(&line(draft.subject.as_str()), 160).text,
        by: named(&draft.submitted_by),
        at: when(draft.created_at, now),
        tone: match draft.status {
            DraftStatus::Pending => "info",
            DraftStatus::Approved | DraftStatus::Sent => "good",
            DraftStatus::Rejected | DraftStatus::Failed => "bad",
            DraftStatus::Stale => "warn",
            DraftStatus::Expired => "",
        },
        state: if draft.send_state.is_some() { "On its way" } else { state_words(draft.status) },
        is_open: draft.status == DraftStatus::Pending,
    }
}
