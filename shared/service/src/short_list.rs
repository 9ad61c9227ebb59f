//! Lists short enough to be read whole: keys, domains, identities. Paged like every other list.

use actionlayer_store::{InvalidCursor, Page, PageRequest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::ServiceError;

/// The version of the cursor's form; another one is refused.
const VERSION: &str = "1";

/// A page of items that come oldest first, by ids that sort by time. The page is newest first. `list` names the
/// workspace, the kind and the filters; a cursor of another list is refused.
pub(crate) fn page<T>(
    items: Vec<T>,
    list: &str,
    request: &PageRequest,
    id: impl Fn(&T) -> String,
) -> Result<Page<T>, ServiceError> {
    let total = items.len() as u64;
    let after = match &request.cursor {
        Some(cursor) => Some(read(cursor, list).ok_or_else(|| ServiceError::invalid("cursor", InvalidCursor))?),
        None => None,
    };
    let skip = if after.is_some() { 0 } else { request.offset as usize };
    let mut rest =
        items.into_iter().rev().filter(|item| after.as_ref().is_none_or(|after| id(item) < *after)).skip(skip);
    let items: Vec<T> = rest.by_ref().take(request.limit as usize).collect();
    let more = rest.next().is_some();
    let next_cursor = items.last().filter(|_| more).map(|last| write(&id(last), list));
    Ok(Page { items, total, total_is_capped: false, next_cursor })
}

fn fingerprint(list: &str) -> String {
    hex::encode(&Sha256::digest(list.as_bytes())[..8])
}

fn write(id: &str, list: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{VERSION}.{}.{id}", fingerprint(list)))
}

fn read(cursor: &str, list: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (version, rest) = text.split_once('.')?;
    let (of_list, id) = rest.split_once('.')?;
    (version == VERSION && of_list == fingerprint(list)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ask(limit: u32, offset: u32, cursor: Option<String>) -> Page<u32> {
        let request = PageRequest { limit, offset, cursor };
        page((10..15).collect(), "numbers", &request, ToString::to_string).unwrap()
    }

    #[test]
    fn pages_by_cursor_cover_the_list_once() {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = ask(2, 0, cursor);
            assert_eq!(page.total, 5);
            seen.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [14, 13, 12, 11, 10]);
    }

    #[test]
    fn an_offset_passes_over() {
        assert_eq!(ask(2, 3, None).items, [11, 10]);
        assert_eq!(ask(2, 9, None).items, [] as [u32; 0]);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let request = PageRequest { limit: 1, offset: 0, cursor: ask(1, 0, None).next_cursor };
        for list in ["letters", "numbers"] {
            assert_eq!(page(vec![1, 2], list, &request, u32::to_string).is_ok(), list == "numbers");
        }
        let request = PageRequest { cursor: Some("☃".to_owned()), ..request };
        assert!(page(vec![1, 2], "numbers", &request, u32::to_string).is_err());
    }
}
