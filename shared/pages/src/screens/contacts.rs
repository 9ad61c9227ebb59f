//! Contacts: the people mail was exchanged with, and whether their mail comes straight in.

use std::fmt::Write as _;

use actionlayer_channels::legible::line;
use actionlayer_domain::{
    Timestamp,
    contact::{Contact, ContactStatus},
};
use askama::Template;

use super::{
    Access, Choice, Pager, Problem, Screen,
    parts::{When, in_query, when},
};
use crate::dashboard::Section;

/// What the list shows.
#[derive(Debug, Clone, Copy)]
pub struct ContactList<'a> {
    /// The page of it.
    pub contacts: &'a [Contact],
    /// Only those of this status.
    pub status: Option<ContactStatus>,
    /// The words that were searched for.
    pub search: &'a str,
    /// The cursor that was followed.
    pub cursor: Option<&'a str>,
    /// The cursor to others.
    pub next_cursor: Option<&'a str>,
    /// What the visitor may do.
    pub access: Access,
    pub now: Timestamp,
}

#[derive(Template)]
#[template(path = "screens/contacts.html")]
struct ListPage<'a> {
    problem: Option<Problem>,
    shows: Vec<Choice>,
    status: &'static str,
    search: &'a str,
    rows: Vec<Row>,
    pager: Pager,
    access: Access,
}

struct Row {
    id: String,
    name: Option<String>,
    email: String,
    status: ContactStatus,
    tags: Vec<String>,
    is_lookalike: bool,
    seen: When,
}

/// All contacts, and the form for another.
pub fn contacts(view: ContactList<'_>, problem: Option<Problem>) -> Screen {
    let status = view.status.map_or("", ContactStatus::as_str);
    let link = |status: &str, cursor: Option<&str>| {
        let mut link = format!("/contacts?status={status}");
        for (name, value) in [("q", view.search), ("cursor", cursor.unwrap_or_default())] {
            if !value.is_empty() {
                let _ = write!(link, "&{name}={}", in_query(value));
            }
        }
        link
    };
    let shows = [("", "All"), ("trusted", "Trusted"), ("pending", "Undecided"), ("blocked", "Blocked")];
    let page = ListPage {
        problem,
        shows: shows.into_iter().map(|(value, name)| Choice::new(link(value, None), name, value == status)).collect(),
        status,
        search: view.search,
        rows: view.contacts.iter().map(|contact| row(contact, view.now)).collect(),
        pager: Pager {
            newest: view.cursor.map(|_| link(status, None)),
            older: view.next_cursor.map(|cursor| link(status, Some(cursor))),
        },
        access: view.access,
    };
    Screen::of(Section::Contacts, "Contacts", &page)
}

fn row(contact: &Contact, now: Timestamp) -> Row {
    Row {
        id: contact.id.to_string(),
        name: contact.name.as_deref().map(line).filter(|name| !name.is_empty()),
        email: line(contact.email.as_str()),
        status: contact.status,
        tags: contact.tags.iter().map(|tag| line(tag)).collect(),
        is_lookalike: contact.is_lookalike(),
        seen: when(contact.last_seen_at, now),
    }
}

#[derive(Template)]
#[template(path = "screens/contact.html")]
struct Page {
    problem: Option<Problem>,
    contact: Row,
    tags: String,
    search: String,
    made: When,
    access: Access,
}

/// One contact.
pub fn contact(contact: &Contact, access: Access, problem: Option<Problem>, now: Timestamp) -> Screen {
    let shown = row(contact, now);
    let title = shown.name.clone().unwrap_or_else(|| shown.email.clone());
    let page = Page {
        problem,
        tags: shown.tags.join(", "),
        search: in_query(contact.email.as_str()),
        made: when(contact.created_at, now),
        contact: shown,
        access,
    };
    Screen::of(Section::Contacts, title, &page)
}
