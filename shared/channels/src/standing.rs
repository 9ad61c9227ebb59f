//! How a draft stands, in the words that every channel uses.

use actionlayer_domain::{
    Draft, DraftRefusal, DraftStatus,
    draft::{Actor, ActorKind, SendState},
};

use crate::legible::{cut, line, moment};

/// The most of a reason or a failure that a message repeats, in characters.
const REASON_CHARS: usize = 500;

/// How it went, for a colour or a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Approved or sent.
    Good,
    /// Rejected or failed.
    Bad,
    /// Nobody needs to decide any more.
    Over,
}

/// What a message about one version of a draft says in place of its buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How it went.
    pub tone: Tone,
    /// `Approved by Dana in Slack on 2026-04-30 14:28 UTC, and sent.`
    pub sentence: String,
    /// The reason of whoever rejected it, or why sending failed: somebody else's words.
    pub reason: Option<String>,
}

/// `None` while the version waits for a decision.
pub fn standing(draft: &Draft, shown_version: u32) -> Option<Standing> {
    let plain = |tone, sentence: &str| Standing { tone, sentence: sentence.to_owned(), reason: None };
    let by = || by(draft.decided_by.as_ref(), draft.decided_at.map(moment));
    if shown_version < draft.version {
        return Some(plain(
            Tone::Over,
            &format!("This version was edited. Version {} is asked about now.", draft.version),
        ));
    }
    let shorten = |text: &str| cut(&line(text), REASON_CHARS).text;
    match draft.status {
        DraftStatus::Pending if draft.stale_warning => Some(stale()),
        DraftStatus::Pending => None,
        DraftStatus::Approved => {
            let then = match draft.send_state {
                None => "Its author sends it",
                Some(SendState::Queued | SendState::Sending) => "It is being sent",
            };
            Some(plain(Tone::Good, &format!("Approved{}. {then}.", by())))
        }
        DraftStatus::Sent => Some(plain(Tone::Good, &format!("Approved{}, and sent.", by()))),
        DraftStatus::Rejected => Some(Standing {
            tone: Tone::Bad,
            sentence: format!("Rejected{}. It will not be sent.", by()),
            reason: draft.reject_reason.as_deref().map(shorten),
        }),
        DraftStatus::Failed => Some(Standing {
            tone: Tone::Bad,
            sentence: format!("Approved{}, but sending failed.", by()),
            reason: draft.failure.as_ref().map(|failure| shorten(&failure.message)),
        }),
        DraftStatus::Stale => Some(stale()),
        DraftStatus::Expired => Some(plain(Tone::Over, "Nobody decided in time. It will not be sent.")),
    }
}

fn stale() -> Standing {
    Standing {
        tone: Tone::Over,
        sentence: "Out of date: a newer message arrived. It cannot be sent; its author has to write another."
            .to_owned(),
        reason: None,
    }
}

/// ` by Dana in Slack on 2026-04-30 14:28 UTC`, as far as it is known.
fn by(actor: Option<&Actor>, at: Option<String>) -> String {
    let by = actor.map(|actor| format!(" by {}", named(actor))).unwrap_or_default();
    let at = at.map(|at| format!(" on {at}")).unwrap_or_default();
    format!("{by}{at}")
}

/// Who decided, as people say it.
pub fn named(actor: &Actor) -> String {
    let name = cut(&line(&actor.name), 80).text;
    match actor.kind {
        ActorKind::ApiKey => format!("the API key “{name}”"),
        ActorKind::User => name,
        ActorKind::Rule => format!("the rule “{name}”"),
        ActorKind::Email => format!("{name} by e-mail"),
        ActorKind::Slack => format!("{name} in Slack"),
        ActorKind::Telegram => format!("{name} in Telegram"),
        ActorKind::Identity => format!("the standing approval of {name}"),
    }
}

/// Why somebody's press decided nothing, in a sentence or two.
pub fn refusal_sentence(refusal: &DraftRefusal) -> String {
    match refusal {
        DraftRefusal::Decided { status, by: actor, at } => {
            let verb = if *status == DraftStatus::Rejected { "rejected" } else { "approved" };
            format!("It was {verb}{} already. The first decision counts.", by(actor.as_ref(), at.map(moment)))
        }
        DraftRefusal::Superseded { seen, current } => {
            format!("You pressed a button of version {seen}, and there is version {current} now. Nothing was decided: look at the newer message.")
        }
        DraftRefusal::Stale => {
            "A newer message arrived, so this draft is out of date: it cannot be approved or sent. Its author has to write another.".to_owned()
        }
        DraftRefusal::Expired => "Nobody decided in time, so this draft has expired. It will not be sent.".to_owned(),
        DraftRefusal::AlreadySent => "It was sent already.".to_owned(),
        DraftRefusal::SendInProgress => "It was approved, and is being sent right now.".to_owned(),
        DraftRefusal::Failed(_) => "It was approved already, and sending it failed.".to_owned(),
        DraftRefusal::Rejected => "It was rejected already. It will not be sent.".to_owned(),
        DraftRefusal::ApprovalRequired => "Nobody approved it, so it was not sent.".to_owned(),
    }
}
