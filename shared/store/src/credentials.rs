//! API keys at the door: one conditional update finds the key, refuses a revoked one and stamps its use.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue};
use sha2::{Digest, Sha256};

use actionlayer_domain::{ApiKeyId, ApiKeySecret, HeaderText, IdentityId, Role, Timestamp, WorkspaceId, key::ApiKey};

use crate::{
    Store, StoreError, Transaction, keys,
    record::{Row, key_item, n, row},
    records::CredentialRecord,
};

/// What a valid key stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Credential {
    /// The workspace it opens.
    pub workspace_id: WorkspaceId,
    /// The key's id.
    pub key_id: ApiKeyId,
    /// The key's name.
    pub name: HeaderText,
    /// What it may do.
    pub role: Role,
    /// The identities it is bound to; all when empty.
    pub identity_ids: Vec<IdentityId>,
}

fn sha256_hex(secret: &ApiKeySecret) -> String {
    hex::encode(Sha256::digest(secret.expose().as_bytes()))
}

const LAST_USED_AT: &str = "last_used_at_unix_ms";

impl Transaction {
    /// Adds a key: for its workspace to list, and for requests to present.
    pub fn create_api_key(&mut self, key: &ApiKey, secret: &ApiKeySecret) -> Result<&mut Self, StoreError> {
        let sha256_hex = sha256_hex(secret);
        self.create(&CredentialRecord {
            sha256_hex: sha256_hex.clone(),
            key_id: key.id,
            workspace_id: key.workspace_id,
            name: key.name.clone(),
            role: key.role,
            identity_ids: key.identity_ids.clone(),
        })?;
        self.create(&ListedKey { key: key.clone(), sha256_hex })
    }
}

/// A key as its workspace lists it, with the hash that leads to the credential.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct ListedKey {
    #[serde(flatten)]
    key: ApiKey,
    sha256_hex: String,
}

impl crate::Record for ListedKey {
    const KIND: &'static str = "api_key";
    type Body = ();

    fn key(&self) -> keys::Key {
        keys::api_key(self.key.workspace_id, self.key.id)
    }
}

impl Store {
    /// Finds the key and stamps its use, in one round trip. `None` when it is unknown or revoked.
    pub async fn authenticate(&self, secret: &ApiKeySecret, now: Timestamp) -> Result<Option<Credential>, StoreError> {
        let trip = self.meter.trip();
        let answer = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(&keys::credential(&sha256_hex(secret)))))
            .update_expression("SET #used = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#used", LAST_USED_AT)
            .expression_attribute_values(":now", n(now.unix_ms()))
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(e)
                if e.as_service_error().is_some_and(
                    aws_sdk_dynamodb::operation::update_item::UpdateItemError::is_conditional_check_failed_exception,
                ) =>
            {
                return Ok(None);
            }
            Err(e) => return Err(StoreError::dynamodb(&e)),
        };
        trip.wrote(answer.consumed_capacity());
        let Some(item) = answer.attributes else { return Ok(None) };
        let Row { value, .. } = row::<CredentialRecord>(item)?;
        Ok(Some(Credential {
            workspace_id: value.workspace_id,
            key_id: value.key_id,
            name: value.name,
            role: value.role,
            identity_ids: value.identity_ids,
        }))
    }

    /// The workspace's keys with the time each was last used, oldest first.
    pub async fn list_api_keys(&self, workspace: WorkspaceId) -> Result<Vec<(ApiKey, Option<Timestamp>)>, StoreError> {
        let listed: Vec<Row<ListedKey>> = self.workspace_items(workspace, "APIKEY#").await?;
        let mut last_used = std::collections::HashMap::new();
        let credentials: Vec<keys::Key> = listed.iter().map(|row| keys::credential(&row.value.sha256_hex)).collect();
        for chunk in credentials.chunks(100) {
            for item in self.batch_get(chunk).await? {
                let used = item.get(LAST_USED_AT).and_then(|v| v.as_n().ok()).and_then(|ms| ms.parse().ok());
                let credential = row::<CredentialRecord>(item)?.value;
                last_used.insert(credential.key_id, used.map(Timestamp::from_unix_ms));
            }
        }
        Ok(listed
            .into_iter()
            .map(|row| {
                let used = last_used.get(&row.value.key.id).copied().flatten();
                (row.value.key, used)
            })
            .collect())
    }

    /// Revokes a key at once: its credential is gone when this returns. `false` when there is no such key.
    pub async fn revoke_api_key(&self, workspace: WorkspaceId, id: ApiKeyId) -> Result<bool, crate::CommitError> {
        let Some(listed) = self.get::<ListedKey>(&keys::api_key(workspace, id)).await? else { return Ok(false) };
        let key = keys::credential(&listed.value.sha256_hex);
        let mut transaction = Transaction::new();
        transaction.delete(&listed);
        if let Some(credential) = self.get::<CredentialRecord>(&key).await? {
            transaction.delete(&credential);
        }
        self.commit(transaction).await?;
        Ok(true)
    }
}
