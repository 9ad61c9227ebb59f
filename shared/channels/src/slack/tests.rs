//! What is posted keeps within Slack's limits and lets nothing of a mail act, whatever the mail.
#![allow(clippy::unwrap_used)]

use actionlayer_domain::{DraftBody, DraftStatus, HeaderText, Timestamp, draft::Actor};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{PreviousVersion, Rivals, hostile::hostile_text, sample::Sample, units::utf16_len};

const PAGE: &str = "https://mail.example.com/callbacks/email/abc";

fn render(sample: &Sample) -> SlackMessage {
    proposal_message(&sample.proposal(), sample.draft.version, |action| format!("{action:?}"), PAGE)
}

/// Every text object of a message.
fn texts(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            if matches!(fields.get("type").and_then(Value::as_str), Some("plain_text" | "mrkdwn")) {
                found.push(value.clone());
            }
            fields.values().for_each(|value| texts(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

fn assert_within_limits(message: &SlackMessage) {
    let blocks = message.blocks.as_array().unwrap();
    assert!(blocks.len() <= 50, "{} blocks", blocks.len());
    assert!(utf16_len(&message.text) <= 4_000 && !message.text.trim().is_empty());
    assert!(message.blocks.to_string().len() < 100_000);
    for block in blocks {
        let most = if block["type"] == "header" { 150 } else { 3_000 };
        let mut found = Vec::new();
        texts(block, &mut found);
        for text in found {
            let length = utf16_len(text["text"].as_str().unwrap());
            assert!((1..=most).contains(&length), "{length} units in {}", block["type"]);
            if text["type"] == "plain_text" {
                assert_eq!(text["emoji"], false);
            } else {
                assert_eq!(text["verbatim"], true);
            }
        }
        for element in block["elements"].as_array().into_iter().flatten() {
            if element["type"] == "button" {
                assert!(utf16_len(element["text"]["text"].as_str().unwrap()) <= 75);
                assert!(element["value"].as_str().unwrap().len() <= 2_000);
            }
        }
    }
}

/// What Slack reads as markup is ours, word for word, but for names that were escaped.
fn assert_inert(message: &SlackMessage) {
    let mut found = Vec::new();
    texts(&message.blocks, &mut found);
    for text in found.iter().filter(|text| text["type"] == "mrkdwn") {
        let text = text["text"].as_str().unwrap().replace(&format!("<{PAGE}|"), "");
        assert!(!text.contains('<'), "{text}");
    }
    assert!(!message.text.contains('<'), "{}", message.text);
}

fn action_ids(message: &SlackMessage) -> Vec<&str> {
    let blocks = message.blocks.as_array().unwrap();
    let actions = blocks.iter().filter(|block| block["type"] == "actions");
    actions.flat_map(|block| block["elements"].as_array().unwrap()).map(|b| b["action_id"].as_str().unwrap()).collect()
}

#[test]
fn a_person_sees_who_what_to_whom_and_why() {
    let mut sample = Sample::hostile();
    sample.identity.display_name = HeaderText::sanitize("Mia");
    sample.body = DraftBody { text: Some("We open at ten.".to_owned()), html: None, ..DraftBody::default() };
    sample.draft.rationale = Some("The web site says so.".to_owned());
    let previous = DraftBody { text: Some("We open at nine.".to_owned()), html: None, ..DraftBody::default() };
    let mut proposal = sample.proposal();
    proposal.previous = Some(PreviousVersion { version: 2, subject: sample.draft.subject.as_str(), body: &previous });
    proposal.rivals = Rivals { answered: true, drafts: 1 };
    let message = proposal_message(&proposal, 3, |action| format!("{action:?}"), PAGE);
    assert!(message.text.starts_with("Mia wants to answer ada@example.org: Re: "), "{}", message.text);
    let shown = message.blocks.to_string();
    for said in [
        "Mia wants to answer ada@example.org",
        "│ We open at ten.",
        "[-nine.-]{+ten.+}",
        "*Changed since version 2*",
        "│ The web site says so.",
        "Bcc: eve@example.org",
        ":warning: *This would be a second answer to the same mail.*",
        ":warning: *Another draft answers the same mail",
        "looks like one you know",
        "Version 3",
    ] {
        assert!(shown.contains(said), "{said}\n{shown}");
    }
    assert_eq!(action_ids(&message), ["approve_and_send", "approve", "edit", "reject"]);
}

#[test]
fn a_decision_takes_the_buttons_and_says_who() {
    let mut sample = Sample::hostile();
    sample.draft.status = DraftStatus::Rejected;
    sample.draft.decided_by = Some(Actor::slack("U1", "Dana <!channel> *bold*"));
    sample.draft.decided_at = Some(sample.draft.created_at);
    sample.draft.reject_reason = Some("no <!here>".to_owned());
    let message = render(&sample);
    assert_inert(&message);
    assert!(action_ids(&message).is_empty());
    let shown = message.blocks.to_string();
    assert!(shown.contains("Rejected by Dana &lt;!channel&gt; *bold* in Slack on 2026-04-30 14:28 UTC."), "{shown}");
    assert!(shown.contains("│ no <!here>"));
}

#[test]
fn an_old_version_points_to_the_new_one() {
    let sample = Sample::hostile();
    let message = proposal_message(&sample.proposal(), 2, |action| format!("{action:?}"), PAGE);
    assert!(action_ids(&message).is_empty());
    let shown = message.blocks.to_string();
    assert!(
        shown.contains("This version was edited. Version 3 is asked about now.") && !shown.contains("│"),
        "{shown}"
    );
}

#[test]
fn what_is_stale_can_only_be_rejected_or_not_even_that() {
    let mut sample = Sample::hostile();
    sample.thread.last_inbound_message_id = Some("0197f3a0-5c1e-7d2a-9f00-ba0987654321".parse().unwrap());
    assert_eq!(action_ids(&render(&sample)), ["reject"]);
    sample.draft.status = DraftStatus::Stale;
    assert!(action_ids(&render(&sample)).is_empty() && render(&sample).blocks.to_string().contains("Out of date"));
}

#[test]
fn a_long_draft_is_cut_and_says_so() {
    let mut sample = Sample::hostile();
    sample.body = DraftBody { text: Some("👩‍💻 word ".repeat(5_000)), html: None, ..DraftBody::default() };
    let message = render(&sample);
    assert_within_limits(&message);
    let shown = message.blocks.to_string();
    assert!(shown.contains("The draft goes on") && shown.contains("|Read it whole>"));
}

#[test]
fn a_modal_takes_what_fits_and_keeps_what_was_typed() {
    let meta = ModalMeta { button: "abc".to_owned(), channel: "C1".to_owned() };
    let edit = edit_modal(&meta, "Re: Hours", &"ä".repeat(3_000)).unwrap();
    assert_eq!(edit["blocks"][1]["element"]["max_length"], 3_000);
    assert!(edit_modal(&meta, "Re: Hours", &"😀".repeat(1_501)).is_none());
    for modal in [&edit, &reject_modal(&meta, "Hours"), &notice_modal("Too long for a modal here", "Why", Some(PAGE))] {
        for label in ["title", "submit", "close"] {
            assert!(modal[label]["text"].as_str().is_none_or(|text| utf16_len(text) <= 24), "{modal}");
        }
        let meta = modal["private_metadata"].as_str().unwrap_or_default();
        assert!(meta.len() <= 3_000);
    }
    assert_eq!(serde_json::from_str::<ModalMeta>(edit["private_metadata"].as_str().unwrap()).unwrap(), meta);
    let errors = field_errors("text", "There is a newer version.");
    assert_eq!(errors, json!({"response_action": "errors", "errors": {"text": "There is a newer version."}}));
}

fn form(payload: &Value) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish().into_bytes()
}

#[test]
fn a_press_and_a_modal_are_read() {
    let pressed = json!({
        "type": "block_actions", "user": {"id": "U1", "username": "dana", "name": "dana", "team_id": "T1"},
        "team": {"id": "T1"}, "channel": {"id": "C1", "name": "approvals"}, "api_app_id": "A1",
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1"}, "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.com/actions/1",
        "actions": [{"type": "button", "action_id": "approve", "block_id": "decide", "value": "signed", "action_ts": "1.3"}],
    });
    let Interaction::Pressed(press) = parse_interaction(&form(&pressed)).unwrap() else { panic!("a press") };
    assert_eq!((press.button.as_str(), press.user_id.as_str(), press.channel.as_str()), ("signed", "U1", "C1"));
    assert_eq!(press.message_ts.as_deref(), Some("1.2"));

    let submitted = json!({
        "type": "view_submission", "user": {"id": "U1", "name": "dana"}, "team": {"id": "T1"},
        "view": {"callback_id": "edit", "private_metadata": "{\"button\":\"signed\",\"channel\":\"C1\"}", "hash": "1",
            "state": {"values": {"subject": {"value": {"type": "plain_text_input", "value": "Re: Hi"}},
                "text": {"value": {"type": "plain_text_input", "value": "a\r\nb"}}}}},
    });
    let Interaction::Submitted(done) = parse_interaction(&form(&submitted)).unwrap() else { panic!("a modal") };
    assert!(done.form == Form::Edit { subject: "Re: Hi".to_owned(), text: "a\nb".to_owned() });
    assert_eq!(done.meta.button, "signed");

    assert_eq!(parse_interaction(&form(&json!({"type": "view_closed"}))), Ok(Interaction::Other));
    assert_eq!(parse_interaction(b"x=1"), Err(InteractionError::NoPayload));
    assert_eq!(parse_interaction(b"payload=%7B"), Err(InteractionError::Malformed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn nothing_breaks_the_limits_or_acts(
        name in hostile_text(200), subject in hostile_text(400), body in hostile_text(4_000), rationale in hostile_text(2_000),
        inbound in hostile_text(3_000), reason in hostile_text(1_000), old in hostile_text(2_000), decided in any::<bool>(),
    ) {
        let mut sample = Sample::hostile();
        sample.identity.display_name = HeaderText::sanitize(&name);
        sample.draft.subject = HeaderText::sanitize(&subject);
        sample.body = DraftBody { text: Some(body), html: None, ..DraftBody::default() };
        for nth in 0..3 {
            let dana = Actor::email(&"dana@example.com".parse().unwrap());
            sample.draft.comment(dana, &format!("{nth}{rationale}"), Timestamp::from_unix_ms(0));
        }
        sample.draft.rationale = Some(rationale);
        sample.message_body.extracted_text = Some(inbound);
        sample.draft.cc = vec!["bob@example.org".parse().unwrap(); 48];
        if decided {
            sample.draft.status = DraftStatus::Rejected;
            sample.draft.decided_by = Some(Actor::slack("U1", &name));
            sample.draft.reject_reason = Some(reason);
        }
        let old = DraftBody { text: Some(old), html: None, ..DraftBody::default() };
        let mut proposal = sample.proposal();
        proposal.previous = Some(PreviousVersion { version: 2, subject: "Re: Hi", body: &old });
        let message = proposal_message(&proposal, 3, |_| "x".repeat(64), PAGE);
        assert_within_limits(&message);
        assert_inert(&message);
    }
}
