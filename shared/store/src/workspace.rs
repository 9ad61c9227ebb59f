//! What lies in a workspace's own partition, and the deployment's.

use aws_sdk_dynamodb::operation::query::QueryInput;

use actionlayer_domain::{Entropy, Identity, IdentityId, Rule, Secret, SendingDomain, WorkspaceId};

use crate::{
    AddressClaim, CommitError, LinkSecret, Record, Row, Store, StoreError, TelegramBotRecord, Transaction, keys,
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

    /// Every bot in Telegram that identities of this deployment use.
    pub async fn telegram_bots(&self) -> Result<Vec<Row<TelegramBotRecord>>, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(keys::TELEGRAM_BOTS))
            .consistent_read(true);
        self.query_all(query).await?.into_iter().map(row).collect()
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

    /// The key approval links are signed with: made on first use, the same for ever after.
    pub async fn link_secret(&self, entropy: &dyn Entropy) -> Result<Secret<[u8; 32]>, StoreError> {
        // Two first uses at once: one creates, the other finds. A third look is never needed.
        for _ in 0..3 {
            if let Some(found) = self.get::<LinkSecret>(&keys::link_secret()).await? {
                let mut key = [0; 32];
                hex::decode_to_slice(found.value.key_hex.expose(), &mut key)
                    .map_err(|e| StoreError::Corrupt { kind: LinkSecret::KIND, reason: e.to_string() })?;
                return Ok(Secret::new(key));
            }
            let mut key = [0; 32];
            entropy.fill(&mut key);
            let mut transaction = Transaction::new();
            transaction.create(&LinkSecret { key_hex: Secret::new(hex::encode(key)) })?;
            match self.commit(transaction).await {
                Ok(()) => return Ok(Secret::new(key)),
                Err(CommitError::Conflict { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Err(StoreError::Unavailable { service: "dynamodb", code: "link_secret_contended".to_owned() })
    }
}
