//! Files to send that are too large for a request: announced here, put into the bucket by their owner.

use serde::{Deserialize, Serialize};

use crate::{HeaderText, Timestamp, UploadId, WorkspaceId};

/// The files of a message may have this many bytes together, before they are encoded: with a third more for base64 and
/// the text, the mail stays below the 40 MB that SES takes.
pub const MAX_ATTACHMENTS_BYTES: u64 = 25 * 1024 * 1024;
/// The files of a message.
pub const MAX_ATTACHMENTS: usize = 20;

/// A file that was announced. Its bytes lie in the bucket once they were put there; nothing is said about that here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub id: UploadId,
    pub workspace_id: WorkspaceId,
    /// Its name in the mails it is attached to.
    pub filename: HeaderText,
    /// Its media type there.
    pub content_type: String,
    /// How many bytes it has; the bucket takes no other number.
    pub size_bytes: u64,
    /// When it was announced.
    pub created_at: Timestamp,
    /// Until when it may be attached.
    pub expires_at: Timestamp,
}
