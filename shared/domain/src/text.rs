//! Text that may stand in a mail header.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::fmt;

/// The longest header value taken, in bytes of UTF-8: the line limit of RFC 5322, section 2.1.1.
pub const MAX_HEADER_BYTES: usize = 998;

/// A header value that cannot break out of its header: no CR, LF, NUL or other control character, and at most
/// [`MAX_HEADER_BYTES`]. Subjects, display names and file names are of this type before mail is built from them.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct HeaderText(String);

/// Why a text may not stand in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeaderText {
    /// CR, LF, NUL or another control character: it would start a header of its own.
    #[error("must not contain line breaks or control characters")]
    ControlCharacter,
    /// Over [`MAX_HEADER_BYTES`].
    #[error("must be at most 998 bytes long")]
    TooLong,
}

impl HeaderText {
    /// Takes a text as it is or refuses it. A tab counts as a control character.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidHeaderText> {
        let text = text.into();
        if text.len() > MAX_HEADER_BYTES {
            return Err(InvalidHeaderText::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidHeaderText::ControlCharacter);
        }
        Ok(Self(text))
    }

    /// Makes any text fit: control characters become spaces, the end is cut on a character boundary. For text that a
    /// stranger's mail brought, which must be answered and cannot be refused.
    pub fn sanitize(text: &str) -> Self {
        let mut clean = String::with_capacity(text.len().min(MAX_HEADER_BYTES));
        for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
            if clean.len() + c.len_utf8() > MAX_HEADER_BYTES {
                break;
            }
            clean.push(c);
        }
        Self(clean)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for HeaderText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<HeaderText> for String {
    fn from(text: HeaderText) -> Self {
        text.0
    }
}

impl fmt::Debug for HeaderText {
    /// Says the length only: subjects and names do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderText({} bytes)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for HeaderText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_break_gets_in() {
        for bad in ["a\r\nBcc: x@y.z", "a\nb", "a\rb", "a\0b", "a\u{85}b"] {
            assert_eq!(HeaderText::parse(bad), Err(InvalidHeaderText::ControlCharacter));
            assert!(!HeaderText::sanitize(bad).as_str().chars().any(char::is_control));
        }
    }

    #[test]
    fn sanitizing_cuts_on_a_character_boundary() {
        let long = "é".repeat(MAX_HEADER_BYTES);
        assert_eq!(HeaderText::sanitize(&long).as_str().len(), MAX_HEADER_BYTES);
        assert_eq!(HeaderText::parse(long), Err(InvalidHeaderText::TooLong));
    }
}
