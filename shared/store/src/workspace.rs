//! What lies in a workspace's own partition, and the deployment's.

use aws_sdk_dynamodb::operation::query::QueryInput;

use actionlayer_domain::{Identity, IdentityId, Rule, SendingDomain, WorkspaceId};

use crate::{
    AddressClaim, Record, Row, Store, StoreError, keys,
    record::{kind, row, s},
};

impl Store {
    /// Everything of a kind in a workspace's own partition, by id (so by time of creation), oldest first.
    pub(crate) async fn workspace_items<T: Record>(
        &self,
        workspace: WorkspaceId,
        prefix: &str,
    ) -> Result<Vec<Row<T>>, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", s(keys::workspace_pk(workspace)))
            .expression_attribute_values(":prefix", s(prefix))
            .consistent_read(true);
        self.query_all(query).await?.into_iter().map(row).collect()
    }

    /// A workspace's domains, oldest first. Plans bound their number.
    pub async fn domains(&self, workspace: WorkspaceId) -> Result<Vec<Row<SendingDomain>>, StoreError> {
        self.workspace_items(workspace, "DOMAIN#").await
    }

    /// A workspace's identities, oldest first. Plans bound their number.
    pub async fn identities(&self, workspace: WorkspaceId) -> Result<Vec<Row<Identity>>, StoreError> {
        self.workspace_items(workspace, "IDENTITY#").await
    }

    /// A workspace's rules, oldest first; at most 200.
    pub async fn rules(&self, workspace: WorkspaceId) -> Result<Vec<Row<Rule>>, StoreError> {
        self.workspace_items(workspace, "RULE#").await
    }

    pub async fn identity(&self, workspace: WorkspaceId, id: IdentityId) -> Result<Option<Row<Identity>>, StoreError> {
        self.get(&keys::identity(workspace, id)).await
    }

    /// Whose an arriving mail's recipients are, and which of them have a receipt already: one round trip for up to 50.
    pub async fn claims_and_receipts(
        &self,
        ses_message_id: &str,
        recipients: &[actionlayer_domain::EmailAddress],
    ) -> Result<(Vec<AddressClaim>, Vec<crate::Receipt>), StoreError> {
        let wanted: Vec<keys::Key> =
            recipients.iter().flat_map(|r| [keys::address(r), keys::receipt(ses_message_id, r.as_str())]).collect();
        let (mut claims, mut receipts) = (Vec::new(), Vec::new());
        for chunk in wanted.chunks(100) {
            for item in self.batch_get(chunk).await? {
                match kind(&item) {
                    AddressClaim::KIND => claims.push(row(item)?.value),
                    crate::Receipt::KIND => receipts.push(row(item)?.value),
                    _ => {}
                }
            }
        }
        Ok((claims, receipts))
    }
}
