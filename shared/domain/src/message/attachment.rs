//! A file of a message.

use serde::{Deserialize, Serialize};

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id: its number in the message, from 0.
    pub id: String,
    /// A name that is safe to save under.
    pub filename: String,
    /// The media type the sender gave.
    pub content_type: String,
    /// Its size, decoded.
    pub size_bytes: u64,
    /// Its Content-ID, without brackets, when the HTML may refer to it.
    pub content_id: Option<String>,
    /// Whether it belongs inside the text.
    pub inline: bool,
    /// SHA-256 of its content, as hexadecimal digits, of a file that is to be sent: what leaves is what was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256_hex: Option<String>,
}
