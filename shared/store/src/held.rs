//! Mail of senders nobody decided about.

use std::time::Duration;

use actionlayer_domain::{
    IdentityId, Timestamp, WorkspaceId,
    contact::{HeldInbound, SenderNotice},
    held_digest::HeldDigest,
};
use aws_sdk_dynamodb::operation::query::QueryInput;

use crate::{
    Page, PageRequest, Record, Row, Store, StoreError,
    counted::TotalsKey,
    keys::{self, Index, IndexEntry, Key},
    record::{kind, row, s},
};

/// How long an hour of new senders is kept when it is over: longer than anybody who is to be told of it may not be reached.
const DIGEST_KEPT: Duration = Duration::from_hours(7 * 24);

/// All that waits for a decision about one sender.
#[derive(Debug, Default)]
pub struct HeldOfSender {
    /// The mail, oldest first.
    pub mail: Vec<Row<HeldInbound>>,
    /// That approvers were told, by identity.
    pub notices: Vec<Row<SenderNotice>>,
}

impl Record for HeldDigest {
    const KIND: &'static str = "held_digest";
    type Body = ();

    fn key(&self) -> Key {
        keys::held_digest(self.workspace_id, self.identity_id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let due = self.due_at();
        due.map(|at| IndexEntry::new(Index::Due, keys::DUE_DIGESTS, keys::by_time(at, self.identity_id)))
            .into_iter()
            .collect()
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.until.after(DIGEST_KEPT).unix_seconds())
    }
}

impl Store {
    /// Hours that are over in which new senders were gathered, the longest ago first.
    pub async fn due_digests(&self, now: Timestamp) -> Result<Vec<HeldDigest>, StoreError> {
        self.due(keys::DUE_DIGESTS, "0", &now.to_string()).await
    }

    /// Held mail, newest first; of one identity or of all.
    pub async fn list_held(
        &self,
        workspace: WorkspaceId,
        identity: Option<IdentityId>,
        page: &PageRequest,
    ) -> Result<Page<HeldInbound>, StoreError> {
        let held = self.newest_first::<HeldInbound>(workspace, &identity);
        let held = match identity {
            None => held.in_index(Index::List, keys::held_list(workspace)).counted_by(TotalsKey::Held),
            Some(identity) => held
                .in_index(Index::Owner, keys::held_of_identity(workspace, identity))
                .counted_by(TotalsKey::HeldOfIdentity(identity)),
        };
        held.page(page).await
    }

    /// Held mail of one sender, as of now: whoever decides about the sender after that mail was held finds it here.
    pub async fn held_of_sender(&self, workspace: WorkspaceId, from_email: &str) -> Result<HeldOfSender, StoreError> {
        let mut found = HeldOfSender::default();
        let query = QueryInput::builder()
            .key_condition_expression("pk = :sender")
            .expression_attribute_values(":sender", s(keys::held_pk(workspace, keys::sender_family(from_email))))
            .consistent_read(true);
        for item in self.query_all(query).await? {
            match kind(&item) {
                HeldInbound::KIND => found.mail.push(row(item)?),
                SenderNotice::KIND => found.notices.push(row(item)?),
                _ => {}
            }
        }
        // The family is a hash: whoever else has the same one is somebody else.
        found.mail.retain(|row| row.value.from_email.eq_ignore_ascii_case(from_email));
        found.notices.retain(|row| row.value.from_email.eq_ignore_ascii_case(from_email));
        Ok(found)
    }
}
