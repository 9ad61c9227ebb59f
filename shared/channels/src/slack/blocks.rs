//! Block Kit, as far as it is used here. Whatever came from outside is `plain_text` with `emoji: false`: nothing in it is
//! read as markup, mention, link or emoji. See "Blocks" and "Composition objects", docs.slack.dev.

use serde_json::{Value, json};

use crate::units::{cut_utf16, pieces_utf16};

/// The most of a section's text, in UTF-16 code units.
pub(crate) const SECTION_UNITS: usize = 3_000;
/// The most of a header.
const HEADER_UNITS: usize = 150;
/// The most of a button's label.
const BUTTON_UNITS: usize = 75;

pub(crate) fn header(text: &str) -> Value {
    json!({"type": "header", "text": plain(&cut_utf16(text, HEADER_UNITS).0)})
}

/// Text that came from outside.
pub(crate) fn section(text: &str) -> Value {
    json!({"type": "section", "text": plain(&cut_utf16(text, SECTION_UNITS).0)})
}

/// Text of ours, with markup.
pub(crate) fn marked(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(&cut_utf16(text, SECTION_UNITS).0)})
}

/// Small text that came from outside.
pub(crate) fn context(text: &str) -> Value {
    json!({"type": "context", "elements": [plain(&cut_utf16(text, SECTION_UNITS).0)]})
}

/// Small text of ours, with markup.
pub(crate) fn marked_context(text: &str) -> Value {
    json!({"type": "context", "elements": [mrkdwn(&cut_utf16(text, SECTION_UNITS).0)]})
}

pub(crate) fn divider() -> Value {
    json!({"type": "divider"})
}

/// Somebody's words, every line behind a bar so that they cannot pass for ours; at most `max_sections` sections. Says
/// whether all of it is there.
pub(crate) fn quotation(text: &str, max_sections: usize) -> (Vec<Value>, bool) {
    let barred = barred(text);
    let pieces = pieces_utf16(&barred, SECTION_UNITS);
    let whole = pieces.len() <= max_sections;
    let mut sections: Vec<Value> = Vec::new();
    for (at, piece) in pieces.iter().take(max_sections).enumerate() {
        // A line that was cut goes on behind a bar as well.
        let piece = if piece.starts_with(BAR) { (*piece).to_owned() } else { format!("{BAR}{piece}") };
        let last = at + 1 == max_sections && !whole;
        let (mut shown, _) = cut_utf16(&piece, SECTION_UNITS);
        if last && !shown.ends_with('…') {
            shown = format!("{}…", cut_utf16(&shown, SECTION_UNITS - 1).0.trim_end_matches('…'));
        }
        sections.push(section(&shown));
    }
    (sections, whole)
}

/// What stands before each quoted line.
const BAR: &str = "│ ";

fn barred(text: &str) -> String {
    let lines = text.lines().map(|line| format!("{BAR}{line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A button. The value is the signed one of [`crate::press::Button`].
pub(crate) fn button(action_id: &str, label: &str, style: Option<&str>, value: &str) -> Value {
    let mut button = json!({
        "type": "button",
        "action_id": action_id,
        "text": plain(&cut_utf16(label, BUTTON_UNITS).0),
        "value": value,
    });
    if let Some(style) = style {
        button["style"] = style.into();
    }
    button
}

pub(crate) fn actions(buttons: &[Value]) -> Value {
    json!({"type": "actions", "block_id": "decide", "elements": buttons})
}

pub(crate) fn plain(text: &str) -> Value {
    // An empty text is refused by Slack.
    json!({"type": "plain_text", "emoji": false, "text": if text.trim().is_empty() { "–" } else { text }})
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "verbatim": true, "text": text})
}

/// Text from outside where Slack reads markup in any case: control sequences begin with `<`.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
