//! What happened, from what an item was before a change and what it is after.

use super::{Entity, Event, EventData};
use crate::{
    Draft, DraftStatus, Message, SendingDomain, Timestamp, Webhook,
    contact::HeldInbound,
    draft::Actor,
    message::{DeliveryStatus, Direction},
    sending_domain::{DnsRecord, DomainStatus, RecordType},
};

/// The events that a change of one item means. `revision` is how often the item was written, this change included: with
/// it the same change gives the same events, ids and all, and no two changes give the same id.
pub fn events(old: Option<&Entity>, new: Option<&Entity>, revision: u64) -> Vec<Event> {
    match (old, new) {
        (None, Some(Entity::Message(message))) => of_message(None, message, revision),
        (Some(Entity::Message(old)), Some(Entity::Message(message))) => of_message(Some(old), message, revision),
        (None, Some(Entity::Draft(draft))) => of_draft(None, draft, revision),
        (Some(Entity::Draft(old)), Some(Entity::Draft(draft))) => of_draft(Some(old), draft, revision),
        (None, Some(Entity::Held(held))) => vec![of_held(held, revision)],
        (old, Some(Entity::Domain(domain))) => {
            let old = if let Some(Entity::Domain(old)) = old { Some(old.status) } else { None };
            of_domain(old, domain, revision).into_iter().collect()
        }
        (Some(Entity::Webhook(old)), Some(Entity::Webhook(webhook))) => {
            of_webhook(old, webhook, revision).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn of_webhook(old: &Webhook, webhook: &Webhook, revision: u64) -> Option<Event> {
    let disabled = webhook.disabled.filter(|_| old.active && !webhook.active)?;
    let what = EventData::WebhookDisabled {
        webhook_id: webhook.id,
        url: webhook.url.to_string(),
        reason: disabled.reason,
        disabled_at: disabled.at,
    };
    Some(Event::of(webhook.workspace_id, disabled.at, &format!("webhook#{}#{revision}", webhook.id), what))
}

/// How far a mail came, as far as anybody outside was told.
fn reached(message: &Message) -> Option<DeliveryStatus> {
    let status = message.delivery.as_ref()?.status;
    match status {
        DeliveryStatus::Sent | DeliveryStatus::Delivered | DeliveryStatus::Bounced | DeliveryStatus::Complained => {
            Some(status)
        }
        DeliveryStatus::Queued | DeliveryStatus::Sending | DeliveryStatus::Failed => None,
    }
}

fn of_message(old: Option<&Message>, message: &Message, revision: u64) -> Vec<Event> {
    let event = |at: Timestamp, what: EventData| {
        let event = Event::of(message.workspace_id, at, &format!("message#{}#{revision}", message.id), what);
        event.caused_by(message.caused_by_rule_id)
    };
    let (thread_id, message_id, identity_id) = (message.thread_id, message.id, message.identity_id);
    let subject = message.subject.clone();
    if message.direction == Direction::Inbound {
        if old.is_some() {
            return Vec::new();
        }
        let received_at = message.received_at.unwrap_or(message.created_at);
        let from_email = message.from_email.clone();
        let what = EventData::EmailReceived { thread_id, message_id, identity_id, from_email, subject, received_at };
        return vec![event(message.created_at, what)];
    }
    let before = old.and_then(reached);
    let Some(now) = reached(message) else { return Vec::new() };
    let draft_id = message.draft_id;
    let to: Vec<String> = message.to.iter().map(|mailbox| mailbox.email.clone()).collect();
    let sent_at = message.sent_at.unwrap_or(message.created_at);
    let mut events = Vec::new();
    if before.is_none() {
        let (to, subject) = (to.clone(), subject.clone());
        events.push(event(
            sent_at,
            EventData::EmailSent { thread_id, message_id, identity_id, draft_id, to, subject, sent_at },
        ));
    }
    if before == Some(now) {
        return events;
    }
    let at = message.delivery.as_ref().and_then(|delivery| delivery.reported_at);
    // SES's clock is not ours; nothing is delivered before it was sent.
    let at = at.map_or(sent_at, |at| at.max(sent_at));
    let reported = match now {
        DeliveryStatus::Delivered => {
            EventData::EmailDelivered { thread_id, message_id, identity_id, draft_id, to, subject, delivered_at: at }
        }
        DeliveryStatus::Bounced => {
            EventData::EmailBounced { thread_id, message_id, identity_id, draft_id, to, subject, bounced_at: at }
        }
        DeliveryStatus::Complained => {
            EventData::EmailComplained { thread_id, message_id, identity_id, draft_id, to, subject, complained_at: at }
        }
        DeliveryStatus::Sent | DeliveryStatus::Queued | DeliveryStatus::Sending | DeliveryStatus::Failed => {
            return events;
        }
    };
    events.push(event(at, reported));
    events
}

fn of_draft(old: Option<&Draft>, draft: &Draft, revision: u64) -> Vec<Event> {
    let event = |at: Timestamp, what: EventData| {
        let event = Event::of(draft.workspace_id, at, &format!("draft#{}#{revision}", draft.id), what);
        event.caused_by(draft.caused_by_rule_id)
    };
    let (draft_id, thread_id, identity_id, version) = (draft.id, draft.thread_id, draft.identity_id, draft.version);
    let mut events = Vec::new();
    if old.is_none() {
        let (subject, created_at) = (draft.subject.as_str().to_owned(), draft.created_at);
        let what = EventData::DraftCreated { draft_id, thread_id, identity_id, version, subject, created_at };
        events.push(event(created_at, what));
    }
    if let (Some(old), Some(said)) = (old, draft.comments.last())
        && old.comments.last() != Some(said)
    {
        let Actor { kind: commented_by_kind, id: commented_by_id, name: commented_by_name } = said.by.clone();
        let what = EventData::DraftCommented {
            draft_id,
            thread_id,
            identity_id,
            version,
            commented_by_kind,
            commented_by_id,
            commented_by_name,
            comment: said.text.clone(),
            commented_at: said.at,
        };
        events.push(event(said.at, what));
    }
    if old.is_some_and(|old| old.status == draft.status) {
        return events;
    }
    let at = draft.updated_at;
    let decided_at = draft.decided_at.unwrap_or(at);
    let (decided_by_kind, decided_by_id, decided_by_name) = match draft.decided_by.clone() {
        Some(Actor { kind, id, name }) => (Some(kind), Some(id), Some(name)),
        None => (None, None, None),
    };
    let message_id = draft.outbound_message_id;
    events.push(event(
        at,
        match draft.status {
            DraftStatus::Pending => return events,
            DraftStatus::Approved => EventData::DraftApproved {
                draft_id,
                thread_id,
                identity_id,
                version,
                decided_by_kind,
                decided_by_id,
                decided_by_name,
                decided_at,
            },
            DraftStatus::Rejected => EventData::DraftRejected {
                draft_id,
                thread_id,
                identity_id,
                version,
                decided_by_kind,
                decided_by_id,
                decided_by_name,
                reject_reason: draft.reject_reason.clone(),
                decided_at,
            },
            DraftStatus::Sent => {
                EventData::DraftSent { draft_id, thread_id, identity_id, version, message_id, sent_at: at }
            }
            DraftStatus::Stale => {
                let based_on_message_id = draft.based_on_message_id;
                EventData::DraftStale { draft_id, thread_id, identity_id, version, based_on_message_id, stale_at: at }
            }
            DraftStatus::Failed => EventData::DraftFailed {
                draft_id,
                thread_id,
                identity_id,
                version,
                message_id,
                failure_code: draft.failure.as_ref().map(|failure| failure.code),
                failure_message: draft.failure.as_ref().map(|failure| failure.message.clone()),
                failed_at: at,
            },
            DraftStatus::Expired => {
                EventData::DraftExpired { draft_id, thread_id, identity_id, version, expired_at: at }
            }
        },
    ));
    events
}

fn of_held(held: &HeldInbound, revision: u64) -> Event {
    let what = EventData::InboundHeld {
        pending_id: held.id,
        identity_id: held.identity_id,
        from_email: held.from_email.clone(),
        subject: held.subject.clone(),
        received_at: held.received_at,
    };
    Event::of(held.workspace_id, held.received_at, &format!("held#{}#{revision}", held.id), what)
}

fn of_domain(old: Option<DomainStatus>, domain: &SendingDomain, revision: u64) -> Option<Event> {
    if old == Some(domain.status) {
        return None;
    }
    let (domain_id, name, at) = (domain.id, domain.domain.to_string(), domain.updated_at);
    let what = match domain.status {
        DomainStatus::Pending => return None,
        DomainStatus::Verified => EventData::DomainVerified { domain_id, domain: name, verified_at: at },
        DomainStatus::Failed => {
            let missing = domain.missing_records().map(record_name).collect();
            EventData::DomainFailed { domain_id, domain: name, missing, failed_at: at }
        }
    };
    Some(Event::of(domain.workspace_id, at, &format!("domain#{domain_id}#{revision}"), what))
}

fn record_name(record: &DnsRecord) -> String {
    let record_type = match record.record_type {
        RecordType::Txt => "TXT",
        RecordType::Mx => "MX",
    };
    format!("{record_type} {}", record.name)
}
