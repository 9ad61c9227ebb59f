//! Entities as bytes: JSON, compressed with a dictionary of what entities have in common.
//!
//! An item or an index entry is charged by the kilobyte, and an entity's JSON is mostly names of fields: with the
//! dictionary it is a third of its size, so that a thread with its places in the indexes stays below one.

use serde::{Serialize, de::DeserializeOwned};
use std::cell::RefCell;
use zstd::{
    bulk::{Compressor, Decompressor},
    zstd_safe::get_frame_content_size,
};

/// What the first byte of stored bytes says: which dictionary reads them.
const VERSION: u8 = 1;
/// Never changed: what was written with it is read with it. Another one is another version.
const DICTIONARY: &[u8] = include_bytes!("compact/dictionary-1.txt");
const LEVEL: i32 = 3;
/// No entity is longer as JSON; a bound against damaged data.
const MAX_JSON_BYTES: usize = 8 * 1024 * 1024;

struct Coder {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
}

thread_local! {
    /// Made once: reading the dictionary costs more than an entity.
    static CODER: RefCell<Option<Coder>> = const { RefCell::new(None) };
}

fn with_coder<T>(work: impl FnOnce(&mut Coder) -> std::io::Result<T>) -> std::io::Result<T> {
    CODER.with_borrow_mut(|coder| {
        let coder = match coder {
            Some(coder) => coder,
            none => none.insert(Coder {
                compressor: Compressor::with_dictionary(LEVEL, DICTIONARY)?,
                decompressor: Decompressor::with_dictionary(DICTIONARY)?,
            }),
        };
        work(coder)
    })
}

/// Writes a value.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    let json = serde_json::to_vec(value).map_err(|e| e.to_string())?;
    let compressed = with_coder(|coder| coder.compressor.compress(&json)).map_err(|e| e.to_string())?;
    let mut bytes = Vec::with_capacity(1 + compressed.len());
    bytes.push(VERSION);
    bytes.extend(compressed);
    Ok(bytes)
}

/// Reads a value back.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let Some((&VERSION, compressed)) = bytes.split_first() else {
        return Err("its data has another version".to_owned());
    };
    let length = get_frame_content_size(compressed).ok().flatten().and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| *length <= MAX_JSON_BYTES).ok_or("its data says no length")?;
    let json = with_coder(|coder| coder.decompressor.decompress(compressed, length)).map_err(|e| e.to_string())?;
    serde_json::from_slice(&json).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};
    use sha2::{Digest as _, Sha256};

    #[test]
    fn what_is_written_is_read_and_damage_is_told() {
        let value =
            json!({ "id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab", "status": "open", "tags": ["Größe", null, 1.5] });
        let bytes = write(&value).unwrap();
        assert_eq!(read::<Value>(&bytes).unwrap(), value);
        assert!(read::<Value>(&[]).is_err() && read::<Value>(&bytes[..bytes.len() - 1]).is_err());
        assert!(read::<Value>(&[&[9], &bytes[1..]].concat()).is_err());
    }

    #[test]
    fn the_dictionary_stays_as_it_was() {
        assert_eq!(
            hex::encode(Sha256::digest(DICTIONARY)),
            "860faaa55b98b6f41c22b36cb3439465a3dfb5797b7ef21872ff147d1149b71c"
        );
    }
}
