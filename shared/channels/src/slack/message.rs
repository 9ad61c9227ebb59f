//! The messages in a Slack channel: a proposal, a sender who waits, and the one that says who will be asked here.

use actionlayer_domain::{Identity, contact::HeldInbound};
use serde_json::{Value, json};

use super::blocks::{actions, button, context, divider, escaped, header, marked, marked_context, quotation, section};
use crate::{
    Proposal,
    excerpt::Piece,
    held::{HeldStanding, ShownHeld, held_headline},
    legible::line,
    press::Action,
    proposal::{Room, Shown},
    standing::{Tone, standing},
    units::cut_utf16,
};

/// A message, as `chat.postMessage` and `chat.update` take it.
#[derive(Clone, PartialEq)]
pub struct SlackMessage {
    /// What notifications and screen readers say.
    pub text: String,
    /// What is shown.
    pub blocks: Value,
}

actionlayer_domain::debug_without_content!(SlackMessage);

/// Of the draft three sections of 3,000 are shown, of the newest inbound mail what a person reads to know it again.
const ROOM: Room = Room { draft: usize::MAX, inbound: 900 };
const DRAFT_SECTIONS: usize = 3;
const RATIONALE_UNITS: usize = 1_200;
/// The newest comments that are shown; the page shows all.
const COMMENTS: usize = 2;
const COMMENT_UNITS: usize = 500;
const DIFF_UNITS: usize = 1_500;
/// The most of addresses, subject and files.
const LINES_UNITS: usize = 2_500;
/// Slack takes more, but shows a line of it.
const TEXT_UNITS: usize = 300;

/// A draft, and the buttons to decide on it or what was decided. `value` gives the signed value of a button; `page` leads
/// to the whole draft, to be read only.
pub fn proposal_message(
    proposal: &Proposal<'_>,
    shown_version: u32,
    value: impl Fn(Action) -> String,
    page: &str,
) -> SlackMessage {
    let shown = proposal.shown(ROOM);
    let standing = standing(proposal.draft, shown_version);
    let mut blocks = vec![header(&shown.headline), section(&cut_utf16(&addressing(&shown), LINES_UNITS).0)];
    let mut whole = true;
    if shown_version == shown.version {
        whole = draft(&mut blocks, &shown);
    }
    let end = match &standing {
        Some(standing) => {
            blocks.push(marked(&format!("{} *{}*", sign(standing.tone), escaped(&standing.sentence))));
            if let Some(reason) = &standing.reason {
                blocks.extend(quotation(reason, 1).0);
            }
            false
        }
        None => {
            blocks.extend(shown.warnings.iter().map(|risk| marked(&format!(":warning: *{risk}*"))));
            blocks.push(actions(&decide_buttons(proposal, value)));
            true
        }
    };
    blocks.push(marked_context(&footer(&shown, shown_version, page, whole, end)));
    let text = match &standing {
        Some(standing) => format!("{} ({})", standing.sentence, shown.subject),
        None => format!("{}: {}", shown.headline, shown.subject),
    };
    SlackMessage { text: escaped(&cut_utf16(&text, TEXT_UNITS).0), blocks: Value::Array(blocks) }
}

fn addressing(shown: &Shown) -> String {
    let mut lines = vec![format!("From: {}", shown.from), format!("To: {}", shown.to)];
    for (label, value) in [("Cc", &shown.cc), ("Bcc", &shown.bcc)] {
        if !value.is_empty() {
            lines.push(format!("{label}: {value}"));
        }
    }
    if let Some(reply_to) = &shown.reply_to {
        lines.push(format!("Reply-To: {reply_to}"));
    }
    lines.push(format!("Subject: {}", shown.subject));
    lines.join("\n")
}

/// The draft and why; says whether all that leaves is there.
fn draft(blocks: &mut Vec<Value>, shown: &Shown) -> bool {
    blocks.push(divider());
    let (sections, all_text) = quotation(&shown.text.text, DRAFT_SECTIONS);
    blocks.extend(sections);
    let mut whole = all_text;
    if !all_text {
        blocks.push(marked_context("The draft goes on: read it whole before you decide."));
    }
    if shown.html_as_text.is_some() {
        whole = false;
        blocks.push(marked_context("It has an HTML version too, with other words: read it whole before you decide."));
    } else if shown.html_says_the_same {
        blocks.push(marked_context("It has an HTML version too, which says the same."));
    }
    if !shown.pictures.is_empty() {
        whole = false;
        blocks.push(marked_context("It loads pictures from elsewhere, whose content can change: read it whole."));
    }
    if shown.history.is_some() {
        blocks.push(marked_context("The message it answers is quoted below it, whole."));
    }
    if !shown.files.is_empty() {
        blocks.push(context(&cut_utf16(&format!("Files: {}", shown.files.join(", ")), LINES_UNITS).0));
    }
    if let Some(changes) = &shown.changes {
        blocks.push(marked_context(&format!("*Changed since version {}*", changes.since_version)));
        blocks.push(section(&cut_utf16(&in_marks(&changes.pieces), DIFF_UNITS).0));
    }
    if let Some(rationale) = &shown.rationale {
        blocks.push(context(&format!("Why, says {}", shown.submitted_by)));
        blocks.extend(quotation(&cut_utf16(rationale, RATIONALE_UNITS).0, 1).0);
    }
    for comment in shown.comments.iter().rev().take(COMMENTS).rev() {
        blocks.push(context(&format!("{} answered the mail, {}", comment.by, comment.at)));
        blocks.extend(quotation(&cut_utf16(&comment.text, COMMENT_UNITS).0, 1).0);
    }
    if let Some(inbound) = &shown.inbound {
        blocks.push(context(&format!("The newest message, from {}, {}", inbound.from, inbound.at)));
        blocks.extend(quotation(&inbound.text.text, 1).0);
        if !inbound.files.is_empty() {
            blocks.push(context(&cut_utf16(&format!("With files: {}", inbound.files.join(", ")), LINES_UNITS).0));
        }
    }
    blocks.push(divider());
    whole
}

/// A diff where nothing can be struck out: `[-nine-]{+ten+}`, as `git diff --word-diff` writes it.
fn in_marks(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Kept(text) => text.clone(),
            Piece::Removed(text) => format!("[-{text}-]"),
            Piece::Added(text) => format!("{{+{text}+}}"),
        })
        .collect()
}

fn decide_buttons(proposal: &Proposal<'_>, value: impl Fn(Action) -> String) -> Vec<Value> {
    let mut buttons = Vec::new();
    if !proposal.is_stale() {
        buttons.push(button("approve_and_send", "Approve & send", Some("primary"), &value(Action::ApproveAndSend)));
        buttons.push(button("approve", "Approve", None, &value(Action::Approve)));
        buttons.push(button("edit", "Edit", None, &value(Action::Edit)));
    }
    buttons.push(button("reject", "Reject", Some("danger"), &value(Action::Reject)));
    buttons
}

fn footer(shown: &Shown, version: u32, page: &str, whole: bool, open: bool) -> String {
    let mut parts = vec![format!("Version {version}")];
    if open {
        parts.push("“Approve” leaves sending to its author".to_owned());
        parts.extend(shown.expires_at.as_ref().map(|at| format!("expires {at}")));
    }
    // An address of ours; no mail or draft has a part in it.
    let label = if whole { "Open its page" } else { "Read it whole" };
    parts.push(format!("<{page}|{label}>"));
    parts.join(" · ")
}

fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => ":white_check_mark:",
        Tone::Bad => ":no_entry:",
        Tone::Over => ":hourglass:",
    }
}

/// A sender whose mail is held, and the buttons to let it in or not.
pub fn held_message(identity: &Identity, held: &HeldInbound, value: impl Fn(Action) -> String) -> SlackMessage {
    let shown = ShownHeld::new(identity, held);
    let mut blocks = vec![
        header(&shown.headline),
        section(
            &cut_utf16(
                &format!("From: {}\nSubject: {}\nReceived: {}", shown.from, shown.subject, shown.at),
                LINES_UNITS,
            )
            .0,
        ),
    ];
    blocks.extend(quotation(&shown.snippet, 1).0);
    blocks.extend(shown.warnings.iter().map(|risk| marked(&format!(":warning: *{risk}*"))));
    blocks.push(actions(&[
        button("trust", "Trust", Some("primary"), &value(Action::Trust)),
        button("block", "Block", Some("danger"), &value(Action::Block)),
    ]));
    blocks.push(marked_context(
        "“Trust” lets everything in that this sender wrote, “Block” drops it and what comes later.",
    ));
    SlackMessage { text: escaped(&cut_utf16(&shown.headline, TEXT_UNITS).0), blocks: Value::Array(blocks) }
}

/// What became of a sender.
pub fn sender_decided_message(identity: &Identity, from_email: &str, standing: &HeldStanding) -> SlackMessage {
    let sentence = standing.sentence();
    let sign = if standing.trusted { ":white_check_mark:" } else { ":no_entry:" };
    let blocks = json!([
        header(&held_headline(identity)),
        section(&format!("From: {}", cut_utf16(&line(from_email), LINES_UNITS).0)),
        marked(&format!("{sign} *{}*", escaped(&sentence))),
    ]);
    SlackMessage { text: escaped(&cut_utf16(&sentence, TEXT_UNITS).0), blocks }
}

/// What is posted when a channel is saved or tested: it proves that the bot may write here.
pub fn greeting_message(sentence: &str) -> SlackMessage {
    let sentence = line(sentence);
    SlackMessage { text: escaped(&cut_utf16(&sentence, TEXT_UNITS).0), blocks: json!([section(&sentence)]) }
}
