//! What to do first: a list that knows what is done, and has the form for what is next.

use actionlayer_channels::legible::line;
use actionlayer_domain::{
    Draft, Identity, SendingDomain, Thread, Timestamp, key::ApiKey, sending_domain::DomainStatus,
};
use askama::Template;

use super::{
    Access, Problem, Screen,
    domains::{Records, own_machine, records},
    parts::{When, when},
};
use crate::dashboard::Section;

/// How far a workspace is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub domains: &'a [SendingDomain],
    pub identities: &'a [Identity],
    /// Its keys, with when they were used.
    pub keys: &'a [(ApiKey, Option<Timestamp>)],
    /// The newest conversation.
    pub thread: Option<&'a Thread>,
    /// The newest draft.
    pub draft: Option<&'a Draft>,
    /// Whether a draft was sent.
    pub has_sent: bool,
    /// Where this deployment is reached.
    pub public_url: &'a str,
    /// What the visitor may do.
    pub access: Access,
    pub now: Timestamp,
}

#[derive(Template)]
#[template(path = "screens/setup.html")]
struct Page {
    problem: Option<Problem>,
    wait: Option<Wait>,
    done: usize,
    next: usize,
    domain: Option<Domain>,
    identity: Option<Mailbox>,
    has_channel: bool,
    key: Option<Key>,
    thread: Option<Mail>,
    draft: Option<(String, String)>,
    has_sent: bool,
    draft_call: Option<String>,
    access: Access,
}

/// What the page waits for: it looks again by itself.
struct Wait {
    /// How often.
    seconds: u32,
    /// The form that asks for it, if one does.
    by: Option<String>,
}

/// DNS is asked as often as this.
const DNS_SECONDS: u32 = 30;
/// Mail comes within seconds.
const MAIL_SECONDS: u32 = 3;
/// An agent takes its time, and so does whoever approves.
const DRAFT_SECONDS: u32 = 10;

struct Domain {
    id: String,
    name: String,
    is_verified: bool,
    suggestion: Option<String>,
    records: Records,
}

struct Mailbox {
    id: String,
    address: String,
    /// Where to write to it from, where no mail from outside can come.
    mail_program: Option<String>,
}

struct Key {
    prefix: String,
    used: Option<When>,
}

struct Mail {
    id: String,
    from: String,
    subject: String,
    at: When,
}

/// How many steps there are.
const STEPS: usize = 6;

/// The list.
pub fn setup(progress: Progress<'_>, problem: Option<Problem>) -> Screen {
    let is_verified = |domain: &&SendingDomain| domain.status == DomainStatus::Verified;
    let domain = progress.domains.iter().find(is_verified).or_else(|| progress.domains.first());
    let has_domain = domain.is_some_and(|domain| domain.status == DomainStatus::Verified);
    let identity = progress.identities.first();
    let has_channel = progress.identities.iter().any(|identity| !identity.approval_channels.is_empty());
    let steps = [
        has_domain,
        identity.is_some(),
        has_channel,
        !progress.keys.is_empty(),
        progress.thread.is_some(),
        progress.has_sent,
    ];
    let used = progress.keys.iter().filter_map(|(key, used)| used.map(|used| (key, used))).max_by_key(|(_, at)| *at);
    let key = used.map(|(key, used)| (key, Some(used))).or_else(|| progress.keys.first().map(|(key, _)| (key, None)));
    let page = Page {
        problem,
        wait: wait(&progress, domain),
        done: steps.iter().filter(|done| **done).count(),
        next: steps.iter().position(|done| !done).unwrap_or(STEPS) + 1,
        domain: domain.map(|domain| Domain {
            id: domain.id.to_string(),
            name: domain.domain.to_string(),
            is_verified: domain.status == DomainStatus::Verified,
            suggestion: domain.suggestion.clone(),
            records: records(domain, progress.public_url, progress.now),
        }),
        identity: identity.map(|identity| mailbox(identity, progress.public_url)),
        has_channel,
        key: key.map(|(key, used)| Key { prefix: key.prefix.clone(), used: used.map(|used| when(used, progress.now)) }),
        thread: progress.thread.map(|thread| Mail {
            id: thread.id.to_string(),
            from: thread.primary_contact_email.as_ref().map(|email| line(email.as_str())).unwrap_or_default(),
            subject: line(&thread.subject),
            at: when(thread.last_message_at, progress.now),
        }),
        draft: progress.draft.map(|draft| (draft.id.to_string(), line(draft.subject.as_str()))),
        has_sent: progress.has_sent,
        draft_call: draft_call(&progress),
        access: progress.access,
    };
    Screen::of(Section::Setup, "Get started", &page)
}

fn mailbox(identity: &Identity, public_url: &str) -> Mailbox {
    let address = identity.email_address.to_string();
    let mail_program = own_machine(public_url).map(|_| format!("/local/mail?to={}", address.replace('+', "%2B")));
    Mailbox { id: identity.id.to_string(), address, mail_program }
}

/// What the page waits for, as far as the workspace is.
fn wait(progress: &Progress<'_>, domain: Option<&SendingDomain>) -> Option<Wait> {
    let look = |seconds| Some(Wait { seconds, by: None });
    match domain {
        Some(domain) if domain.status != DomainStatus::Verified => {
            let by = progress.access.administer.then(|| format!("/onboarding/verify/{}", domain.id));
            Some(Wait { seconds: DNS_SECONDS, by })
        }
        _ if progress.identities.is_empty() || progress.has_sent => None,
        _ if progress.thread.is_none() => look(MAIL_SECONDS),
        _ => look(DRAFT_SECONDS),
    }
}

/// The call that submits a draft, with everything but the key filled in.
fn draft_call(progress: &Progress<'_>) -> Option<String> {
    let thread = progress.thread?;
    let message = thread.last_inbound_message_id?;
    let body = serde_json::json!({
        "thread_id": thread.id.to_string(),
        "identity_id": thread.identity_id.to_string(),
        "based_on_message_id": message.to_string(),
        "body_text": "Thanks for reaching out. I'll get back to you shortly.",
        "rationale": "Acknowledging receipt while I check the calendar.",
    });
    let body = serde_json::to_string_pretty(&body).unwrap_or_default();
    Some(format!(
        "curl -X POST {}/v1/drafts \\\n  -H \"Authorization: Bearer $ACTIONLAYER_API_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{}'",
        progress.public_url,
        body.replace('\'', "'\\''")
    ))
}
