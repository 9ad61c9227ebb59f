//! What happened in a conversation, in order: its mails, and what became of its drafts.

use actionlayer_channels::{
    Tone,
    legible::{cut, line, lines},
    named,
    proposal::sentence,
    standing,
};
use actionlayer_domain::{
    Draft, DraftStatus, Message, MessageBody, Timestamp,
    message::{Attachment, Authentication, DeliveryStatus, Direction},
    rule::RuleRun,
};
use actionlayer_mail::html_to_text;

use super::{
    mail_frame,
    parts::{When, size, when},
    rule_words::{action_words, result_words, withheld_words},
};

/// The most of a mail that is shown at once, in characters; all of it is behind the link to its source.
const TEXT_CHARS: usize = 40_000;

/// Something that happened.
#[derive(Debug)]
pub(super) enum Entry {
    Mail(Box<Mail>),
    /// Something about a draft.
    Step(Step),
    /// A rule that matched.
    Ran(Ran),
}

/// What a rule did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) rule_id: String,
    pub(super) rule_name: String,
    pub(super) at: When,
    pub(super) tone: &'static str,
    /// Each action and what became of it; or why there was none.
    pub(super) outcomes: Vec<String>,
}

/// Something about a draft.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) draft_id: String,
    pub(super) at: When,
    pub(super) tone: &'static str,
    pub(super) sentence: String,
    pub(super) reason: Option<String>,
}

/// A mail, to be shown.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a part of the screen that is there or not")]
pub(super) struct Mail {
    pub(super) id: String,
    pub(super) is_inbound: bool,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) at: When,
    /// What it says that is new.
    pub(super) text: String,
    pub(super) is_cut: bool,
    /// All of it, where that is more.
    pub(super) whole: Option<String>,
    pub(super) has_html: bool,
    pub(super) frame_class: &'static str,
    /// What to know about it before believing it, as sentences.
    pub(super) flags: Vec<&'static str>,
    /// Whether its author's address is proven, in words.
    pub(super) proof: Option<(bool, String)>,
    /// How its delivery went.
    pub(super) delivery: Option<(&'static str, String)>,
    pub(super) files: Vec<File>,
    pub(super) has_source: bool,
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) size: String,
    pub(super) can_be_had: bool,
}

/// Everything that happened, oldest first.
pub(super) fn entries(
    messages: &[(Message, MessageBody)],
    drafts: &[&Draft],
    runs: &[RuleRun],
    now: Timestamp,
) -> Vec<Entry> {
    let mut entries: Vec<(Timestamp, Entry)> = messages
        .iter()
        .map(|(message, body)| (happened(message), Entry::Mail(Box::new(mail(message, body, now)))))
        .collect();
    for draft in drafts {
        entries.extend(steps(draft, now).into_iter().map(|(at, step)| (at, Entry::Step(step))));
    }
    // What is older than the messages that are shown has nothing to stand beside.
    let first = messages.iter().map(|(message, _)| message.created_at).min();
    let runs = runs.iter().filter(|run| first.is_none_or(|first| run.started_at >= first));
    entries.extend(runs.map(|run| (run.started_at, Entry::Ran(ran(run, now)))));
    entries.sort_by_key(|(at, _)| *at);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn happened(message: &Message) -> Timestamp {
    message.received_at.or(message.sent_at).unwrap_or(message.created_at)
}

fn ran(run: &RuleRun, now: Timestamp) -> Ran {
    let results = run.actions.iter().map(|action| (action, result_words(action.result.as_ref())));
    let (tone, outcomes) = match run.withheld {
        Some(withheld) => ("warn", vec![withheld_words(withheld).to_owned()]),
        None => {
            let worst = ["bad", "warn"].into_iter().find(|tone| results.clone().any(|(_, (known, _))| known == *tone));
            let outcomes = results.map(|(action, (_, words))| format!("{}: {words}", action_words(&action.action)));
            (worst.unwrap_or_default(), outcomes.collect())
        }
    };
    Ran {
        rule_id: run.rule_id.to_string(),
        rule_name: line(run.rule_name.as_str()),
        at: when(run.started_at, now),
        tone,
        outcomes,
    }
}

fn steps(draft: &Draft, now: Timestamp) -> Vec<(Timestamp, Step)> {
    let step = |at, tone, sentence, reason| {
        (at, Step { draft_id: draft.id.to_string(), at: when(at, now), tone, sentence, reason })
    };
    let mut steps =
        vec![step(draft.created_at, "", format!("Draft submitted by {}", named(&draft.submitted_by)), None)];
    if let Some(editor) = &draft.edited_by
        && draft.status == DraftStatus::Pending
    {
        let sentence = format!("Draft edited by {}, version {}", named(editor), draft.version);
        steps.push(step(draft.updated_at, "", sentence, None));
    }
    if let Some(standing) = standing(draft, draft.version) {
        let tone = match standing.tone {
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Over => "over",
        };
        let at = draft.decided_at.unwrap_or(draft.updated_at);
        steps.push(step(at, tone, standing.sentence, standing.reason));
    }
    steps
}

fn mail(message: &Message, body: &MessageBody, now: Timestamp) -> Mail {
    let whole = body.text.clone().or_else(|| body.html.as_deref().map(html_to_text)).unwrap_or_default();
    let said = body.extracted_text.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&whole);
    let shown = cut(&lines(said), TEXT_CHARS);
    let is_inbound = message.direction == Direction::Inbound;
    let mut flags: Vec<_> = message.safety_flags.iter().map(|flag| sentence(*flag)).collect();
    if message.parse_limited {
        flags.push("It was too large or too deeply nested to be read whole.");
    }
    if message.is_automated && is_inbound {
        flags.push("A machine wrote it, not a person.");
    }
    Mail {
        id: message.id.to_string(),
        is_inbound,
        from: person(message.from_name.as_deref(), &message.from_email),
        to: message
            .to
            .iter()
            .chain(&message.cc)
            .map(|mailbox| line(&mailbox.email))
            .chain(message.bcc.iter().map(|address| format!("{address} (blind copy)")))
            .collect::<Vec<_>>()
            .join(", "),
        at: when(happened(message), now),
        is_cut: shown.more,
        whole: (whole.trim() != said.trim()).then(|| cut(&lines(&whole), TEXT_CHARS).text),
        has_html: body.html.is_some(),
        frame_class: mail_frame::height(&whole),
        text: shown.text,
        flags,
        proof: message.authentication.filter(|_| is_inbound).map(proof),
        delivery: message.delivery.as_ref().map(|delivery| delivery_words(delivery.status)),
        files: message.attachments.iter().map(|attachment| file(attachment, is_inbound)).collect(),
        has_source: message.raw_id.is_some(),
    }
}

fn person(name: Option<&str>, address: &str) -> String {
    match name.map(line).filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} <{}>", line(address)),
        None => line(address),
    }
}

fn file(attachment: &Attachment, can_be_had: bool) -> File {
    File { id: attachment.id.clone(), name: line(&attachment.filename), size: size(attachment.size_bytes), can_be_had }
}

/// Whether the author's address is proven, and by what.
pub(super) fn proof(authentication: Authentication) -> (bool, String) {
    let checks = format!(
        "SPF {}, DKIM {}, DMARC {}",
        authentication.spf.as_str().to_lowercase(),
        authentication.dkim.as_str().to_lowercase(),
        authentication.dmarc.as_str().to_lowercase()
    );
    if authentication.aligned() {
        (true, format!("The sender's address is proven ({checks})"))
    } else {
        (false, format!("Nothing proves the sender's address ({checks})"))
    }
}

fn delivery_words(status: DeliveryStatus) -> (&'static str, String) {
    let (tone, words) = match status {
        DeliveryStatus::Queued | DeliveryStatus::Sending => ("info", "On its way"),
        DeliveryStatus::Sent => ("", "Sent"),
        DeliveryStatus::Delivered => ("good", "Delivered"),
        DeliveryStatus::Bounced => ("bad", "Bounced: it did not arrive"),
        DeliveryStatus::Complained => ("bad", "Called spam by a recipient"),
        DeliveryStatus::Failed => ("bad", "Not sent"),
    };
    (tone, words.to_owned())
}
