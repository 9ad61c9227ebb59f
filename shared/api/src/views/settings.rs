//! Workspace and keys.

use actionlayer_domain::{
    ApiKeyId, ApiKeySecret, HeaderText, IdentityId, Role, Timestamp, Workspace, WorkspaceId, key::ApiKey,
    workspace::WorkspaceSettings,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkspaceView {
    id: WorkspaceId,
    name: HeaderText,
    settings: WorkspaceSettings,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl WorkspaceView {
    /// The view of a workspace.
    pub fn of(workspace: Workspace) -> Self {
        let Workspace { id, name, settings, billing: _, created_at, updated_at } = workspace;
        Self { id, name, settings, created_at, updated_at }
    }
}

/// The answer to bootstrapping: the only time its key is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bootstrapped)]
pub struct BootstrapView {
    workspace: WorkspaceView,
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String, examples("nc_live_0123456789abcdefghijABCDEFGHIJ01"))]
    api_key: ApiKeySecret,
    warning: &'static str,
}

impl BootstrapView {
    /// The view of a new workspace and its first key.
    pub fn of(workspace: Workspace, key: ApiKeySecret) -> Self {
        Self {
            workspace: WorkspaceView::of(workspace),
            api_key: key,
            warning: "Store this key now: it is shown only once. It may do everything, approving included; give an \
                      agent a key of its own (POST /v1/api-keys with the role `agent`).",
        }
    }
}

fn expose<S: serde::Serializer>(key: &ApiKeySecret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(key.expose())
}

/// A key, without the key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApiKeyView {
    id: ApiKeyId,
    name: HeaderText,
    prefix: String,
    role: Role,
    identity_ids: Vec<IdentityId>,
    created_at: Timestamp,
    /// When it was last used, to within a minute; null when it never was.
    last_used_at: Option<Timestamp>,
}

impl ApiKeyView {
    /// The view of a key.
    pub fn of(key: ApiKey, last_used_at: Option<Timestamp>) -> Self {
        let ApiKey { id, workspace_id: _, name, prefix, role, identity_ids, created_at } = key;
        Self { id, name, prefix, role, identity_ids, created_at, last_used_at }
    }
}

/// A new key: the only time it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedApiKey)]
pub struct NewApiKeyView {
    #[serde(flatten)]
    api_key: ApiKeyView,
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String, examples("nc_live_0123456789abcdefghijABCDEFGHIJ01"))]
    key: ApiKeySecret,
}

impl NewApiKeyView {
    /// The view of a new key.
    pub fn of(api_key: ApiKey, key: ApiKeySecret) -> Self {
        Self { api_key: ApiKeyView::of(api_key, None), key }
    }
}
