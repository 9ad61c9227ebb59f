//! People who sign in: users, sessions, memberships, links that do something once, and who did what.

use actionlayer_domain::{
    EmailAddress, UserId, Workspace, WorkspaceId,
    account::{AccountLink, AuditEntry, LinkPurpose, Membership, Session, User},
    erasure::Erasure,
};
use aws_sdk_dynamodb::operation::query::QueryInput;
use serde::{Deserialize, Serialize};

use crate::{
    Page, PageRequest, Store, StoreError,
    keys::{self, Index, IndexEntry, Key},
    record::{Record, Row, kind, row, s},
    requests::Counter,
};

impl Record for User {
    const KIND: &'static str = "user";
    type Body = ();

    fn key(&self) -> Key {
        keys::user(self.id)
    }
}

/// Who signs in with an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserEmail {
    pub email: EmailAddress,
    pub user_id: UserId,
}

impl Record for UserEmail {
    const KIND: &'static str = "user_email";
    type Body = ();

    fn key(&self) -> Key {
        keys::user_email(&self.email)
    }
}

impl Record for Session {
    const KIND: &'static str = "session";
    type Body = ();

    fn key(&self) -> Key {
        keys::session(self.user_id, &self.sha256_hex)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.ends_at().unix_seconds())
    }
}

impl Record for Membership {
    const KIND: &'static str = "membership";
    type Body = ();

    fn key(&self) -> Key {
        keys::membership(self.workspace_id, self.user_id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let of_user = keys::memberships_of(self.user_id);
        vec![IndexEntry::new(Index::Owner, of_user, keys::by_time(self.added_at, self.workspace_id))]
    }
}

impl Record for AccountLink {
    const KIND: &'static str = "account_link";
    type Body = ();

    fn key(&self) -> Key {
        keys::account_link(&self.sha256_hex)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        match &self.purpose {
            LinkPurpose::Invitation { workspace_id, .. } => {
                let position = keys::by_time(self.created_at, &self.sha256_hex);
                vec![IndexEntry::new(Index::Owner, keys::invitations(*workspace_id), position)]
            }
            LinkPurpose::SignUp { .. }
            | LinkPurpose::VerifyEmail { .. }
            | LinkPurpose::ResetPassword { .. }
            | LinkPurpose::FirstOwner => Vec::new(),
        }
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.expires_at.unix_seconds())
    }
}

impl Record for AuditEntry {
    const KIND: &'static str = "audit";
    type Body = ();

    fn key(&self) -> Key {
        keys::audit(self.workspace_id, self.id)
    }
}

/// Who signed up first, with the deployment's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstOwner {
    pub user_id: UserId,
}

impl Record for FirstOwner {
    const KIND: &'static str = "first_owner";
    type Body = ();

    fn key(&self) -> Key {
        keys::first_owner()
    }
}

/// What somebody with a session may be, in the workspace they look at.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// What they are to it, if anything.
    pub membership: Option<Row<Membership>>,
    pub workspace: Option<Row<Workspace>>,
    /// That it is to be deleted.
    pub erasure: Option<Row<Erasure>>,
}

impl Store {
    /// A session and its user, as of now: one round trip.
    pub async fn session_and_user(
        &self,
        user: UserId,
        sha256_hex: &str,
    ) -> Result<Option<(Row<Session>, Row<User>)>, StoreError> {
        let (mut session, mut found) = (None, None);
        for item in self.batch_get(&[keys::session(user, sha256_hex), keys::user(user)]).await? {
            match kind(&item) {
                Session::KIND => session = Some(row(item)?),
                User::KIND => found = Some(row(item)?),
                _ => {}
            }
        }
        Ok(session.zip(found))
    }

    /// What a user is to a workspace, as of now: one round trip.
    pub async fn standing(&self, workspace: WorkspaceId, user: UserId) -> Result<Standing, StoreError> {
        let mut standing = Standing::default();
        let keys = [keys::membership(workspace, user), keys::workspace(workspace), keys::erasure(workspace)];
        for item in self.batch_get(&keys).await? {
            match kind(&item) {
                Membership::KIND => standing.membership = Some(row(item)?),
                Workspace::KIND => standing.workspace = Some(row(item)?),
                Erasure::KIND => standing.erasure = Some(row(item)?),
                _ => {}
            }
        }
        Ok(standing)
    }

    /// The sessions of a user, those that are over included until they are tidied away.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Row<Session>>, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", s(keys::user_pk(user)))
            .expression_attribute_values(":prefix", s(keys::SESSION_PREFIX))
            .consistent_read(true);
        self.query_all(query).await?.into_iter().map(row).collect()
    }

    /// The workspaces a user belongs to, as of moments ago, in the order in which they came in.
    pub async fn memberships_of(&self, user: UserId) -> Result<Vec<Row<Membership>>, StoreError> {
        self.owned(keys::memberships_of(user)).await
    }

    /// The users of a workspace, as of now.
    pub async fn members_of(&self, workspace: WorkspaceId) -> Result<Vec<Row<Membership>>, StoreError> {
        self.workspace_items(workspace, keys::MEMBERSHIP_PREFIX).await
    }

    /// The invitations of a workspace, as of moments ago, those that expired included until they are tidied away.
    pub async fn invitations_of(&self, workspace: WorkspaceId) -> Result<Vec<Row<AccountLink>>, StoreError> {
        self.owned(keys::invitations(workspace)).await
    }

    async fn owned<T: Record>(&self, owner_pk: String) -> Result<Vec<Row<T>>, StoreError> {
        let query = QueryInput::builder()
            .index_name(Index::Owner.name())
            .key_condition_expression("owner_pk = :owner")
            .expression_attribute_values(":owner", s(owner_pk));
        self.query_all(query).await?.into_iter().map(row).collect()
    }

    /// Workspaces by id, as of now, in no order.
    pub async fn workspaces(&self, ids: &[WorkspaceId]) -> Result<Vec<Workspace>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| keys::workspace(*id)).collect();
        let mut workspaces = Vec::new();
        for chunk in keys.chunks(100) {
            for item in self.batch_get(chunk).await? {
                workspaces.push(row::<Workspace>(item)?.value);
            }
        }
        Ok(workspaces)
    }

    /// Who did what, newest first.
    pub async fn list_audit(&self, workspace: WorkspaceId, page: &PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        self.newest_first::<AuditEntry>(workspace, &()).beside(vec![keys::audit_pk(workspace)], "").page(page).await
    }

    /// Counts a try about a subject: how many there were in this window, this one included.
    pub async fn count_attempt(
        &self,
        subject_sha256: &str,
        window: i64,
        ends_at_unix_seconds: i64,
    ) -> Result<u64, StoreError> {
        let key = keys::attempts(subject_sha256, window);
        let counter = Counter { key, kind: "attempts", attribute: "attempts", ends_at_unix_seconds };
        // What cannot be read counts as too many.
        Ok(self.count(counter, 1).await?.unwrap_or(u64::MAX))
    }
}
