//! How many threads, drafts, held mails and contacts a workspace has, by the filters a list can have alone. Kept by the relay from the stream,
//! each change counted exactly once, so that no user's write waits for a counter and no list counts what it shows.

use actionlayer_domain::{
    DraftStatus, IdentityId, WorkspaceId, contact::ContactStatus, event::Entity, thread::ThreadStatus,
};
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{CommitError, Record, Store, StoreError, Transaction, keys, record::key_item};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalsKey {
    /// All threads.
    Threads,
    /// Threads that need review, or those that do not.
    ThreadsByReview(bool),
    /// Threads with a status.
    ThreadsWithStatus(ThreadStatus),
    /// Threads of an identity.
    ThreadsOfIdentity(IdentityId),
    /// All drafts.
    Drafts,
    /// Drafts with a status.
    DraftsWithStatus(DraftStatus),
    /// Drafts of an identity.
    DraftsOfIdentity(IdentityId),
    /// Held mail.
    Held,
    /// Held mail of an identity.
    HeldOfIdentity(IdentityId),
    /// All contacts.
    Contacts,
    /// Contacts with a status.
    ContactsWithStatus(ContactStatus),
    /// Suppressed addresses.
    Suppressions,
}

impl TotalsKey {
    /// The attribute it is counted in.
    fn attribute(self) -> String {
        match self {
            Self::Threads => "threads".to_owned(),
            Self::ThreadsByReview(true) => "threads#review".to_owned(),
            Self::ThreadsByReview(false) => "threads#reviewed".to_owned(),
            Self::ThreadsWithStatus(status) => format!("threads#{}", status.as_str()),
            Self::ThreadsOfIdentity(id) => format!("threads#{id}"),
            Self::Drafts => "drafts".to_owned(),
            Self::DraftsWithStatus(status) => format!("drafts#{}", status.as_str()),
            Self::DraftsOfIdentity(id) => format!("drafts#{id}"),
            Self::Held => "held".to_owned(),
            Self::HeldOfIdentity(id) => format!("held#{id}"),
            Self::Contacts => "contacts".to_owned(),
            Self::ContactsWithStatus(status) => format!("contacts#{}", status.as_str()),
            Self::Suppressions => "suppressions".to_owned(),
        }
    }

    /// What an entity counts in.
    fn of(entity: &Entity) -> Vec<Self> {
        match entity {
            Entity::Thread(thread) if thread.merged_into.is_some() => Vec::new(),
            Entity::Thread(thread) => vec![
                Self::Threads,
                Self::ThreadsWithStatus(thread.status),
                Self::ThreadsOfIdentity(thread.identity_id),
                Self::ThreadsByReview(thread.needs_review),
            ],
            Entity::Draft(draft) => {
                vec![Self::Drafts, Self::DraftsWithStatus(draft.status), Self::DraftsOfIdentity(draft.identity_id)]
            }
            Entity::Held(held) => vec![Self::Held, Self::HeldOfIdentity(held.identity_id)],
            Entity::Contact(contact) => vec![Self::Contacts, Self::ContactsWithStatus(contact.status)],
            Entity::Suppression(_) => vec![Self::Suppressions],
            Entity::Message(_)
            | Entity::SenderNotice(_)
            | Entity::Domain(_)
            | Entity::Webhook(_)
            | Entity::Rule(_)
            | Entity::RuleRun(_)
            | Entity::Delivery(_) => Vec::new(),
        }
    }
}

/// That a change was counted. Outlives the stream's 24 hours, in which it could come again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Counted {
    event_id: String,
    ttl_unix_seconds: i64,
}

impl Record for Counted {
    const KIND: &'static str = "counted";
    type Body = ();

    fn key(&self) -> keys::Key {
        keys::counted(&self.event_id)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.ttl_unix_seconds)
    }
}

/// A change of an item as the totals see it.
#[derive(Debug, Clone)]
pub struct TotalsChange {
    /// The stream's id of the change.
    pub event_id: String,
    amounts: Vec<(String, i64)>,
}

impl TotalsChange {
    /// What a change adds and takes away; `None` when nothing.
    pub fn between(event_id: &str, old: Option<&Entity>, new: Option<&Entity>) -> Option<Self> {
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for (entity, amount) in [(old, -1), (new, 1)] {
            for key in entity.map(TotalsKey::of).unwrap_or_default() {
                *sums.entry(key.attribute()).or_default() += amount;
            }
        }
        let amounts: Vec<_> = sums.into_iter().filter(|(_, amount)| *amount != 0).collect();
        (!amounts.is_empty()).then(|| Self { event_id: event_id.to_owned(), amounts })
    }
}

/// A transaction holds 100 operations; the counter itself is one.
const CHANGES_PER_TRANSACTION: usize = 90;
/// Stream records live 24 hours; the mark that one was counted lives twice as long.
const COUNTED_SECONDS: i64 = 2 * 86_400;

impl Store {
    /// Counts changes of one workspace, each exactly once however often it comes.
    pub async fn count_changes(
        &self,
        workspace: WorkspaceId,
        changes: &[TotalsChange],
        now_unix_seconds: i64,
    ) -> Result<(), CommitError> {
        for chunk in changes.chunks(CHANGES_PER_TRANSACTION) {
            let mut fresh: Vec<&TotalsChange> = chunk.iter().collect();
            while !fresh.is_empty() {
                let mut transaction = Transaction::new();
                let mut sums: BTreeMap<String, i64> = BTreeMap::new();
                for change in &fresh {
                    let ttl_unix_seconds = now_unix_seconds + COUNTED_SECONDS;
                    transaction.create(&Counted { event_id: change.event_id.clone(), ttl_unix_seconds })?;
                    for (attribute, amount) in &change.amounts {
                        *sums.entry(attribute.clone()).or_default() += amount;
                    }
                }
                transaction.add(keys::totals(workspace), "totals", sums.into_iter().collect());
                match self.commit(transaction).await {
                    Ok(()) => break,
                    // Some were counted before: leave those out.
                    Err(CommitError::Conflict { failed }) if !failed.is_empty() => {
                        let mut position = 0;
                        fresh.retain(|_| {
                            position += 1;
                            !failed.contains(&(position - 1))
                        });
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// A total, as of moments ago.
    pub(crate) async fn total(&self, workspace: WorkspaceId, key: TotalsKey) -> Result<u64, StoreError> {
        let attribute = key.attribute();
        let get = GetItemInput::builder()
            .set_key(Some(key_item(&keys::totals(workspace))))
            .projection_expression("#a")
            .expression_attribute_names("#a", &attribute);
        let item = self.get_item(get).await?;
        Ok(item
            .and_then(|item| item.get(&attribute).and_then(|v| v.as_n().ok()).and_then(|n| n.parse::<i64>().ok()))
            .map_or(0, |total| u64::try_from(total).unwrap_or(0)))
    }
}
