//! Unknown senders whose mail is held, as a queue: a first look at each, and yes or no.

use std::collections::HashMap;

use actionlayer_channels::{
    legible::{cut, line},
    proposal::sentence,
};
use actionlayer_domain::{
    Timestamp,
    contact::{HeldInbound, HeldReason},
};
use askama::Template;

use super::{
    Access, Pager, Problem, Screen,
    parts::{When, in_query, when},
    timeline::proof,
};
use crate::dashboard::Section;

/// What the queue shows.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The page of it.
    pub mails: &'a [HeldInbound],
    /// How many are held.
    pub total: u64,
    /// Whether mail of unknown senders is held at all.
    pub gating: bool,
    /// The cursor that was followed.
    pub cursor: Option<&'a str>,
    /// The cursor to older ones.
    pub next_cursor: Option<&'a str>,
    /// What the visitor may do.
    pub access: Access,
    pub now: Timestamp,
}

#[derive(Template)]
#[template(path = "screens/held.html")]
struct Page {
    problem: Option<Problem>,
    senders: Vec<Sender>,
    total: u64,
    gating: bool,
    access: Access,
    pager: Pager,
}

struct Sender {
    /// Deciding about one of their mails decides about all of them.
    first_id: String,
    name: Option<String>,
    email: String,
    is_proven: bool,
    proof: String,
    flags: Vec<&'static str>,
    mails: Vec<Mail>,
    over_plan: bool,
}

struct Mail {
    subject: String,
    snippet: String,
    to: String,
    at: When,
}

/// The queue, one entry for each sender of the page.
pub fn held(view: Held<'_>, problem: Option<Problem>) -> Screen {
    let mut order: Vec<Sender> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for mail in view.mails {
        let place = *places.entry(mail.from_email.to_lowercase()).or_insert_with(|| {
            order.push(sender(mail));
            order.len() - 1
        });
        if let Some(sender) = order.get_mut(place) {
            for flag in &mail.safety_flags {
                let flag = sentence(*flag);
                if !sender.flags.contains(&flag) {
                    sender.flags.push(flag);
                }
            }
            sender.mails.push(Mail {
                subject: cut(&line(&mail.subject), 160).text,
                snippet: cut(&line(&mail.snippet), 300).text,
                to: mail.recipient.to_string(),
                at: when(mail.received_at, view.now),
            });
        }
    }
    let page = Page {
        problem,
        senders: order,
        total: view.total,
        gating: view.gating,
        access: view.access,
        pager: Pager {
            newest: view.cursor.map(|_| "/held".to_owned()),
            older: view.next_cursor.map(|cursor| format!("/held?cursor={}", in_query(cursor))),
        },
    };
    Screen::of(Section::Held, "Unknown senders", &page)
}

fn sender(mail: &HeldInbound) -> Sender {
    let (is_proven, proof) = proof(mail.authentication);
    Sender {
        first_id: mail.id.to_string(),
        name: mail.from_name.as_deref().map(line).filter(|name| !name.is_empty()),
        email: line(&mail.from_email),
        is_proven,
        proof,
        flags: Vec::new(),
        mails: Vec::new(),
        over_plan: mail.reason == HeldReason::PlanLimit,
    }
}
