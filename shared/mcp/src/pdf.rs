//! Facts about a PDF that stand in it in the clear (ISO 32000). Its text is not read: that takes a renderer.

use serde::Serialize;
use utoipa::ToSchema;

/// What is known about a PDF. `null` is what could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PdfFacts {
    /// Such as `1.7`.
    version: Option<String>,
    pages: Option<usize>,
    /// It takes a password, or forbids something.
    encrypted: bool,
    /// It holds scripts.
    has_scripts: bool,
}

/// Reads them; none when the bytes are no PDF.
pub(crate) fn facts(bytes: &[u8]) -> Option<PdfFacts> {
    let head = bytes.get(..bytes.len().min(1024))?;
    let at = find(head, b"%PDF-")?;
    let version = bytes.get(at + 5..at + 8).and_then(|version| std::str::from_utf8(version).ok());
    let version = version.filter(|text| text.bytes().all(|b| b.is_ascii_digit() || b == b'.')).map(str::to_owned);
    Some(PdfFacts {
        version,
        pages: pages(bytes),
        encrypted: find(bytes, b"/Encrypt").is_some(),
        has_scripts: find(bytes, b"/JavaScript").is_some(),
    })
}

/// The count in the root of the page tree: the largest there is. In newer files the tree is often compressed.
fn pages(bytes: &[u8]) -> Option<usize> {
    let mut most = None;
    let mut rest = bytes;
    while let Some(at) = find(rest, b"/Type") {
        rest = rest.get(at + 5..)?;
        let object = rest.get(..rest.len().min(512)).unwrap_or_default();
        let object = object.get(..find(object, b"endobj").unwrap_or(object.len())).unwrap_or_default();
        let kind = object.trim_ascii_start();
        if !kind.starts_with(b"/Pages") {
            continue;
        }
        // The count may stand before the type as well: look at both sides.
        let begin = bytes.len() - rest.len();
        let before = bytes.get(begin.saturating_sub(256)..begin).unwrap_or_default();
        let before = before.get(rfind(before, b"obj").unwrap_or(0)..).unwrap_or_default();
        for side in [object, before] {
            let Some(at) = find(side, b"/Count") else { continue };
            let digits: String = side
                .get(at + 6..)
                .unwrap_or_default()
                .trim_ascii_start()
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .take(9)
                .map(|byte| char::from(*byte))
                .collect();
            most = most.max(digits.parse().ok());
        }
    }
    most
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}

fn rfind(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(bytes, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_a_small_file() {
        let file = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj\n<< /Count 3 /Kids [3 0 R] /Type /Pages >>\nendobj\n\
            3 0 obj<</Type/Pages/Kids[]/Count 2>>endobj\n4 0 obj<</Type/Page>>endobj\ntrailer<</Encrypt 9 0 R>>";
        let expected =
            PdfFacts { version: Some("1.7".to_owned()), pages: Some(3), encrypted: true, has_scripts: false };
        assert_eq!(facts(file), Some(expected));
    }

    #[test]
    fn what_is_no_pdf_has_no_facts_and_what_is_broken_has_few() {
        assert_eq!(facts(b"PK\x03\x04"), None);
        assert_eq!(facts(b""), None);
        let broken = facts(b"%PDF-\xff\xff/Type/Pages/Count 99999999999999999999");
        assert_eq!(broken.map(|facts| (facts.version, facts.pages)), Some((None, Some(999_999_999))));
        assert_eq!(facts(b"%PDF-1.4 /Type /Pages /Count").map(|facts| facts.pages), Some(None));
    }
}
