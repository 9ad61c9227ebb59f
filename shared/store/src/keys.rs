//! Every key of the table, in one place.
//!
//! Sort keys in a family begin with a digit so that one descending read gives the thread, then its drafts, then its
//! messages, newest first; earlier versions of drafts come last and are not read with the rest.

use actionlayer_domain::{
    ApiKeyId, DomainId, DomainName, DraftId, DraftStatus, EmailAddress, EventId, Family, IdentityId, MessageId, RuleId,
    ThreadId, Timestamp, UploadId, WebhookDeliveryId, WebhookId, WorkspaceId, event::EventType, rate::RateWindow,
    rule::Trigger, thread::ThreadStatus,
};
use sha2::{Digest, Sha256};

use crate::IdempotencyScope;

mod accounts;
mod billing;
mod channels;
mod people;
mod secrets;

pub(crate) use accounts::{
    MEMBERSHIP_PREFIX, SESSION_PREFIX, attempts, audit, audit_pk, invitations, memberships_of, user_pk,
};
pub use accounts::{account_link, first_owner, membership, session, user, user_email};
pub use billing::{stripe_customer, stripe_event};
pub use channels::{
    TELEGRAM_BOTS, channel_line, slack_callback, slack_consent, slack_installation, telegram_bot, telegram_prompt,
};
pub use people::{contact, held, held_digest, sender_family, sender_notice, suppression};
pub(crate) use people::{
    contact_by_id, contact_list, contact_of, contact_with_tag, contact_with_word, contact_words, contacts_with_tag,
    held_list, held_of_identity, held_pk, known_domain, known_domains, suppression_by_id, suppressions,
};
pub(crate) use secrets::sealed_telegram_bots;
pub use secrets::{SECRETS, secret};

/// Partition key attribute.
pub const PK: &str = "pk";
/// Sort key attribute.
pub const SK: &str = "sk";
/// Attribute that says what kind of item it is.
pub const KIND: &str = "kind";
/// Attribute that counts the writes to an item; every write is conditional on it.
pub const REVISION: &str = "revision";
/// Attribute that holds the entity.
pub const DATA: &str = "data";
/// Attribute that says where an entity stands, for the kinds of which a filter must know; see [`crate::Record::state`].
pub const STATE: &str = "state";
/// Attribute that holds the compressed body, or where it is. In no index.
pub const BODY: &str = "body";
/// Attribute DynamoDB deletes expired items by, in seconds. For tidying only: reads check expiry themselves.
pub const TTL: &str = "ttl";

/// The key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// The indexes. Each is sparse and never carries a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Index {
    /// Everything of a kind in a workspace, by time. Drafts are not in it: their states together are all of them.
    List,
    /// The same, by status; threads also by whether they need review.
    State,
    /// Threads and held mail by identity; what is found by its id.
    Owner,
    /// Work that falls due, over all workspaces. Small: an item is in it only while something is outstanding. No more than
    /// keys: what is due is read from the table.
    Due,
}

impl Index {
    /// Every index.
    pub const ALL: [Self; 4] = [Self::List, Self::State, Self::Owner, Self::Due];

    /// The index's name, also the prefix of its key attributes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::State => "state",
            Self::Owner => "owner",
            Self::Due => "due",
        }
    }

    /// The attribute of its partition key.
    pub const fn pk(self) -> &'static str {
        match self {
            Self::List => "list_pk",
            Self::State => "state_pk",
            Self::Owner => "owner_pk",
            Self::Due => "due_pk",
        }
    }

    /// The attribute of its sort key.
    pub const fn sk(self) -> &'static str {
        match self {
            Self::List => "list_sk",
            Self::State => "state_sk",
            Self::Owner => "owner_sk",
            Self::Due => "due_sk",
        }
    }
}

/// The place of an item in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    pub index: Index,
    /// Partition key there.
    pub pk: String,
    /// Sort key there.
    pub sk: String,
}

impl IndexEntry {
    pub(crate) fn new(index: Index, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { index, pk: pk.into(), sk: sk.into() }
    }
}

/// The prefix of every key that holds a tenant's data.
pub fn workspace_pk(workspace: WorkspaceId) -> String {
    format!("W#{workspace}")
}

/// The partition of a thread, its messages and its drafts.
pub fn family_pk(workspace: WorkspaceId, family: Family) -> String {
    format!("W#{workspace}#F#{family}")
}

/// A thread.
pub fn thread(workspace: WorkspaceId, family: Family) -> Key {
    Key::new(family_pk(workspace, family), "3#thread")
}

/// A draft; its id names the family.
pub fn draft(workspace: WorkspaceId, id: DraftId) -> Key {
    Key::new(family_pk(workspace, id.family()), format!("{DRAFT_PREFIX}{id}"))
}

/// A message; its id names the family.
pub fn message(workspace: WorkspaceId, id: MessageId) -> Key {
    Key::new(family_pk(workspace, id.family()), format!("{MESSAGE_PREFIX}{id}"))
}

/// The beginning of a draft's sort key.
pub const DRAFT_PREFIX: &str = "2#draft#";

/// The beginning of a message's sort key.
pub const MESSAGE_PREFIX: &str = "1#message#";

/// An earlier version of a draft.
pub fn draft_version(workspace: WorkspaceId, id: DraftId, version: u32) -> Key {
    Key::new(family_pk(workspace, id.family()), format!("{}{version:06}", draft_version_prefix(id)))
}

/// The beginning of the sort keys of a draft's earlier versions.
pub fn draft_version_prefix(id: DraftId) -> String {
    format!("0#version#{id}#")
}

/// The workspace itself.
pub fn workspace(id: WorkspaceId) -> Key {
    Key::new(workspace_pk(id), "WORKSPACE")
}

/// That a workspace is to be deleted: beside its own partitions, which go first.
pub fn erasure(workspace: WorkspaceId) -> Key {
    Key::new(format!("ERASE#{workspace}"), "ERASURE")
}

/// The export of a workspace.
pub fn export(workspace: WorkspaceId) -> Key {
    Key::new(workspace_pk(workspace), "EXPORT")
}

/// A domain.
pub fn domain(workspace: WorkspaceId, id: DomainId) -> Key {
    Key::new(workspace_pk(workspace), format!("DOMAIN#{id}"))
}

/// An identity.
pub fn identity(workspace: WorkspaceId, id: IdentityId) -> Key {
    Key::new(workspace_pk(workspace), format!("IDENTITY#{id}"))
}

/// A rule.
pub fn rule(workspace: WorkspaceId, id: RuleId) -> Key {
    Key::new(workspace_pk(workspace), format!("RULE#{id}"))
}

/// What rules came to at an event.
pub fn rule_occasion(workspace: WorkspaceId, trigger: Trigger, event: EventId) -> Key {
    Key::new(rule_occasions_of_month(workspace, trigger, &month(event.time())), event.to_string())
}

/// The partition of a month's events that rules with a trigger were considered for.
pub(crate) fn rule_occasions_of_month(workspace: WorkspaceId, trigger: Trigger, month: &str) -> String {
    format!("{}#RULES#{}#{month}", workspace_pk(workspace), trigger.as_str())
}

/// What a rule did at an event.
pub fn rule_run(workspace: WorkspaceId, rule: RuleId, event: EventId) -> Key {
    Key::new(format!("{}#RUNS#{rule}", workspace_pk(workspace)), event.to_string())
}

/// What rules did at what happened in a thread, in [`Index::Owner`].
pub(crate) fn rule_runs_of_thread(workspace: WorkspaceId, thread: ThreadId) -> String {
    format!("{}#RULE_RUNS#{thread}", workspace_pk(workspace))
}

/// How often a rule was carried out in a minute, counted from 1970.
pub(crate) fn rule_runs_of_minute(workspace: WorkspaceId, rule: RuleId, minute: i64) -> Key {
    Key::new(format!("{}#RUNS#{rule}", workspace_pk(workspace)), format!("MINUTE#{minute}"))
}

/// A key as its workspace lists it.
pub fn api_key(workspace: WorkspaceId, id: ApiKeyId) -> Key {
    Key::new(workspace_pk(workspace), format!("APIKEY#{id}"))
}

/// A key as a request presents it.
pub fn credential(sha256_hex: &str) -> Key {
    Key::new(format!("K#{sha256_hex}"), "KEY")
}

/// Who an address belongs to: makes addresses unique.
pub fn address(email: &EmailAddress) -> Key {
    Key::new(format!("A#{}", email.folded()), "ADDRESS")
}

/// Who a domain belongs to: makes domains unique.
pub fn domain_claim(domain: &DomainName) -> Key {
    Key::new(format!("DN#{domain}"), "CLAIM")
}

/// The DKIM key pair of a domain as it lay before it was sealed.
pub fn domain_keys(workspace: WorkspaceId, id: DomainId) -> Key {
    Key::new(format!("{}#DKIM", workspace_pk(workspace)), id.to_string())
}

/// What a Message-ID belongs to, for one identity.
pub fn mail_pointer(workspace: WorkspaceId, identity: IdentityId, message_id: &str) -> Key {
    Key::new(
        format!("{}#I#{identity}", workspace_pk(workspace)),
        format!("MID#{}", hex::encode(Sha256::digest(message_id.as_bytes()))),
    )
}

/// What became of one recipient of one raw mail.
pub fn receipt(ses_message_id: &str, recipient: &str) -> Key {
    Key::new(format!("R#{ses_message_id}"), recipient.to_ascii_lowercase())
}

/// A file that was announced for sending.
pub fn upload(workspace: WorkspaceId, id: UploadId) -> Key {
    Key::new(format!("{}#U", workspace_pk(workspace)), id.to_string())
}

/// A part of what a workspace used in a period (`lifetime` or `2026-04`).
pub(crate) fn usage(workspace: WorkspaceId, period: &str, shard: u8) -> Key {
    Key::new(usage_pk(workspace), format!("{period}#{shard:02}"))
}

/// The partition of what a workspace used.
pub(crate) fn usage_pk(workspace: WorkspaceId) -> String {
    format!("{}#USAGE", workspace_pk(workspace))
}

/// How many mails of an identity left on a day (`2026-04-30`) that nobody approved.
pub(crate) fn unattended_of(workspace: WorkspaceId, day: &str, identity: IdentityId) -> Key {
    Key::new(format!("{}#UNATTENDED", workspace_pk(workspace)), format!("{day}#I#{identity}"))
}

/// The same to a person, from all identities.
pub(crate) fn unattended_to(workspace: WorkspaceId, day: &str, recipient: &EmailAddress) -> Key {
    Key::new(format!("{}#UNATTENDED", workspace_pk(workspace)), format!("{day}#R#{}", recipient.folded()))
}

/// How many words the mails of a sender were entered under on the day of `now`.
pub(crate) fn sender_words(workspace: WorkspaceId, sender: &str, now: Timestamp) -> Key {
    Key::new(format!("{}#SENDER_WORDS#{}", workspace_pk(workspace), sender_family(sender)), now.date())
}

/// A webhook.
pub fn webhook(workspace: WorkspaceId, id: WebhookId) -> Key {
    Key::new(workspace_pk(workspace), format!("{WEBHOOK_PREFIX}{id}"))
}

/// How the endpoint of a webhook is doing.
pub fn endpoint(workspace: WorkspaceId, webhook: WebhookId) -> Key {
    Key::new(workspace_pk(workspace), format!("ENDPOINT#{webhook}"))
}

/// The beginning of a webhook's sort key.
pub(crate) const WEBHOOK_PREFIX: &str = "WEBHOOK#";

/// An event on its way to a webhook.
pub fn webhook_delivery(workspace: WorkspaceId, webhook: WebhookId, id: WebhookDeliveryId) -> Key {
    Key::new(webhook_deliveries(workspace, webhook), id.to_string())
}

/// The partition of a webhook's deliveries.
pub(crate) fn webhook_deliveries(workspace: WorkspaceId, webhook: WebhookId) -> String {
    format!("{}#WH#{webhook}", workspace_pk(workspace))
}

/// Those of them that are to be tried, in [`Index::State`].
pub(crate) fn pending_deliveries(workspace: WorkspaceId, webhook: WebhookId) -> String {
    format!("{}#PENDING", webhook_deliveries(workspace, webhook))
}

/// An event; its id sorts by time.
pub fn event(workspace: WorkspaceId, at: Timestamp, id: EventId) -> Key {
    Key::new(events_of_month(workspace, &month(at)), id.to_string())
}

/// The month of a time: `2026-04`.
pub(crate) fn month(at: Timestamp) -> String {
    at.to_string().chars().take(7).collect()
}

/// The partition of a month's events.
pub(crate) fn events_of_month(workspace: WorkspaceId, month: &str) -> String {
    format!("{}#E#{month}", workspace_pk(workspace))
}

/// Events that were recorded in a month, late, in the order in which they were, in [`Index::List`].
pub(crate) fn late_events(workspace: WorkspaceId, month: &str) -> String {
    format!("{}#LATE", events_of_month(workspace, month))
}

/// Those of them of a type, in [`Index::State`].
pub(crate) fn events_of_type(events_of_month: &str, event_type: EventType) -> String {
    format!("{events_of_month}#{event_type}")
}

/// A part of how many threads, drafts and others of an identity, or of none, a workspace has.
pub(crate) fn totals(workspace: WorkspaceId, identity: Option<IdentityId>, shard: u8) -> Key {
    let identity = identity.map(|id| id.to_string()).unwrap_or_default();
    Key::new(totals_pk(workspace), format!("{identity}#{shard}"))
}

/// The partition of how many there are.
pub(crate) fn totals_pk(workspace: WorkspaceId) -> String {
    format!("{}#TOTALS", workspace_pk(workspace))
}

/// How often an address asked without a key, in a window.
pub(crate) fn source_rate(source_sha256: &str, window: RateWindow) -> Key {
    Key::new(format!("RATE#{source_sha256}"), format!("{:012}", window.number()))
}

/// That a request with an `Idempotency-Key` was begun.
pub fn idempotency_claim(scope: &IdempotencyScope, key_sha256: &str) -> Key {
    let pk = match scope {
        IdempotencyScope::Workspace(workspace) => format!("{}#IDEM", workspace_pk(*workspace)),
        IdempotencyScope::Source(source) => format!("DEPLOYMENT#IDEM#{source}"),
    };
    Key::new(pk, key_sha256)
}

/// That such a request had its effect.
pub fn idempotent_effect(workspace: WorkspaceId, claim_id: &str) -> Key {
    Key::new(format!("{}#IDEM", workspace_pk(workspace)), format!("EFFECT#{claim_id}"))
}

/// The one workspace of a deployment without sign-up.
pub fn deployment_workspace() -> Key {
    Key::new("DEPLOYMENT", "WORKSPACE")
}

/// The key approval links are signed with as it lay before it was sealed.
pub fn link_secret() -> Key {
    Key::new("DEPLOYMENT", "LINK_SECRET")
}

/// How far the comparison of the bucket with the receipts came.
pub fn sweep_position() -> Key {
    Key::new("DEPLOYMENT", "SWEEP_POSITION")
}

pub(crate) fn threads(workspace: WorkspaceId) -> String {
    format!("{}#THREADS", workspace_pk(workspace))
}

/// Threads with a status that need review, or those that do not.
pub(crate) fn threads_in_state(workspace: WorkspaceId, status: ThreadStatus, needs_review: bool) -> String {
    format!("{}#{}{}", threads(workspace), status.as_str(), if needs_review { "#REVIEW" } else { "" })
}

pub(crate) fn threads_of_identity(workspace: WorkspaceId, identity: IdentityId) -> String {
    format!("{}#I#{identity}", threads(workspace))
}

/// Threads with a tag, entered by the relay.
pub(crate) fn threads_with_tag(workspace: WorkspaceId, tag: &str) -> String {
    format!("{}#TAG#{tag}", threads(workspace))
}

/// Threads somebody takes part in, by folded address, entered by the relay.
pub(crate) fn threads_with_participant(workspace: WorkspaceId, address: &str) -> String {
    format!("{}#WITH#{address}", threads(workspace))
}

/// The partition of the words that threads are found by.
pub(crate) fn words(workspace: WorkspaceId) -> String {
    format!("{}#WORDS", workspace_pk(workspace))
}

/// Where the words of a workspace are.
pub(crate) fn word_index(workspace: WorkspaceId) -> Key {
    // Sorts before the postings.
    Key::new(words(workspace), "0#index")
}

/// The words of some mails, as they came.
pub(crate) fn word_posting(workspace: WorkspaceId, at: Timestamp, name: &str) -> Key {
    Key::new(words(workspace), format!("1#{at}#{name}"))
}

pub(crate) fn drafts(workspace: WorkspaceId) -> String {
    format!("{}#DRAFTS", workspace_pk(workspace))
}

pub(crate) fn drafts_with_status(workspace: WorkspaceId, status: DraftStatus) -> String {
    format!("{}#{}", drafts(workspace), status.as_str())
}

/// Sends that are queued or in doubt, in [`Index::Due`].
pub(crate) const DUE_SENDS: &str = "DUE#SEND";
/// Pending drafts that will expire, in [`Index::Due`].
pub(crate) const DUE_DRAFTS: &str = "DUE#DRAFT";
/// Mail that waits for room in the plan, in [`Index::Due`].
pub(crate) const DUE_HELD: &str = "DUE#HELD";
/// Domains to be checked until they are proven, in [`Index::Due`].
pub(crate) const DUE_DOMAINS: &str = "DUE#DOMAIN";
/// Domains that were proven once and are watched, in [`Index::Due`].
pub(crate) const DUE_PROVEN_DOMAINS: &str = "DUE#PROVEN";

/// Workspaces that are to be deleted, in [`Index::Due`].
pub(crate) const DUE_ERASURES: &str = "DUE#ERASURE";
/// Exports that are being written, in [`Index::Due`].
pub(crate) const DUE_EXPORTS: &str = "DUE#EXPORT";

/// Endpoints at which a delivery will be due, in [`Index::Due`].
pub(crate) const DUE_ENDPOINTS: &str = "DUE#ENDPOINT";

/// Hours of new senders that will be over, in [`Index::Due`].
pub(crate) const DUE_DIGESTS: &str = "DUE#DIGEST";

/// A sort key by time, unique by id.
pub(crate) fn by_time(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("{at}#{id}")
}
