//! Mail of senders nobody decided about.

use actionlayer_domain::{
    IdentityId, WorkspaceId,
    contact::{HeldInbound, SenderNotice},
};
use aws_sdk_dynamodb::operation::query::QueryInput;

use crate::{
    Page, PageRequest, Record, Row, Store, StoreError,
    counted::TotalsKey,
    keys::{self, Index},
    record::{kind, row, s},
};

/// All that waits for a decision about one sender.
#[derive(Debug, Default)]
pub struct HeldOfSender {
    /// The mail, oldest first.
    pub mail: Vec<Row<HeldInbound>>,
    /// That approvers were told, by identity.
    pub notices: Vec<Row<SenderNotice>>,
}

impl Store {
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
