//! S/MIME mail that is signed without a readable copy (RFC 8551, section 3.5.2): its text stands inside a CMS object
//! (RFC 5652), unencrypted. The signature is not checked: nothing inside a mail is believed about who sent it.

use crate::{
    body::{self, Bodies},
    header::read_block,
    limits::TOP_HEADERS,
    safety,
    structure::{Structure, read_structure},
};

/// The text of the signed content, where a mail has no other, and whether a file beside it runs when opened. These files
/// stay within the CMS object, as does another such object.
pub(crate) fn signed_bodies(raw: &[u8], structure: &Structure) -> Option<(Bodies, bool)> {
    let is_cms = |media_type: &str| matches!(media_type, "application/pkcs7-mime" | "application/x-pkcs7-mime");
    let part = structure.parts.iter().find(|part| part.is_leaf && is_cms(&part.info.media_type))?;
    let content = signed_content(&part.content(raw))?;
    let top = read_block(&content, TOP_HEADERS, |_| false);
    let inner = read_structure(&content, &top);
    let mut bodies = body::read_bodies(&content, &inner);
    bodies.limited |= inner.limited;
    let has_executable = body::attachments(&inner).filter_map(|index| inner.parts.get(index)).any(|file| {
        let name = file.info.filename.as_deref().unwrap_or_default();
        safety::is_executable(name, &file.info.media_type, &file.content(&content))
    });
    Some((bodies, has_executable))
}

/// What a `SignedData` was made of.
fn signed_content(cms: &[u8]) -> Option<Vec<u8>> {
    const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    const SEQUENCE: u8 = 0x30;
    const FIELD_0: u8 = 0xa0;
    const OBJECT_ID: u8 = 0x06;
    let mut walk = Walk(cms);
    walk.enter(SEQUENCE)?;
    if walk.take(OBJECT_ID)? != SIGNED_DATA {
        return None;
    }
    walk.enter(FIELD_0)?;
    walk.enter(SEQUENCE)?;
    // The version and the digest algorithms.
    walk.skip()?;
    walk.skip()?;
    walk.enter(SEQUENCE)?;
    walk.take(OBJECT_ID)?;
    walk.enter(FIELD_0)?;
    let content = walk.octets();
    (!content.is_empty()).then_some(content)
}

/// A walk over BER (X.690), into elements and past them.
struct Walk<'a>(&'a [u8]);

impl<'a> Walk<'a> {
    /// Reads the tag and the length of the next element; of one of indefinite form, there is no length.
    fn head(&mut self) -> Option<(u8, Option<usize>)> {
        let [tag, length, rest @ ..] = self.0 else { return None };
        self.0 = rest;
        let length = match length {
            0..=0x7f => Some(usize::from(*length)),
            0x80 => None,
            long => {
                let (digits, rest) = self.0.split_at_checked(usize::from(long & 0x7f)).filter(|(d, _)| d.len() <= 4)?;
                self.0 = rest;
                Some(digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
            }
        };
        Some((*tag, length))
    }

    fn enter(&mut self, expected: u8) -> Option<()> {
        (self.head()?.0 == expected).then_some(())
    }

    fn take(&mut self, expected: u8) -> Option<&'a [u8]> {
        let (tag, length) = self.head()?;
        let (content, rest) = self.0.split_at_checked(length?)?;
        self.0 = rest;
        (tag == expected).then_some(content)
    }

    /// Passes over an element and what is in it.
    fn skip(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            let (tag, length) = self.head()?;
            match length {
                None => open += 1,
                // The end of one of indefinite form.
                Some(0) if tag == 0 => open = open.checked_sub(1)?,
                Some(length) => self.0 = self.0.get(length..)?,
            }
            if open == 0 {
                return Some(());
            }
        }
    }

    /// An octet string, which may come in pieces. What is cut is read as far as it goes.
    fn octets(&mut self) -> Vec<u8> {
        const WHOLE: u8 = 0x04;
        const IN_PIECES: u8 = 0x24;
        let mut out = Vec::new();
        while let Some((tag, length)) = self.head() {
            match (tag, length) {
                (IN_PIECES, _) => {}
                (WHOLE, Some(length)) => {
                    let (piece, rest) = self.0.split_at(length.min(self.0.len()));
                    out.extend_from_slice(piece);
                    self.0 = rest;
                }
                _ => break,
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element of definite form.
    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).expect("short").to_be_bytes();
        [&[tag, 0x82, length[0], length[1]], content].concat()
    }

    /// The same of indefinite form.
    fn open_element(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    fn signed(form: fn(u8, &[u8]) -> Vec<u8>, kind: u8, octets: &[u8]) -> Vec<u8> {
        let id = |last: u8| element(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last]);
        let content = form(0x30, &[id(1), form(0xa0, octets)].concat());
        let algorithms = form(0x31, &form(0x30, &id(5)));
        let data = form(0x30, &[element(2, &[1]), algorithms, content, form(0xa0, b"certificates")].concat());
        form(0x30, &[id(kind), form(0xa0, &data)].concat())
    }

    #[test]
    fn content_in_every_form() {
        for form in [element, open_element] {
            let pieces = form(0x24, &[element(4, b"hello "), element(4, b"you")].concat());
            assert_eq!(signed_content(&signed(form, 2, &element(4, b"hello"))).as_deref(), Some(&b"hello"[..]));
            assert_eq!(signed_content(&signed(form, 2, &pieces)).as_deref(), Some(&b"hello you"[..]));
            // Enveloped data is encrypted.
            assert_eq!(signed_content(&signed(form, 3, &element(4, b"hello"))), None);
            let whole = signed(form, 2, &pieces);
            for end in 0..whole.len() {
                let _ = signed_content(&whole[..end]);
            }
        }
        let inner = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: a/b; name=x.exe\n\nMZ\n--b--";
        let head = b"From: a@b.c\nContent-Type: application/pkcs7-mime\n\n";
        let mail = crate::parse(&[&head[..], &signed(element, 2, &element(4, inner))].concat());
        assert_eq!((mail.text.as_str(), mail.attachments.len(), mail.has_executable), ("hello", 1, true));
        assert_eq!(signed_content(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(signed_content(&[0x30, 0xff]), None);
    }
}
