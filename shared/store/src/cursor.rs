//! Cursors: where a list goes on. Opaque to callers, bound to the list they came from.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::StoreError;

/// Where a list goes on: behind the last item that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The place of that item.
    pub(crate) place: String,
    /// How many of an offset are still to be passed over, when reading ended before they were.
    pub(crate) skip: u32,
}

/// The version of the form below; another one is refused, not guessed at.
const VERSION: u8 = 3;
/// What a sort key holds, in bytes.
const MAX_PLACE_BYTES: usize = 1_024;

#[derive(Serialize, Deserialize)]
struct Wire(u8, String, String, u32);

/// Names a list: its workspace, its kind and its filters.
fn fingerprint(list: &str) -> String {
    hex::encode(&Sha256::digest(list.as_bytes())[..8])
}

impl Cursor {
    /// The text callers see. `list` names the workspace, the kind and the filters.
    pub(crate) fn encode(&self, list: &str) -> String {
        let Self { place, skip } = self.clone();
        let wire = Wire(VERSION, fingerprint(list), place, skip);
        // Strings and a number always serialize.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).unwrap_or_default())
    }

    /// Reads it back for the very same list. A place that was made up is just a place: it is looked for in the partition
    /// that the caller's own workspace and filters name, and nowhere else.
    pub(crate) fn decode(text: &str, list: &str) -> Result<Self, StoreError> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| StoreError::InvalidCursor)?;
        let Wire(version, of_list, place, skip) =
            serde_json::from_slice(&json).map_err(|_| StoreError::InvalidCursor)?;
        let is_place = (1..=MAX_PLACE_BYTES).contains(&place.len());
        if version != VERSION || of_list != fingerprint(list) || !is_place || skip > MAX_SKIP {
            return Err(StoreError::InvalidCursor);
        }
        Ok(Self { place, skip })
    }
}

/// The longest way an offset can ask for.
const MAX_SKIP: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let cursor = Cursor { place: "2026-04-30T12:00:00Z#1".into(), skip: 7 };
        let text = cursor.encode("W#1#THREADS");
        assert_eq!(Cursor::decode(&text, "W#1#THREADS"), Ok(cursor.clone()));
        for (text, list) in [(text.as_str(), "W#1#THREADS#open"), ("☃", "W#1#THREADS")] {
            assert_eq!(Cursor::decode(text, list), Err(StoreError::InvalidCursor));
        }
        for made_up in [
            Cursor { place: String::new(), ..cursor.clone() },
            Cursor { place: "x".repeat(1_025), skip: 0 },
            Cursor { skip: 1_001, ..cursor },
        ] {
            assert_eq!(Cursor::decode(&made_up.encode("W#1#THREADS"), "W#1#THREADS"), Err(StoreError::InvalidCursor));
        }
    }
}
