//! A new workspace and its first key. A deployment may have any number of them; `POST /v1/auth/bootstrap` makes the first.

use actionlayer_domain::{
    ApiKeyId, ApiKeySecret, Entropy, HeaderText, Role, Timestamp, Workspace, WorkspaceId, key::ApiKey,
    workspace::WorkspaceSettings,
};
use actionlayer_store::{StoreError, Transaction};

/// A workspace with a key that may do everything in it.
#[derive(Debug, Clone)]
pub struct NewWorkspace {
    pub workspace: Workspace,
    /// Its first key, as it is listed.
    pub key: ApiKey,
    /// The key itself.
    pub secret: ApiKeySecret,
}

impl NewWorkspace {
    /// A workspace of this name, on the deployment's plan. `key_name` is what its first key is called.
    pub fn generate(name: HeaderText, key_name: &str, now: Timestamp, entropy: &dyn Entropy) -> Self {
        let workspace = Workspace {
            id: WorkspaceId::generate(now, entropy),
            name,
            settings: WorkspaceSettings::default(),
            billing: None,
            created_at: now,
            updated_at: now,
        };
        let secret = ApiKeySecret::generate(entropy);
        let key = ApiKey {
            id: ApiKeyId::generate(now, entropy),
            workspace_id: workspace.id,
            name: HeaderText::sanitize(key_name),
            prefix: secret.prefix().to_owned(),
            role: Role::Full,
            identity_ids: Vec::new(),
            created_at: now,
        };
        Self { workspace, key, secret }
    }

    /// Writes both with a transaction.
    pub fn create(&self, transaction: &mut Transaction) -> Result<(), StoreError> {
        transaction.create(&self.workspace)?;
        transaction.create_api_key(&self.key, &self.secret)?;
        Ok(())
    }
}
