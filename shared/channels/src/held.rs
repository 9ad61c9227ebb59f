//! A sender who waits for a decision, as every channel shows them.

use actionlayer_domain::{Identity, Timestamp, contact::HeldInbound, draft::Actor};

use crate::{
    legible::{cut, line, lines, moment},
    proposal::sentence,
    standing::named,
};

/// The most of a stranger's name and subject that is repeated, in characters.
const LINE_CHARS: usize = 160;

/// What was decided about a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldStanding {
    /// Let in, or dropped.
    pub trusted: bool,
    /// Who decided, if that is known.
    pub by: Option<Actor>,
    pub at: Option<Timestamp>,
}

impl HeldStanding {
    /// `Trusted by Dana in Slack on 2026-04-30 14:28 UTC. Their mail came in.`
    pub(crate) fn sentence(&self) -> String {
        let by = self.by.as_ref().map(|by| format!(" by {}", named(by))).unwrap_or_default();
        let at = self.at.map(|at| format!(" on {}", moment(at))).unwrap_or_default();
        let (verb, then) =
            if self.trusted { ("Trusted", "Their mail came in") } else { ("Blocked", "Their mail is dropped") };
        format!("{verb}{by}{at}. {then}.")
    }
}

/// Held mail, legible and bounded, not yet escaped.
#[derive(Debug)]
pub struct ShownHeld {
    /// `Somebody new wrote to Mia`.
    pub headline: String,
    /// Who wrote: name, if there is one, and address.
    pub from: String,
    /// The address alone.
    pub from_email: String,
    pub subject: String,
    /// When it came.
    pub at: String,
    /// How it begins.
    pub snippet: String,
    /// What is risky, in words.
    pub warnings: Vec<&'static str>,
}

impl ShownHeld {
    /// What is shown of a mail to an identity.
    pub fn new(identity: &Identity, held: &HeldInbound) -> Self {
        let shown = |text: &str| cut(&line(text), LINE_CHARS).text;
        let from_email = shown(&held.from_email);
        let from = match &held.from_name {
            Some(name) => format!("{} <{from_email}>", shown(name)),
            None => from_email.clone(),
        };
        Self {
            headline: held_headline(identity),
            from,
            from_email,
            subject: shown(&held.subject),
            at: moment(held.received_at),
            snippet: lines(&held.snippet),
            warnings: held.safety_flags.iter().map(|flag| sentence(*flag)).collect(),
        }
    }
}

/// What a message about a sender begins with.
pub(crate) fn held_headline(identity: &Identity) -> String {
    format!("Somebody new wrote to {}", cut(&line(identity.display_name.as_str()), LINE_CHARS).text)
}
