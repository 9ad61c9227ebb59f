//! Suppressions: addresses that nothing is sent to any more.

use actionlayer_channels::legible::line;
use actionlayer_domain::{Suppression, SuppressionReason, Timestamp};
use askama::Template;

use super::{
    Access, Pager, Problem, Screen,
    parts::{When, in_query, when},
};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/suppressions.html")]
struct Page {
    problem: Option<Problem>,
    rows: Vec<Row>,
    pager: Pager,
    access: Access,
}

struct Row {
    id: String,
    email: String,
    reason: &'static str,
    at: When,
}

/// The list. `cursor` is the one that was followed, `next_cursor` leads on.
pub fn suppressions(
    list: &[Suppression],
    cursor: Option<&str>,
    next_cursor: Option<&str>,
    access: Access,
    problem: Option<Problem>,
    now: Timestamp,
) -> Screen {
    let row = |suppression: &Suppression| Row {
        id: suppression.id.to_string(),
        email: line(suppression.email.as_str()),
        reason: match suppression.reason {
            SuppressionReason::Bounce => "Mail to it bounced for good",
            SuppressionReason::Complaint => "Its owner called a mail spam",
        },
        at: when(suppression.created_at, now),
    };
    let page = Page {
        problem,
        rows: list.iter().map(row).collect(),
        pager: Pager {
            newest: cursor.map(|_| "/suppressions".to_owned()),
            older: next_cursor.map(|cursor| format!("/suppressions?cursor={}", in_query(cursor))),
        },
        access,
    };
    Screen::of(Section::Suppressions, "Suppressions", &page)
}
