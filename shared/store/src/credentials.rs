//! API keys at the door: one request finds the key and refuses a revoked one; a conditional update where it counts.

use aws_sdk_dynamodb::{
    operation::{
        get_item::GetItemInput,
        update_item::{UpdateItemError, UpdateItemInput},
    },
    types::ReturnValue,
};
use sha2::{Digest, Sha256};

use actionlayer_domain::{
    ApiKeyId, ApiKeySecret, HeaderText, IdentityId, Role, Timestamp, WorkspaceId,
    key::ApiKey,
    rate::{RateClass, RateWindow},
};

use crate::{
    Store, StoreError, Transaction, keys,
    record::{Item, Row, key_item, n, number, row},
    records::CredentialRecord,
    requests::Counter,
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
    /// How many requests of the class it has made in this window, this one included; zero when they are not counted.
    pub requests_in_window: u64,
}

fn sha256_hex(secret: &ApiKeySecret) -> String {
    hex::encode(Sha256::digest(secret.expose().as_bytes()))
}

const LAST_USED_AT: &str = "last_used_at_unix_ms";
/// A write for every request would cost more than all it reads, to tell the second a key was used.
const STAMPED_EVERY_MS: i64 = 60_000;
/// How many counters of past windows a credential may carry.
const MAX_PAST_WINDOWS: usize = 10;

/// The attribute that counts a class of requests in a window. A name of its own for each window: no update can set a
/// counter back, but any can begin a new one.
fn counter(class: RateClass, window: RateWindow) -> String {
    format!("{}#{}", class.as_str(), window.number())
}

fn is_past(attribute: &str, window: RateWindow) -> bool {
    let number = attribute.split_once('#').and_then(|(_, number)| number.parse::<i64>().ok());
    number.is_some_and(|number| number < window.number())
}

fn credential(item: Item, requests_in_window: u64) -> Result<Credential, StoreError> {
    let Row { value, .. } = row::<CredentialRecord>(item)?;
    Ok(Credential {
        workspace_id: value.workspace_id,
        key_id: value.key_id,
        name: value.name,
        role: value.role,
        identity_ids: value.identity_ids,
        requests_in_window,
    })
}

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
    /// Finds the key, and counts the request if it has a class: one round trip either way. Its use is stamped along with a
    /// count; without one, when the last stamp is a minute old. `None` when the key is unknown or revoked.
    pub async fn authenticate(
        &self,
        secret: &ApiKeySecret,
        counted: Option<RateClass>,
        now: Timestamp,
    ) -> Result<Option<Credential>, StoreError> {
        let key = keys::credential(&sha256_hex(secret));
        let Some(class) = counted else { return self.find_credential(&key, now).await };
        let window = RateWindow::at(now);
        let count = counter(class, window);
        let Some(item) = self.stamp(&key, now, Some(&count)).await? else { return Ok(None) };
        let requests_in_window = item.get(&count).and_then(number).unwrap_or(0);
        self.forget_windows(&key, &item, window).await;
        Ok(Some(credential(item, requests_in_window)?))
    }

    /// Finds a key whose requests nobody counts. Strongly consistent: one that was revoked is refused at once.
    async fn find_credential(&self, key: &keys::Key, now: Timestamp) -> Result<Option<Credential>, StoreError> {
        let get = GetItemInput::builder().set_key(Some(key_item(key))).consistent_read(true);
        let Some(mut item) = self.get_item(get).await? else { return Ok(None) };
        let stamped_ms = item.get(LAST_USED_AT).and_then(|at| at.as_n().ok()?.parse::<i64>().ok());
        if stamped_ms.is_none_or(|at| now.unix_ms().saturating_sub(at) >= STAMPED_EVERY_MS) {
            match self.stamp(key, now, None).await? {
                Some(stamped) => item = stamped,
                None => return Ok(None),
            }
        }
        Ok(Some(credential(item, 0)?))
    }

    /// Stamps the use of a key, and adds one to a counter. The credential after that; `None` when there is none.
    async fn stamp(&self, key: &keys::Key, now: Timestamp, count: Option<&str>) -> Result<Option<Item>, StoreError> {
        let update = UpdateItemInput::builder()
            .set_key(Some(key_item(key)))
            .update_expression(if count.is_some() { "SET #used = :now ADD #n :one" } else { "SET #used = :now" })
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#used", LAST_USED_AT)
            .expression_attribute_values(":now", n(now.unix_ms()))
            .return_values(ReturnValue::AllNew);
        let update = match count {
            Some(name) => update.expression_attribute_names("#n", name).expression_attribute_values(":one", n(1)),
            None => update,
        };
        match self.update_item(update).await {
            Ok(answer) => Ok(answer.attributes),
            Err(e) if e.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
                Ok(None)
            }
            Err(e) => Err(StoreError::dynamodb(&e)),
        }
    }

    /// Removes the counters of past windows, once there are many: each is a few bytes, and removing them costs a write.
    async fn forget_windows(&self, key: &keys::Key, item: &Item, window: RateWindow) {
        let past: Vec<&String> = item.keys().filter(|name| is_past(name, window)).collect();
        if past.len() < MAX_PAST_WINDOWS {
            return;
        }
        let names: std::collections::HashMap<String, String> =
            past.iter().enumerate().map(|(i, name)| (format!("#r{i}"), (*name).clone())).collect();
        let mut placeholders: Vec<&str> = names.keys().map(String::as_str).collect();
        placeholders.sort_unstable();
        let update = UpdateItemInput::builder()
            .set_key(Some(key_item(key)))
            .update_expression(format!("REMOVE {}", placeholders.join(", ")))
            // A key that was revoked in the meantime stays so.
            .condition_expression("attribute_exists(pk)")
            .set_expression_attribute_names(Some(names));
        // They are in nobody's way; the next request tries again.
        if let Err(error) = self.update_item(update).await {
            tracing::warn!(error = %StoreError::dynamodb(&error), "past windows were not removed");
        }
    }

    /// Counts a request without a key by where it comes from: how many there were in this window, this one included.
    pub async fn count_source(&self, source_sha256: &str, now: Timestamp) -> Result<u64, StoreError> {
        let window = RateWindow::at(now);
        let counter = Counter {
            key: keys::source_rate(source_sha256, window),
            kind: "source_rate",
            attribute: "requests",
            ends_at_unix_seconds: window.end_unix_seconds(),
        };
        Ok(self.count(counter, 1).await?.unwrap_or(0))
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
