//! What is derived: each event once, whatever comes again, and none for what nobody outside would notice.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    DraftStatus,
    draft::Actor,
    sending_domain::{DnsRecord, DomainStatus, RecordPurpose, RecordType},
    time::Timestamp,
};

const WORKSPACE: &str = "0197f3a0-0000-7000-8000-000000000001";
const IDENTITY: &str = "0197f3a0-0000-7000-8000-000000000002";
const THREAD: &str = "0197f3a0-0000-7000-8000-000000000003";
const MESSAGE: &str = "0197f3a0-0000-7000-8000-000000000004";
const DRAFT: &str = "0197f3a0-0000-7000-8000-000000000005";
const HELD: &str = "0197f3a0-0000-7000-8000-000000000006";

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a fixture")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_777_000_000_000 + second * 1_000)
}

fn message(direction: &str, delivery: &Value) -> Message {
    read(json!({
        "id": MESSAGE, "thread_id": THREAD, "workspace_id": WORKSPACE, "identity_id": IDENTITY, "direction": direction,
        "from_email": "ada@customer.test", "to": [{"name": null, "email": "mia@novacore.test"}], "cc": [], "bcc": [],
        "reply_to": [], "subject": "Question", "snippet": "", "attachments": [], "in_reply_to": [], "references": [],
        "is_automated": false, "safety_flags": [], "parse_limited": false, "draft_id": DRAFT, "delivery": delivery,
        "received_at": at(0), "sent_at": at(5), "created_at": at(1),
    }))
}

fn outbound(status: &str) -> Message {
    message("outbound", &json!({"status": status, "unattended": false, "reported_at": at(9)}))
}

fn draft(status: &str) -> Draft {
    read(json!({
        "id": DRAFT, "workspace_id": WORKSPACE, "thread_id": THREAD, "identity_id": IDENTITY,
        "based_on_message_id": MESSAGE, "status": status, "version": 2, "stale_warning": false, "to": [], "cc": [],
        "bcc": [], "subject": "Re: Question", "submitted_by": {"kind": "api_key", "id": "1", "name": "agent"},
        "decided_by": {"kind": "email", "id": "dana@approvers.test", "name": "dana@approvers.test"},
        "decided_at": at(3), "reject_reason": "too long", "failure": {"code": "rejected", "message": "SES refused it."},
        "outbound_message_id": MESSAGE, "notifications": [], "created_at": at(1), "updated_at": at(4),
    }))
}

fn held() -> HeldInbound {
    read(json!({
        "id": HELD, "workspace_id": WORKSPACE, "identity_id": IDENTITY, "recipient": "mia@novacore.test",
        "ses_message_id": "raw", "from_email": "stranger@elsewhere.test", "subject": "Hello", "snippet": "",
        "authentication": {"spf": "PASS", "dkim": "PASS", "dmarc": "PASS", "spam": "PASS", "virus": "PASS"},
        "safety_flags": [], "received_at": at(2),
    }))
}

fn domain(status: DomainStatus) -> SendingDomain {
    let missing = DnsRecord {
        record_type: RecordType::Txt,
        name: "_novacore.novacore.test".to_owned(),
        registrar_name: "_novacore".to_owned(),
        value: "token".to_owned(),
        priority: None,
        purpose: RecordPurpose::Ownership,
        verified: status == DomainStatus::Verified,
        found: Vec::new(),
    };
    SendingDomain {
        id: read(json!(HELD)),
        workspace_id: read(json!(WORKSPACE)),
        domain: read(json!("novacore.test")),
        status,
        dkim_selector: "s".to_owned(),
        records: vec![missing],
        suggestion: None,
        created_at: at(0),
        updated_at: at(7),
        last_checked_at: None,
        verified_at: None,
    }
}

/// The states an item goes through, from the moment it is not there yet.
fn life(states: impl IntoIterator<Item = Entity>) -> Vec<Event> {
    let mut all = Vec::new();
    let mut old: Option<Entity> = None;
    for (i, new) in states.into_iter().enumerate() {
        let revision = i as u64 + 1;
        let first = events(old.as_ref(), Some(&new), revision);
        // The stream may bring a change again at any time.
        assert_eq!(first, events(old.as_ref(), Some(&new), revision));
        // An item that is written again as it was means nothing.
        assert_eq!(events(Some(&new), Some(&new), revision + 1), []);
        all.extend(first);
        old = Some(new);
    }
    assert_eq!(events(old.as_ref(), None, 0), [], "nothing is told of what is removed");
    let ids: BTreeSet<_> = all.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), all.len(), "each has an id of its own");
    all
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.event_type().as_str()).collect()
}

fn of_messages<const N: usize>(statuses: [&str; N]) -> Vec<Event> {
    life(statuses.map(|status| Entity::Message(Box::new(outbound(status)))))
}

fn of_drafts<const N: usize>(statuses: [&str; N]) -> Vec<Event> {
    life(statuses.map(|status| Entity::Draft(Box::new(draft(status)))))
}

fn of_domains<const N: usize>(statuses: [DomainStatus; N]) -> Vec<Event> {
    life(statuses.map(|status| Entity::Domain(Box::new(domain(status)))))
}

#[test]
fn mail_that_arrives_is_told_of_once_and_exactly_so() {
    let message = Entity::Message(Box::new(message("inbound", &Value::Null)));
    let happened = life([message.clone(), message]);
    assert_eq!(names(&happened), ["email.received"]);
    let payload = serde_json::to_value(happened[0].payload()).expect("JSON");
    let published = json!({
        "event": "email.received", "event_id": happened[0].id, "thread_id": THREAD, "message_id": MESSAGE,
        "identity_id": IDENTITY, "from_email": "ada@customer.test", "subject": "Question", "received_at": at(0),
    });
    assert_eq!(payload, published);
    assert_eq!(happened[0].at, at(1), "when it was taken in, which may be long after it was received");
    let held = life([Entity::Held(Box::new(held()))]);
    assert_eq!(names(&held), ["inbound.held"]);
}

#[test]
fn a_mail_that_leaves_is_told_of_at_each_step() {
    for (statuses, expected) in [
        (["queued", "sending", "queued", "sending", "sent", "delivered"], &["email.sent", "email.delivered"][..]),
        (
            ["queued", "sending", "sent", "delivered", "complained", "complained"],
            &["email.sent", "email.delivered", "email.complained"],
        ),
        (["queued", "sending", "failed", "sent", "sent", "bounced"], &["email.sent", "email.bounced"]),
        (["queued", "sending", "sending", "failed", "failed", "failed"], &[]),
        // Whatever is written in one step, none is missed.
        (["queued", "queued", "queued", "queued", "queued", "delivered"], &["email.sent", "email.delivered"]),
    ] {
        assert_eq!(names(&of_messages(statuses)), expected, "{statuses:?}");
    }
}

#[test]
fn a_draft_is_told_of_at_each_step() {
    for (statuses, expected) in [
        (
            ["pending", "pending", "approved", "approved", "sent"],
            &["draft.created", "draft.approved", "draft.sent"][..],
        ),
        // The owner's opt-out approves as it is submitted.
        (
            ["approved", "approved", "approved", "failed", "sent"],
            &["draft.created", "draft.approved", "draft.failed", "draft.sent"],
        ),
        (["pending", "pending", "stale", "stale", "rejected"], &["draft.created", "draft.stale", "draft.rejected"]),
        (["pending", "approved", "stale", "stale", "stale"], &["draft.created", "draft.approved", "draft.stale"]),
        (["pending", "pending", "pending", "pending", "expired"], &["draft.created", "draft.expired"]),
        (
            ["pending", "approved", "approved", "rejected", "rejected"],
            &["draft.created", "draft.approved", "draft.rejected"],
        ),
    ] {
        assert_eq!(names(&of_drafts(statuses)), expected, "{statuses:?}");
    }
}

#[test]
fn a_domain_is_told_of_whenever_it_turns() {
    use DomainStatus::{Failed, Pending, Verified};
    let happened = of_domains([Pending, Pending, Verified, Verified, Failed, Verified]);
    assert_eq!(names(&happened), ["domain.verified", "domain.failed", "domain.verified"]);
    let EventData::DomainFailed { missing, .. } = &happened[1].what else { panic!("{happened:?}") };
    assert_eq!(missing, &["TXT _novacore.novacore.test"]);
}

/// An approver answers the mail that asked them.
fn of_comment() -> Vec<Event> {
    let mut commented = draft("pending");
    commented.comment(Actor::email(&read(json!("dana@approvers.test"))), "Say eleven.", at(5));
    let happened =
        events(Some(&Entity::Draft(Box::new(draft("pending")))), Some(&Entity::Draft(Box::new(commented.clone()))), 2);
    // What happens to the draft then is no comment.
    let mut approved = commented.clone();
    approved.status = DraftStatus::Approved;
    let later = [commented, approved].map(|draft| Entity::Draft(Box::new(draft)));
    assert_eq!(names(&events(Some(&later[0]), Some(&later[1]), 3)), ["draft.approved"]);
    happened
}

/// Every event there is, once.
fn every_event() -> BTreeMap<EventType, Event> {
    use DomainStatus::{Failed, Pending, Verified};
    let test = EventData::WebhookTest { webhook_id: read(json!(HELD)), requested_at: at(8) };
    let all = [
        life([Entity::Message(Box::new(message("inbound", &Value::Null)))]),
        life([Entity::Held(Box::new(held()))]),
        of_messages(["queued", "sent", "delivered", "bounced", "complained"]),
        of_drafts(["pending", "approved", "failed", "sent"]),
        of_drafts(["pending", "stale", "rejected"]),
        of_drafts(["pending", "expired"]),
        of_domains([Pending, Verified, Failed]),
        of_comment(),
        vec![Event::of(read(json!(WORKSPACE)), at(8), "test", test)],
    ];
    all.into_iter().flatten().map(|event| (event.event_type(), event)).collect()
}

#[test]
fn every_event_is_derived_and_kept_as_it_is_published() {
    let all = every_event();
    let expected: BTreeSet<_> =
        EventType::ALL.into_iter().filter(|event| *event != EventType::WebhookDisabled).collect();
    assert_eq!(all.keys().copied().collect::<BTreeSet<_>>(), expected);
    for event in all.values() {
        let kept = serde_json::to_value(event).expect("JSON");
        assert_eq!(read::<Event>(kept), *event);
        let payload = serde_json::to_value(event.payload()).expect("JSON");
        assert_eq!(payload["event"], event.event_type().as_str());
        assert_eq!(payload["event_id"], json!(event.id));
        assert!(payload.as_object().is_some_and(|fields| fields.values().all(|value| !value.is_object())), "{payload}");
        assert_eq!(event.what.identity_id().is_some(), payload.get("identity_id").is_some(), "{payload}");
        assert_eq!(read::<EventPayload>(payload), event.payload());
    }
}

#[test]
fn another_change_of_the_same_item_is_another_event() {
    let (pending, stale) = (Entity::Draft(Box::new(draft("pending"))), Entity::Draft(Box::new(draft("stale"))));
    let first = events(Some(&pending), Some(&stale), 2);
    assert_ne!(first[0].id, events(Some(&pending), Some(&stale), 3)[0].id);
    assert_eq!(first[0].at, at(4));
}

#[test]
fn what_happens_in_the_same_moment_is_in_the_order_of_cause_and_effect() {
    let mut approved = draft("approved");
    approved.updated_at = approved.created_at;
    let happened = events(None, Some(&Entity::Draft(Box::new(approved))), 1);
    assert_eq!(names(&happened), ["draft.created", "draft.approved"]);
    assert!(happened[0].id < happened[1].id);
}

#[test]
fn a_delivery_of_an_event_is_made_once_for_each_webhook() {
    use crate::{
        WebhookDelivery, WebhookId,
        webhook::{EventSelection, Reach, Webhook, WebhookUrl},
    };

    let webhook = |number: u8| {
        Webhook::start(
            WebhookId::from_bytes([number; 16]),
            read(json!(WORKSPACE)),
            WebhookUrl::parse("https://example.com/", Reach::Public).expect("a URL"),
            EventSelection::All,
            at(0),
        )
    };
    let all = every_event();
    let mut ids = BTreeSet::new();
    for event in all.values() {
        for webhook in [webhook(1), webhook(2)] {
            let delivery = WebhookDelivery::of(event, &webhook, at(10));
            assert_eq!(delivery.id, WebhookDelivery::of(event, &webhook, at(20)).id);
            assert_eq!((delivery.event_id, &delivery.payload), (event.id, &event.payload()));
            ids.insert(delivery.id);
        }
    }
    assert_eq!(ids.len(), 2 * all.len());
}
