//! What Slack refuses in blocks and views. See "Block Kit reference", docs.slack.dev.

use serde_json::Value;

/// What is wrong, in Slack's manner: a pointer and a sentence.
pub(super) type Problems = Vec<String>;

/// Blocks of a message.
pub(super) fn message_blocks(blocks: &Value) -> Problems {
    blocks_of(blocks, 50, &["header", "section", "context", "divider", "actions", "image", "rich_text"])
}

/// A view for `views.open`.
pub(super) fn view(view: &Value) -> Problems {
    let mut problems = Vec::new();
    if view["type"] != "modal" {
        problems.push("[ERROR] unsupported type [json-pointer:/view/type]".to_owned());
    }
    for field in ["title", "submit", "close"] {
        if field != "title" && view[field].is_null() {
            continue;
        }
        text(&view[field], &format!("/view/{field}"), 24, true, &mut problems);
    }
    if view["private_metadata"].as_str().is_some_and(|text| length(text) > 3_000) {
        problems.push("[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]".to_owned());
    }
    if view["callback_id"].as_str().is_some_and(|text| length(text) > 255) {
        problems.push("[ERROR] must be less than 256 characters [json-pointer:/view/callback_id]".to_owned());
    }
    let blocks = &view["blocks"];
    problems.extend(blocks_of(
        blocks,
        100,
        &["header", "section", "context", "divider", "actions", "input", "image", "rich_text"],
    ));
    let has_input = blocks.as_array().is_some_and(|blocks| blocks.iter().any(|block| block["type"] == "input"));
    if has_input && view["submit"].is_null() {
        problems.push("[ERROR] missing required field: submit [json-pointer:/view]".to_owned());
    }
    problems
}

fn blocks_of(blocks: &Value, most: usize, kinds: &[&str]) -> Problems {
    let mut problems = Vec::new();
    let Some(blocks) = blocks.as_array() else {
        return vec!["[ERROR] expected an array [json-pointer:/blocks]".to_owned()];
    };
    if blocks.len() > most {
        problems.push(format!("[ERROR] no more than {most} items allowed [json-pointer:/blocks]"));
    }
    for (at, block) in blocks.iter().enumerate() {
        let pointer = format!("/blocks/{at}");
        let kind = block["type"].as_str().unwrap_or_default();
        if !kinds.contains(&kind) {
            problems.push(format!("[ERROR] unsupported type: {kind} [json-pointer:{pointer}/type]"));
        }
        if block["block_id"].as_str().is_some_and(|id| length(id) > 255) {
            problems.push(format!("[ERROR] must be less than 256 characters [json-pointer:{pointer}/block_id]"));
        }
        match kind {
            "header" => text(&block["text"], &format!("{pointer}/text"), 150, true, &mut problems),
            "section" => section(block, &pointer, &mut problems),
            "context" => context(block, &pointer, &mut problems),
            "actions" => actions(block, &pointer, &mut problems),
            "input" => input(block, &pointer, &mut problems),
            _ => {}
        }
    }
    problems
}

fn section(block: &Value, pointer: &str, problems: &mut Problems) {
    if block["text"].is_null() && block["fields"].is_null() {
        problems.push(format!("[ERROR] must have either text or fields [json-pointer:{pointer}]"));
    }
    if !block["text"].is_null() {
        text(&block["text"], &format!("{pointer}/text"), 3_000, false, problems);
    }
    if let Some(fields) = block["fields"].as_array() {
        if fields.len() > 10 {
            problems.push(format!("[ERROR] no more than 10 items allowed [json-pointer:{pointer}/fields]"));
        }
        for (at, field) in fields.iter().enumerate() {
            text(field, &format!("{pointer}/fields/{at}"), 2_000, false, problems);
        }
    }
    if block["accessory"]["type"] == "button" {
        button(&block["accessory"], &format!("{pointer}/accessory"), problems);
    }
}

fn context(block: &Value, pointer: &str, problems: &mut Problems) {
    let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=10).contains(&elements.len()) {
        problems.push(format!("[ERROR] must have 1 to 10 items [json-pointer:{pointer}/elements]"));
    }
    for (at, element) in elements.iter().enumerate().filter(|(_, element)| element["type"] != "image") {
        text(element, &format!("{pointer}/elements/{at}"), 3_000, false, problems);
    }
}

fn actions(block: &Value, pointer: &str, problems: &mut Problems) {
    let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=25).contains(&elements.len()) {
        problems.push(format!("[ERROR] must have 1 to 25 items [json-pointer:{pointer}/elements]"));
    }
    for (at, element) in elements.iter().enumerate() {
        button(element, &format!("{pointer}/elements/{at}"), problems);
    }
    let mut ids: Vec<&str> = elements.iter().filter_map(|element| element["action_id"].as_str()).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    if ids.len() < all {
        problems.push(format!("[ERROR] `action_id` is not unique [json-pointer:{pointer}/elements]"));
    }
}

fn button(element: &Value, pointer: &str, problems: &mut Problems) {
    if element["type"] != "button" {
        problems.push(format!("[ERROR] this Slack knows buttons only [json-pointer:{pointer}/type]"));
    }
    text(&element["text"], &format!("{pointer}/text"), 75, true, problems);
    if element["value"].as_str().is_some_and(|value| length(value) > 2_000) {
        problems.push(format!("[ERROR] must be less than 2001 characters [json-pointer:{pointer}/value]"));
    }
    if element["action_id"].as_str().is_some_and(|value| length(value) > 255) {
        problems.push(format!("[ERROR] must be less than 256 characters [json-pointer:{pointer}/action_id]"));
    }
    if !element["style"].is_null() && element["style"] != "primary" && element["style"] != "danger" {
        problems.push(format!("[ERROR] must be primary or danger [json-pointer:{pointer}/style]"));
    }
}

fn input(block: &Value, pointer: &str, problems: &mut Problems) {
    text(&block["label"], &format!("{pointer}/label"), 2_000, true, problems);
    let element = &block["element"];
    if element["type"] != "plain_text_input" {
        problems.push(format!("[ERROR] this Slack knows plain_text_input only [json-pointer:{pointer}/element/type]"));
    }
    let most = element["max_length"].as_u64().unwrap_or(3_000);
    if !(1..=3_000).contains(&most) {
        problems.push(format!("[ERROR] must be from 1 to 3000 [json-pointer:{pointer}/element/max_length]"));
    }
    if element["initial_value"].as_str().is_some_and(|value| length(value) as u64 > most) {
        problems
            .push(format!("[ERROR] must be at most max_length long [json-pointer:{pointer}/element/initial_value]"));
    }
}

fn text(object: &Value, pointer: &str, most: usize, plain_only: bool, problems: &mut Problems) {
    match object["type"].as_str() {
        Some("plain_text") => {}
        Some("mrkdwn") if !plain_only => {}
        _ => problems.push(format!("[ERROR] missing required field: text object [json-pointer:{pointer}]")),
    }
    let length = length(object["text"].as_str().unwrap_or_default());
    if length == 0 {
        problems.push(format!("[ERROR] must be more than 0 characters [json-pointer:{pointer}/text]"));
    }
    if length > most {
        problems.push(format!("[ERROR] must be less than {} characters [json-pointer:{pointer}/text]", most + 1));
    }
}

/// In UTF-16 code units.
fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
