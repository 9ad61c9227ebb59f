//! Cursors: where a list goes on. Opaque to callers, bound to the list they came from.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where a list goes on: the last item that was given out, by its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) pk: String,
    pub(crate) sk: String,
    pub(crate) position: String,
    /// How many of an offset are still to be passed over, when reading ended before they were.
    pub(crate) skip: u32,
}

/// The cursor is not one of ours, or of another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list: take `next_cursor` of an answer to the same filters")]
pub struct InvalidCursor;

/// The version of the form below; another one is refused, not guessed at.
const VERSION: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Wire(u8, String, String, String, String, u32);

/// Names a list: its index partition and its filters.
fn fingerprint(list: &str) -> String {
    hex::encode(&Sha256::digest(list.as_bytes())[..8])
}

impl Cursor {
    /// The text callers see. `list` names the workspace and the filters.
    pub(crate) fn encode(&self, list: &str) -> String {
        let Self { pk, sk, position, skip } = self.clone();
        let wire = Wire(VERSION, fingerprint(list), pk, sk, position, skip);
        // Strings and a number always serialize.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).unwrap_or_default())
    }

    /// Reads it back for the very same list. The workspace prefix is checked as well as the fingerprint, so that no
    /// cursor can start a read in another tenant's data.
    pub(crate) fn decode(text: &str, list: &str, workspace_pk: &str) -> Result<Self, InvalidCursor> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let Wire(version, of_list, pk, sk, position, skip) =
            serde_json::from_slice(&json).map_err(|_| InvalidCursor)?;
        let inside = pk.strip_prefix(workspace_pk).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
        if version != VERSION || of_list != fingerprint(list) || !inside {
            return Err(InvalidCursor);
        }
        Ok(Self { pk, sk, position, skip })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_list_and_workspace() {
        let cursor = Cursor { pk: "W#1#F#a".into(), sk: "3#thread".into(), position: "2026".into(), skip: 7 };
        let text = cursor.encode("W#1#THREADS");
        assert_eq!(Cursor::decode(&text, "W#1#THREADS", "W#1"), Ok(cursor.clone()));
        assert_eq!(Cursor::decode(&text, "W#1#THREADS#open", "W#1"), Err(InvalidCursor));
        let foreign = Cursor { pk: "W#12#F#a".into(), ..cursor }.encode("W#1#THREADS");
        assert_eq!(Cursor::decode(&foreign, "W#1#THREADS", "W#1"), Err(InvalidCursor));
        assert_eq!(Cursor::decode("☃", "W#1#THREADS", "W#1"), Err(InvalidCursor));
    }
}
