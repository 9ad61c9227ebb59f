//! What is posted keeps within Telegram's limits and lets nothing of a mail act, whatever the mail.
#![allow(clippy::unwrap_used)]

use actionlayer_domain::{DraftBody, DraftStatus, HeaderText, Secret, Timestamp, draft::Actor};
use proptest::prelude::*;

use super::*;
use crate::{
    PreviousVersion,
    hostile::hostile_text,
    press::{Action, Button, Subject},
    sample::Sample,
    units::utf16_len,
};

const PAGE: &str = "https://mail.example.com/callbacks/email/abc";

fn data(action: Action) -> String {
    let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
    let subject = Subject::Draft { id: id.parse().unwrap(), version: 3 };
    Button { workspace_id: id.parse().unwrap(), action, subject }.sign(&Secret::new([7; 32]), "telegram:-100")
}

/// What is read of a message, as Telegram counts it. `Err` when its markup is not what Telegram takes.
fn read(html: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(entity) = ["&lt;", "&gt;", "&amp;", "&quot;"].into_iter().find(|entity| rest.starts_with(entity)) {
            text.push(match entity {
                "&lt;" => '<',
                "&gt;" => '>',
                "&amp;" => '&',
                _ => '"',
            });
            rest = &rest[entity.len()..];
            continue;
        }
        let end = rest.find('>').ok_or("an open tag")?;
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        match tag.strip_prefix('/') {
            Some(name) => {
                let last = open.pop().ok_or("a tag too many")?;
                if last != name {
                    return Err(format!("</{name}> closes <{last}>"));
                }
            }
            None => {
                let name = tag.split(' ').next().unwrap_or_default();
                if !["b", "s", "u", "a", "pre", "blockquote"].contains(&name) {
                    return Err(format!("<{tag}>"));
                }
                open.push(name.to_owned());
            }
        }
    }
    text.push_str(rest);
    if open.is_empty() { Ok(text) } else { Err(format!("{open:?} stay open")) }
}

fn assert_within_limits(message: &TelegramMessage) -> String {
    let text = read(&message.html).unwrap();
    assert!((1..=4_096).contains(&utf16_len(&text)), "{} units", utf16_len(&text));
    if let Some(Keyboard(keyboard)) = &message.keyboard {
        for button in
            keyboard["inline_keyboard"].as_array().into_iter().flatten().flat_map(|row| row.as_array().unwrap())
        {
            assert!((1..=64).contains(&button["callback_data"].as_str().unwrap().len()));
        }
    }
    text
}

fn labels(message: &TelegramMessage) -> Vec<String> {
    let rows = message.keyboard.iter().flat_map(|keyboard| keyboard.0["inline_keyboard"].as_array().unwrap());
    rows.flat_map(|row| row.as_array().unwrap()).map(|b| b["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_person_sees_who_what_to_whom_and_why() {
    let mut sample = Sample::hostile();
    sample.identity.display_name = HeaderText::sanitize("Mia");
    sample.body = DraftBody { text: Some("We open at ten".to_owned()), html: None, ..DraftBody::default() };
    sample.draft.rationale = Some("The web site says so".to_owned());
    let old = DraftBody { text: Some("We open at nine".to_owned()), html: None, ..DraftBody::default() };
    let mut proposal = sample.proposal();
    proposal.previous = Some(PreviousVersion { version: 2, subject: sample.draft.subject.as_str(), body: &old });
    let message = proposal_message(&proposal, 3, data, PAGE);
    assert_within_limits(&message);
    for said in [
        "<b>Mia wants to answer ada@\u{2060}example.\u{2060}org</b>",
        "<blockquote>We open at ten</blockquote>",
        "<s>nine</s><u>ten</u>",
        "<blockquote>The web site says so</blockquote>",
        "⚠️ <b>The sender's domain looks like one you know, but is another.</b>",
        "<a href=\"https://mail.example.com/callbacks/email/abc\">Read it whole</a>",
    ] {
        assert!(message.html.contains(said), "{said}\n{}", message.html);
    }
    assert_eq!(labels(&message), ["Approve & send", "Approve", "Edit", "Reject"]);
}

#[test]
fn a_decision_takes_the_buttons_and_says_who() {
    let mut sample = Sample::hostile();
    sample.draft.status = DraftStatus::Sent;
    sample.draft.decided_by = Some(Actor::telegram(7, "Dana <b>"));
    sample.draft.decided_at = Some(sample.draft.created_at);
    let message = proposal_message(&sample.proposal(), 3, data, PAGE);
    assert_within_limits(&message);
    assert!(message.keyboard.is_none());
    assert!(
        message
            .html
            .contains("✅ <b>Approved by Dana &lt;b&gt; in Telegram on 2026-04-30 14:\u{2060}28 UTC, and sent.</b>"),
        "{}",
        message.html
    );
}

#[test]
fn a_question_waits_for_a_reply() {
    let prompt = reject_prompt("Hi @eve");
    assert_eq!(prompt.keyboard.as_ref().unwrap().0["force_reply"], true);
    assert!(prompt.html.contains("“Hi @\u{2060}eve”"));
    let edit = edit_prompt("Hi", "Yes <b>, at https://novacore.test").unwrap();
    assert!(edit.html.ends_with("<pre>Yes &lt;b&gt;, at https://novacore.test</pre>"), "{}", edit.html);
    assert!(edit_prompt("Hi", &"ä".repeat(3_501)).is_none());
    assert_within_limits(&edit_prompt(&"s".repeat(998), &"ä".repeat(3_500)).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn nothing_breaks_the_limits_or_acts(
        name in hostile_text(200), subject in hostile_text(400), body in hostile_text(6_000), rationale in hostile_text(2_000),
        inbound in hostile_text(3_000), reason in hostile_text(1_000), old in hostile_text(2_000), decided in any::<bool>(),
    ) {
        let mut sample = Sample::hostile();
        sample.identity.display_name = HeaderText::sanitize(&name);
        sample.draft.subject = HeaderText::sanitize(&subject);
        sample.body = DraftBody { text: Some(body), html: Some("<p>other</p>".to_owned()), ..DraftBody::default() };
        for nth in 0..3 {
            let dana = Actor::email(&"dana@example.com".parse().unwrap());
            sample.draft.comment(dana, &format!("{nth}{rationale}"), Timestamp::from_unix_ms(0));
        }
        sample.draft.rationale = Some(rationale);
        sample.message_body.extracted_text = Some(inbound);
        sample.draft.cc = vec!["bob@example.org".parse().unwrap(); 48];
        if decided {
            sample.draft.status = DraftStatus::Rejected;
            sample.draft.decided_by = Some(Actor::telegram(7, &name));
            sample.draft.reject_reason = Some(reason);
        }
        let old = DraftBody { text: Some(old), html: None, ..DraftBody::default() };
        let mut proposal = sample.proposal();
        proposal.previous = Some(PreviousVersion { version: 2, subject: "Re: Hi", body: &old });
        let message = proposal_message(&proposal, 3, data, PAGE);
        let text = assert_within_limits(&message);
        // Nothing that Telegram would make a mention, a command, a tag or a link of.
        let chars: Vec<char> = text.chars().collect();
        for pair in chars.windows(2) {
            let ours = pair[0] == '.' || pair[0] == ':' || pair[0] == '/';
            prop_assert!(!(matches!(pair[0], '@' | '#' | '$') && pair[1].is_alphanumeric()), "{pair:?}");
            prop_assert!(!(ours && pair[1].is_alphanumeric()) || pair[1].is_ascii_digit(), "{pair:?}");
        }
        prop_assert_eq!(message.html.matches("<a href=").count(), 1);
    }
}
