//! An export: all that a workspace has, in files of JSON lines, written a part at a time.
//!
//! ```text
//! running ──part──► running ──last part──► done ──7 days──► gone
//!    └───────────── more than it may be ──► stopped
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Caller, ExportId, Timestamp, WorkspaceId, draft::Actor};

/// How long its files can be had.
pub const EXPORT_LIFETIME: Duration = Duration::from_hours(7 * 24);
/// A part is written when it has grown to this size.
pub const PART_BYTES: usize = 4 * 1_024 * 1_024;
/// An export has at most so many parts.
pub const MAX_PARTS: usize = 1_000;

/// How far an export came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Its parts are being written, some every minute.
    Running,
    /// All of them are there.
    Done,
    /// There is more than an export holds: 1,000 parts are there, and nothing follows.
    Stopped,
}

/// What an export holds, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    Workspace,
    Users,
    Identities,
    Domains,
    ApiKeys,
    Rules,
    Webhooks,
    Contacts,
    Suppressions,
    Audit,
    /// Each with its messages and drafts.
    Threads,
}

impl ExportKind {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 11] = [
        Self::Workspace,
        Self::Users,
        Self::Identities,
        Self::Domains,
        Self::ApiKeys,
        Self::Rules,
        Self::Webhooks,
        Self::Contacts,
        Self::Suppressions,
        Self::Audit,
        Self::Threads,
    ];

    /// What follows it.
    pub fn next(self) -> Option<Self> {
        let at = Self::ALL.iter().position(|kind| *kind == self)?;
        Self::ALL.get(at + 1).copied()
    }
}

/// Where an export goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPosition {
    pub kind: ExportKind,
    /// In the list of that kind; none for its beginning.
    pub cursor: Option<String>,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPart {
    /// What it is called in the bucket. No two writers write the same, so that the one that is recorded is as it was
    /// recorded.
    pub name: String,
    pub size_bytes: u64,
    /// How many lines it has.
    pub records: u64,
}

/// An export. A workspace has one at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Export {
    pub id: ExportId,
    pub workspace_id: WorkspaceId,
    /// Who asked for it.
    pub requested_by: Actor,
    /// How far it came.
    pub state: ExportState,
    /// The files that are there.
    pub parts: Vec<ExportPart>,
    /// Where it goes on.
    pub position: ExportPosition,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
}

impl Export {
    /// One that nothing was written of yet.
    pub const fn begin(id: ExportId, workspace_id: WorkspaceId, requested_by: Actor, now: Timestamp) -> Self {
        Self {
            id,
            workspace_id,
            requested_by,
            state: ExportState::Running,
            parts: Vec::new(),
            position: ExportPosition { kind: ExportKind::Workspace, cursor: None },
            requested_at: now,
            finished_at: None,
        }
    }

    /// Until when its files can be had.
    pub fn expires_at(&self) -> Timestamp {
        self.requested_at.after(EXPORT_LIFETIME)
    }

    /// Whether another one may begin: this one is over, or has been given up long ago.
    pub fn gives_way(&self, now: Timestamp) -> bool {
        self.state != ExportState::Running || now >= self.expires_at()
    }

    /// Who reads for it: whoever asked for it, and no more than reading.
    pub fn reader(&self) -> Option<Caller> {
        Caller::reader(self.workspace_id, &self.requested_by)
    }

    /// Records a part that was written, and where it goes on; none when that was all.
    pub fn wrote(&mut self, part: ExportPart, next: Option<ExportPosition>, now: Timestamp) {
        self.parts.push(part);
        let over = match next {
            Some(next) => {
                self.position = next;
                (self.parts.len() >= MAX_PARTS).then_some(ExportState::Stopped)
            }
            None => Some(ExportState::Done),
        };
        if let Some(state) = over {
            self.state = state;
            self.finished_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::ActorKind;

    fn export() -> Export {
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        let olga = Actor { kind: ActorKind::User, id: id.to_owned(), name: "Olga".to_owned() };
        let at = Timestamp::from_unix_ms(0);
        Export::begin(ExportId::from_bytes([1; 16]), WorkspaceId::from_bytes([2; 16]), olga, at)
    }

    #[test]
    fn it_goes_on_where_it_was_and_ends() {
        let (mut export, now) = (export(), Timestamp::from_unix_ms(60_000));
        let part = ExportPart { name: "0".to_owned(), size_bytes: 10, records: 1 };
        let next = ExportPosition { kind: ExportKind::Threads, cursor: Some("x".to_owned()) };
        export.wrote(part.clone(), Some(next.clone()), now);
        assert_eq!((export.state, &export.position, export.finished_at), (ExportState::Running, &next, None));
        assert!(!export.gives_way(now) && export.gives_way(export.expires_at()));
        export.wrote(part, None, now);
        assert_eq!((export.state, export.finished_at), (ExportState::Done, Some(now)));
        assert!(export.gives_way(now));
    }

    #[test]
    fn it_has_an_end_however_much_there_is() {
        let (mut export, now) = (export(), Timestamp::from_unix_ms(0));
        while export.state == ExportState::Running {
            let next = export.position.clone();
            export.wrote(ExportPart { name: String::new(), size_bytes: 1, records: 1 }, Some(next), now);
        }
        assert_eq!((export.state, export.parts.len()), (ExportState::Stopped, MAX_PARTS));
    }

    #[test]
    fn its_reader_reads_and_no_more() {
        use crate::key::Permission;
        let reader = export().reader().expect("a user");
        assert!(reader.sees_all() && reader.may(Permission::Read) && !reader.may(Permission::Draft));
        let mut export = export();
        export.requested_by.kind = ActorKind::Slack;
        assert_eq!(export.reader(), None);
    }

    #[test]
    fn every_kind_has_its_turn() {
        let mut kind = ExportKind::Workspace;
        let mut seen = 1;
        while let Some(next) = kind.next() {
            kind = next;
            seen += 1;
        }
        assert_eq!((kind, seen), (ExportKind::Threads, ExportKind::ALL.len()));
    }
}
