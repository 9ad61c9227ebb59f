//! What the receiving host wrote above a mail.

use crate::{header::read_block, limits::TOP_HEADERS};

/// The recipient in the `for` clause of the topmost `Received` (RFC 5321, section 4.4), without angle brackets. The
/// topmost is the one the last host wrote; those below it may say anything.
pub fn received_for(raw: &[u8]) -> Option<String> {
    let top = read_block(raw, TOP_HEADERS, |_| false);
    let received = top.fields.first("received")?;
    let mut words = received.split_ascii_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("for"))?;
    let recipient = words.next()?.trim_end_matches(';').trim_matches(['<', '>']);
    recipient.contains('@').then(|| recipient.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_topmost_counts() {
        let raw = b"Received: from a.example by inbound-smtp.us-east-1.amazonaws.com with SMTP id abc\r\n for \
                    mia@ai.example;\r\n Thu, 30 Apr 2026 14:22:11 +0000 (UTC)\r\nReceived: by b for <eve@evil.example>; \
                    x\r\n\r\nHi";
        assert_eq!(received_for(raw), Some("mia@ai.example".to_owned()));
        assert_eq!(received_for(b"Received: by a\r\nReceived: by b for <eve@evil.example>; x\r\n\r\n"), None);
        assert_eq!(received_for(b""), None);
    }
}
