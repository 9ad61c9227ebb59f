//! The modals: a reason for a rejection, and another text for a draft. See "Modals" and `views.open`, docs.slack.dev.

use serde_json::{Value, json};

use super::blocks::{context, marked, plain, section};
use crate::{
    legible::line,
    units::{cut_utf16, utf16_len},
};

/// `callback_id` of the modal that asks for a reason.
pub const REJECT_CALLBACK: &str = "reject";
/// `callback_id` of the modal that changes a draft.
pub const EDIT_CALLBACK: &str = "edit";
/// The most an input takes, in UTF-16 code units. A longer text is changed on its page.
pub const MAX_INPUT_UNITS: usize = 3_000;
/// The longest reason, in characters: however they are encoded, it is less than 4 KB.
const MAX_REASON_CHARS: usize = 1_000;
/// The longest subject: a header may have 998 bytes.
const MAX_SUBJECT_UNITS: usize = 500;
/// The most of a label beside a draft.
const SUBJECT_SHOWN_UNITS: usize = 150;

/// What a modal remembers while somebody types: the button that opened it, signed for the channel it was pressed in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ModalMeta {
    /// The signed value of the button.
    pub button: String,
    /// The channel it was pressed in.
    pub channel: String,
}

impl ModalMeta {
    fn text(&self) -> String {
        // Two strings as JSON cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Asks for a reason, which may be left out.
pub fn reject_modal(meta: &ModalMeta, subject: &str) -> Value {
    json!({
        "type": "modal",
        "callback_id": REJECT_CALLBACK,
        "private_metadata": meta.text(),
        "title": plain("Reject the draft"),
        "submit": plain("Reject"),
        "close": plain("Cancel"),
        "blocks": [
            context(&cut_utf16(&line(subject), SUBJECT_SHOWN_UNITS).0),
            {
                "type": "input",
                "block_id": "reason",
                "optional": true,
                "label": plain("Reason, for the draft's author"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "multiline": true,
                    "max_length": MAX_REASON_CHARS,
                    "focus_on_load": true,
                },
            },
        ],
    })
}

/// Changes subject and text of a draft. `None` when the text is longer than an input takes.
pub fn edit_modal(meta: &ModalMeta, subject: &str, text: &str) -> Option<Value> {
    if utf16_len(text) > MAX_INPUT_UNITS || utf16_len(subject) > MAX_SUBJECT_UNITS {
        return None;
    }
    Some(json!({
        "type": "modal",
        "callback_id": EDIT_CALLBACK,
        "private_metadata": meta.text(),
        "title": plain("Edit the draft"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": "subject",
                "label": plain("Subject"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "max_length": MAX_SUBJECT_UNITS,
                    "initial_value": subject,
                },
            },
            {
                "type": "input",
                "block_id": "text",
                "label": plain("Text"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "multiline": true,
                    "max_length": MAX_INPUT_UNITS,
                    "initial_value": text,
                    "focus_on_load": true,
                },
            },
            context("Saving asks again, about the new version. Nothing is sent by it."),
        ],
    }))
}

/// Says something, with a link to a page of ours if there is one.
pub fn notice_modal(title: &str, sentence: &str, page: Option<&str>) -> Value {
    let mut blocks = vec![section(sentence)];
    if let Some(page) = page {
        blocks.push(marked(&format!("<{page}|Open its page>")));
    }
    json!({"type": "modal", "title": plain(&cut_utf16(title, 24).0), "close": plain("Close"), "blocks": blocks})
}

/// The answer to a submitted modal that keeps it open, with everything that was typed, and says why beside an input.
pub fn field_errors(block_id: &str, sentence: &str) -> Value {
    json!({"response_action": "errors", "errors": {block_id: sentence}})
}
