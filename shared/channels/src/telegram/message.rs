//! The messages in a Telegram chat: a proposal, a sender who waits, the questions for a reason and for another text.

use actionlayer_domain::{Identity, contact::HeldInbound};
use serde_json::{Value, json};

use super::html::{Html, inert, inert_piece};
use crate::{
    Proposal,
    excerpt::Piece,
    held::{HeldStanding, ShownHeld, held_headline},
    legible::{line, lines},
    press::Action,
    proposal::{Room, Shown},
    standing::{Standing, Tone, standing},
    units::{cut_utf16, utf16_len},
};

/// A message, as `sendMessage` and `editMessageText` take it, with `parse_mode` HTML and no link preview.
#[derive(Clone, PartialEq)]
pub struct TelegramMessage {
    pub html: String,
    /// Its buttons.
    pub keyboard: Option<Keyboard>,
}

/// Buttons below a message; `reply_markup`.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyboard(pub Value);

actionlayer_domain::debug_without_content!(TelegramMessage);

const ROOM: Room = Room { draft: usize::MAX, inbound: 4_000 };
/// The most of what is short as a rule: addresses, subject, files.
const LINE_UNITS: usize = 300;
const RATIONALE_UNITS: usize = 500;
const INBOUND_UNITS: usize = 700;
/// The newest comments that are shown; the page shows all.
const COMMENTS: usize = 2;
const COMMENT_UNITS: usize = 250;
const DIFF_UNITS: usize = 500;
/// A draft that is longer is not cut below this for what explains it.
const LEAST_DRAFT_UNITS: usize = 1_500;

/// A draft, and the buttons to decide on it or what was decided. `data` gives the signed data of a button; `page` leads to
/// the whole draft, to be read only.
pub fn proposal_message(
    proposal: &Proposal<'_>,
    shown_version: u32,
    data: impl Fn(Action) -> String,
    page: &str,
) -> TelegramMessage {
    let shown = proposal.shown(ROOM);
    let standing = standing(proposal.draft, shown_version);
    let mut html = Html::default();
    html.tagged("b", &inert(&shown.headline)).text("\n");
    addressing(&mut html, &shown);
    // Written first, though it stands last: what is decided on must not be crowded out by a long draft.
    let mut end = Html::default();
    match &standing {
        Some(standing) => outcome(&mut end, standing),
        None => {
            for risk in &shown.warnings {
                end.text("⚠️ ").tagged("b", risk).text("\n");
            }
        }
    }
    end.text(&format!("Version {shown_version}"));
    if standing.is_none() {
        if let Some(at) = &shown.expires_at {
            end.text(&format!(" · expires {at}"));
        }
        end.text(" · “Approve” leaves sending to its author");
    }
    end.text(" · ").link("Read it whole", page);
    if shown_version == shown.version {
        draft(&mut html, &shown, end.units());
    }
    html.append(&end);
    let keyboard = standing.is_none().then(|| Keyboard(json!({"inline_keyboard": rows(proposal, data)})));
    TelegramMessage { html: html.into_text(), keyboard }
}

fn addressing(html: &mut Html, shown: &Shown) {
    let reply_to = shown.reply_to.clone().unwrap_or_default();
    for (label, value) in [
        ("From", &shown.from),
        ("To", &shown.to),
        ("Cc", &shown.cc),
        ("Bcc", &shown.bcc),
        ("Reply-To", &reply_to),
        ("Subject", &shown.subject),
    ] {
        if !value.is_empty() {
            html.tagged("b", label).text(" ").text(&cut_utf16(&inert(value), LINE_UNITS).0).text("\n");
        }
    }
}

const GOES_ON: &str = "The draft goes on: read it whole before you decide.\n";

/// The draft and why, leaving `reserved_units` for what follows.
fn draft(html: &mut Html, shown: &Shown, reserved_units: usize) {
    let mut below = Html::default();
    if shown.html_as_text.is_some() {
        below.text("It has an HTML version too, with other words: read it whole.\n");
    } else if shown.html_says_the_same {
        below.text("It has an HTML version too, which says the same.\n");
    }
    if !shown.pictures.is_empty() {
        below.text("It loads pictures from elsewhere, whose content can change: read it whole.\n");
    }
    if shown.history.is_some() {
        below.text("The message it answers is quoted below it, whole.\n");
    }
    if !shown.files.is_empty() {
        below.tagged("b", "Files").text(" ").text(&cut_utf16(&inert(&shown.files.join(", ")), LINE_UNITS).0).text("\n");
    }
    let mut more = Html::default();
    if let Some(changes) = &shown.changes {
        more.tagged("b", &format!("Changed since version {}", changes.since_version)).text("\n");
        diff(&mut more, &changes.pieces);
    }
    if let Some(rationale) = &shown.rationale {
        more.tagged("b", &format!("Why, says {}", inert(&cut_utf16(&shown.submitted_by, 80).0))).text("\n");
        more.tagged("blockquote", &cut_utf16(&inert(rationale), RATIONALE_UNITS).0).text("\n");
    }
    for comment in shown.comments.iter().rev().take(COMMENTS).rev() {
        let by = cut_utf16(&inert(&comment.by), LINE_UNITS).0;
        more.tagged("b", &format!("{by} answered")).text(&format!(", {}\n", comment.at));
        more.tagged("blockquote", &cut_utf16(&inert(&comment.text), COMMENT_UNITS).0).text("\n");
    }
    if let Some(inbound) = &shown.inbound {
        let from = cut_utf16(&inert(&inbound.from), LINE_UNITS).0;
        more.tagged("b", "The newest message").text(&format!(", from {from}, {}\n", inbound.at));
        more.tagged("blockquote expandable", &cut_utf16(&inert(&inbound.text.text), INBOUND_UNITS).0).text("\n");
    }
    let text = inert(&shown.text.text);
    let room = html.room().saturating_sub(reserved_units + below.units() + utf16_len(GOES_ON) + 1);
    // What is decided on comes before what explains it.
    if room.saturating_sub(more.units()) < utf16_len(&text).min(LEAST_DRAFT_UNITS) {
        more = Html::default();
    }
    let (text, is_cut) = cut_utf16(&text, room.saturating_sub(more.units()));
    html.tagged("blockquote", &text).text("\n");
    if is_cut {
        html.text(GOES_ON);
    }
    html.append(&below).append(&more);
}

fn diff(html: &mut Html, pieces: &[Piece]) {
    let mut left = DIFF_UNITS;
    html.open("<blockquote>");
    for piece in pieces {
        let (tag, text) = match piece {
            Piece::Kept(text) => (None, text),
            Piece::Removed(text) => (Some("s"), text),
            Piece::Added(text) => (Some("u"), text),
        };
        let (text, is_cut) = cut_utf16(&inert_piece(text), left);
        left = left.saturating_sub(utf16_len(&text));
        match tag {
            Some(tag) => html.tagged(tag, &text),
            None => html.text(&text),
        };
        if is_cut {
            break;
        }
    }
    html.open("</blockquote>").text("\n");
}

fn outcome(html: &mut Html, standing: &Standing) {
    let sign = match standing.tone {
        Tone::Good => "✅",
        Tone::Bad => "⛔",
        Tone::Over => "⌛",
    };
    html.text(&format!("{sign} ")).tagged("b", &inert(&standing.sentence)).text("\n");
    if let Some(reason) = &standing.reason {
        html.tagged("blockquote", &inert(reason)).text("\n");
    }
}

fn rows(proposal: &Proposal<'_>, data: impl Fn(Action) -> String) -> Value {
    let button = |label: &str, style: Option<&str>, action| {
        let mut button = json!({"text": label, "callback_data": data(action)});
        if let Some(style) = style {
            button["style"] = style.into();
        }
        button
    };
    let reject = button("Reject", Some("danger"), Action::Reject);
    if proposal.is_stale() {
        return json!([[reject]]);
    }
    json!([
        [button("Approve & send", Some("success"), Action::ApproveAndSend), button("Approve", None, Action::Approve)],
        [button("Edit", None, Action::Edit), reject],
    ])
}

/// A sender whose mail is held, and the buttons to let it in or not.
pub fn held_message(identity: &Identity, held: &HeldInbound, data: impl Fn(Action) -> String) -> TelegramMessage {
    let shown = ShownHeld::new(identity, held);
    let mut html = Html::default();
    html.tagged("b", &inert(&shown.headline)).text("\n");
    for (label, value) in [("From", &shown.from), ("Subject", &shown.subject), ("Received", &shown.at)] {
        html.tagged("b", label).text(" ").text(&cut_utf16(&inert(value), LINE_UNITS).0).text("\n");
    }
    html.tagged("blockquote", &cut_utf16(&inert(&shown.snippet), INBOUND_UNITS).0).text("\n");
    for risk in &shown.warnings {
        html.text("⚠️ ").tagged("b", risk).text("\n");
    }
    html.text("“Trust” lets everything in that this sender wrote, “Block” drops it and what comes later.");
    let button =
        |label: &str, style: &str, action| json!({"text": label, "style": style, "callback_data": data(action)});
    let keyboard = Keyboard(json!({"inline_keyboard": [[
        button("Trust", "success", Action::Trust),
        button("Block", "danger", Action::Block),
    ]]}));
    TelegramMessage { html: html.into_text(), keyboard: Some(keyboard) }
}

/// What became of a sender.
pub fn sender_decided_message(identity: &Identity, from_email: &str, standing: &HeldStanding) -> TelegramMessage {
    let mut html = Html::default();
    html.tagged("b", &inert(&held_headline(identity))).text("\n");
    html.tagged("b", "From").text(" ").text(&cut_utf16(&inert(&line(from_email)), LINE_UNITS).0).text("\n");
    let sign = if standing.trusted { "✅" } else { "⛔" };
    html.text(&format!("{sign} ")).tagged("b", &inert(&standing.sentence()));
    TelegramMessage { html: html.into_text(), keyboard: None }
}

/// How a rejection without a reason is answered.
pub const NO_REASON: &str = "-";

fn prompt(text: &str, placeholder: &str, quoted: Option<&str>) -> TelegramMessage {
    let mut html = Html::default();
    html.text(text);
    if let Some(quoted) = quoted {
        html.text("\n").tagged("pre", quoted);
    }
    let keyboard = json!({"force_reply": true, "selective": true, "input_field_placeholder": placeholder});
    TelegramMessage { html: html.into_text(), keyboard: Some(Keyboard(keyboard)) }
}

/// Asks whoever pressed *Reject* for a reason, as a reply.
pub fn reject_prompt(subject: &str) -> TelegramMessage {
    let subject = cut_utf16(&inert(&line(subject)), LINE_UNITS).0;
    let text = format!(
        "Why do you reject “{subject}”? Reply to this message with a reason, or with {NO_REASON} for none, within ten minutes. Until then nothing is decided."
    );
    prompt(&text, "Reason, for the draft's author", None)
}

/// Asks whoever pressed *Edit* for the whole new text, as a reply. The text there is can be copied from it; `None` when it
/// is too long for a message.
pub fn edit_prompt(subject: &str, text: &str) -> Option<TelegramMessage> {
    const MOST_UNITS: usize = 3_500;
    let subject = cut_utf16(&inert(&line(subject)), LINE_UNITS).0;
    let text = lines(text);
    if utf16_len(&text) > MOST_UNITS {
        return None;
    }
    let ask = format!(
        "Reply to this message with the whole new text for “{subject}”, within ten minutes. It is asked about again then; nothing is sent by it. The text as it is:"
    );
    Some(prompt(&ask, "The whole new text", Some(&text)))
}

/// A sentence of ours, with a link to a page of ours if there is one.
pub fn notice(sentence: &str, page: Option<&str>) -> TelegramMessage {
    let mut html = Html::default();
    html.text(&inert(sentence));
    if let Some(page) = page {
        html.text("\n").link("Open its page", page);
    }
    TelegramMessage { html: html.into_text(), keyboard: None }
}

/// What is posted when a chat is saved or tested: it proves that the bot may write here.
pub fn greeting(sentence: &str) -> TelegramMessage {
    notice(&line(sentence), None)
}
