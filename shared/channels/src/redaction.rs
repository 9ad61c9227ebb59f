//! Takes links that decide, or sign somebody in, out of what came in by mail: an approver who answers or forwards a mail of ours
//! quotes their link, and whoever reads it could decide in their name.

use std::ops::Range;

use actionlayer_domain::{WorkspaceId, account::LINK_BYTES};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::signed::LAYOUT;

/// What stands in a text where a link was.
const REMOVED: &str = "link-removed";
/// What begins a token of an account's link. The second form is how a redirector writes the first one.
const ACCOUNT_MARKS: [&[u8]; 2] = [b"token=", b"token%3D"];
/// The hexadecimal digits of such a token.
const ACCOUNT_DIGITS: usize = 2 * LINK_BYTES;
/// The characters of a token that a line break may stand between. No token of ours is shorter.
const TOKEN_CHARS: usize = 124;

/// Finds the links of one workspace. Their tokens begin with its id, so that they are found whatever stands around them: behind
/// the address of a redirector, in a file, broken over quoted lines.
#[derive(Debug, Clone)]
pub struct LinkRedaction {
    /// What every token of the workspace begins with.
    prefix: String,
}

impl LinkRedaction {
    /// For the links of this workspace.
    pub fn of(workspace_id: WorkspaceId) -> Self {
        let mut begin = vec![LAYOUT];
        begin.extend_from_slice(workspace_id.as_bytes());
        // Of the last bits some belong to what follows.
        let whole_chars = begin.len() * 8 / 6;
        let mut prefix = URL_SAFE_NO_PAD.encode(begin);
        prefix.truncate(whole_chars);
        Self { prefix }
    }

    /// The text without its links; `None` when there is none in it.
    pub fn redact(&self, text: &str) -> Option<String> {
        let found = self.find(text.as_bytes());
        if found.is_empty() {
            return None;
        }
        let mut redacted = String::with_capacity(text.len());
        let mut done = 0;
        for range in found {
            // A token is ASCII, so that its ends are ends of characters.
            redacted.push_str(text.get(done..range.start).unwrap_or_default());
            redacted.push_str(REMOVED);
            done = range.end;
        }
        redacted.push_str(text.get(done..).unwrap_or_default());
        Some(redacted)
    }

    /// The text without its links, as it is when there are none in it.
    pub fn without_links(&self, text: String) -> String {
        self.redact(&text).unwrap_or(text)
    }

    /// The bytes of a file with its links made illegible; `None` when there is none in it. As long as before, so that what
    /// counts bytes still can be read.
    pub fn redact_file(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let found = self.find(bytes);
        let mut redacted = (!found.is_empty()).then(|| bytes.to_vec())?;
        for range in found {
            redacted.get_mut(range).unwrap_or_default().fill(b'x');
        }
        Some(redacted)
    }

    /// Where the tokens are, in order.
    fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self.token(rest).or_else(|| account_token(rest)) {
                Some(token) => {
                    found.push(at + token.start..at + token.end);
                    at += token.end;
                }
                None => at += 1,
            }
        }
        found
    }

    /// A token that begins here.
    fn token(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let mut at = 0;
        for expected in self.prefix.bytes() {
            if at > 0 {
                at += line_break(bytes.get(at..)?);
            }
            if *bytes.get(at)? != expected {
                return None;
            }
            at += 1;
        }
        let mut chars = self.prefix.len();
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            // A longer one is seldom; what follows its end in another line is a word of somebody's.
            let skipped = if chars < TOKEN_CHARS { line_break(rest) } else { 0 };
            match rest.get(skipped) {
                Some(b) if is_token_char(*b) => at += skipped + 1,
                _ => return Some(0..at),
            }
            chars += 1;
        }
    }
}

/// The token of an account's link that begins here, behind its mark.
fn account_token(bytes: &[u8]) -> Option<Range<usize>> {
    let mark = ACCOUNT_MARKS.into_iter().find(|mark| bytes.starts_with(mark))?;
    let (mut at, mut digits) = (mark.len(), 0);
    while digits < ACCOUNT_DIGITS {
        at += line_break(bytes.get(at..)?);
        if !bytes.get(at)?.is_ascii_hexdigit() {
            return None;
        }
        (at, digits) = (at + 1, digits + 1);
    }
    Some(mark.len()..at)
}

const fn is_token_char(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

/// How long the break of a line is that stands here: with the `=` of quoted-printable before it (RFC 2045, section 6.7), and the
/// marks of a quote behind it. 0 when there is none.
fn line_break(bytes: &[u8]) -> usize {
    let soft = usize::from(bytes.first() == Some(&b'='));
    let rest = bytes.get(soft..).unwrap_or_default();
    let end = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return 0,
    };
    let rest = rest.get(end..).unwrap_or_default();
    let marks = rest.iter().take_while(|b| matches!(b, b'>' | b'|' | b' ' | b'\t')).count();
    soft + end + marks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use actionlayer_domain::{Secret, Timestamp, account::LinkToken};

    use super::*;
    use crate::{approval_link::ApprovalToken, sender_link::SenderToken};

    const SECRET: Secret<[u8; 32]> = Secret::new([7; 32]);

    fn workspace() -> WorkspaceId {
        "0197f3a0-5c1e-7d2a-9f00-1234567890ab".parse().unwrap()
    }

    fn tokens() -> Vec<String> {
        let id = "0197f3a0-5c1e-7d2a-9f00-ba0987654321";
        let dana = "dana@example.com".parse().unwrap();
        let at = Timestamp::from_unix_ms(1_000);
        vec![
            ApprovalToken::new(workspace(), id.parse().unwrap(), 3, &dana, at).sign(&SECRET),
            SenderToken::new(workspace(), id.parse().unwrap(), id.parse().unwrap(), &dana, at).sign(&SECRET),
        ]
    }

    #[test]
    fn every_link_of_the_workspace_goes_wherever_it_stands() {
        let redaction = LinkRedaction::of(workspace());
        for token in tokens() {
            for around in [
                ("See https://mail.example.com/callbacks/email/", " and decide."),
                (
                    "<a href=\"https://safe.example/?url=https%3A%2F%2Fmail.example.com%2Fcallbacks%2F",
                    "&x=1\">here</a>",
                ),
                ("", ""),
                ("Größe: ", "\nüber"),
            ] {
                let text = format!("{}{token}{}", around.0, around.1);
                let redacted = redaction.redact(&text).unwrap();
                assert_eq!(redacted, format!("{}link-removed{}", around.0, around.1));
                assert_eq!(redaction.redact(&redacted), None);
                let file = redaction.redact_file(text.as_bytes()).unwrap();
                assert_eq!(file.len(), text.len());
                assert!(redaction.redact_file(&file).is_none());
            }
        }
    }

    #[test]
    fn breaks_of_lines_hide_no_link() {
        let redaction = LinkRedaction::of(workspace());
        let token = &tokens()[0];
        for at in 1..token.len() {
            for line_break in ["\r\n> ", "\n", "=\r\n", "\r\n>> "] {
                let text = format!("> {}{line_break}{}\r\nSay eleven.", &token[..at], &token[at..]);
                let redacted = redaction.redact(&text).unwrap();
                assert_eq!(redacted, "> link-removed\r\nSay eleven.", "{at} {line_break:?}");
            }
        }
    }

    #[test]
    fn links_of_accounts_go_and_other_text_stays() {
        let redaction = LinkRedaction::of(workspace());
        let token = LinkToken::from_bytes([9; LINK_BYTES]).expose();
        let text = format!("https://mail.example.com/reset?token={token}.");
        assert_eq!(redaction.redact(&text).unwrap(), "https://mail.example.com/reset?token=link-removed.");
        let other = "0197f3a0-5c1e-7d2a-9f00-ba0987654321".parse().unwrap();
        let dana = "dana@example.com".parse().unwrap();
        let foreign = ApprovalToken::new(
            other,
            "0197f3a0-5c1e-7d2a-9f00-1234567890ab".parse().unwrap(),
            1,
            &dana,
            Timestamp::from_unix_ms(1_000),
        )
        .sign(&SECRET);
        for text in ["", "token=12345", &format!("sha256:{}", "ab".repeat(32)), &foreign] {
            assert_eq!(redaction.redact(text), None, "{text}");
        }
    }
}
