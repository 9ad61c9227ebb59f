//! Address lists (RFC 5322, section 3.4), as they really come.

use actionlayer_domain::message::Mailbox;

use crate::{header::decode_words, limits::MAX_ADDRESSES};

/// The part of an address after its last `@`, lower case; empty when there is none.
pub(crate) fn domain_of(email: &str) -> String {
    email.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase()).unwrap_or_default()
}

/// The mailboxes of a field value; groups are flattened, what has no `@` is left out. An address is what the sender
/// wrote, without blanks but those of a quoted local part: it may not be valid.
pub(crate) fn parse_list(value: &str) -> Vec<Mailbox> {
    let mut list = Vec::new();
    let mut current = Pending::default();
    let mut rest = value;
    while list.len() < MAX_ADDRESSES {
        let (plain, special) = rest.split_at(rest.find(SPECIAL).unwrap_or(rest.len()));
        if !plain.is_empty() {
            current.text().push_str(plain);
        }
        let mut chars = special.chars();
        let Some(c) = chars.next() else {
            list.extend(current.finish());
            break;
        };
        match c {
            '"' => {
                let content = quoted(&mut chars);
                if chars.as_str().starts_with('@') && !content.bytes().all(is_dot_atom) {
                    // Without its quotes, `"ada lovelace"@example.com` would be another person's address.
                    push_quoted(&content, current.text());
                } else {
                    current.text().push_str(&content);
                }
            }
            '(' => comment(&mut chars, &mut current.comment),
            '<' if current.angle.is_none() => current.angle = Some(String::new()),
            '<' => {}
            '>' => current.closed = true,
            ',' | ';' if !current.in_source_route() => list.extend(std::mem::take(&mut current).finish()),
            // The name of a group; inside angle brackets, the end of a source route.
            ':' if !current.text().contains('@') || current.angle.is_some() => current.text().clear(),
            c => current.text().push(c),
        }
        rest = chars.as_str();
    }
    list
}

/// What ends a run of text.
const SPECIAL: [char; 7] = ['"', '(', '<', '>', ',', ';', ':'];

#[derive(Default)]
struct Pending {
    phrase: String,
    comment: String,
    angle: Option<String>,
    closed: bool,
}

impl Pending {
    fn text(&mut self) -> &mut String {
        match &mut self.angle {
            Some(angle) if !self.closed => angle,
            _ => &mut self.phrase,
        }
    }

    /// `<@a,@b:user@host>`: a comma here separates hops (RFC 5322, section 4.4), not mailboxes.
    fn in_source_route(&self) -> bool {
        !self.closed && self.angle.as_ref().is_some_and(|angle| angle.trim_start().starts_with('@'))
    }

    fn finish(self) -> Option<Mailbox> {
        let (email, name) = if let Some(angle) = self.angle {
            (angle, self.phrase)
        } else {
            // `ada@example.com`, perhaps with loose words around it.
            let (addresses, words): (Vec<_>, Vec<_>) = words(&self.phrase).partition(|word| word.contains('@'));
            (addresses.last().copied().unwrap_or_default().to_owned(), words.join(" "))
        };
        let email = if email.contains(is_blank) { without_blanks(&email) } else { email };
        let name = if name.trim().is_empty() { self.comment } else { name };
        let name = decode_words(name.trim());
        email.contains('@').then(|| Mailbox { email, name: (!name.is_empty()).then_some(name) })
    }
}

/// What stands up to the closing quote.
fn quoted(chars: &mut std::str::Chars<'_>) -> String {
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

/// Puts `content` back between quotes (RFC 5322, section 3.2.4).
fn push_quoted(content: &str, out: &mut String) {
    out.push('"');
    for c in content.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// What a local part needs no quotes for (RFC 5322, section 3.2.3; beyond ASCII, RFC 6532).
fn is_dot_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte) || !byte.is_ascii()
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// For every character, whether it stands between quotes.
fn is_quoted() -> impl FnMut(char) -> bool {
    let (mut inside, mut escaped) = (false, false);
    move |c| {
        let was_inside = inside;
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        was_inside
    }
}

/// The words of `text`; a blank between quotes ends none.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = is_quoted();
    text.split(move |c| !quoted(c) && c.is_whitespace()).filter(|word| !word.is_empty())
}

/// `text` without the blanks that do not stand between quotes.
fn without_blanks(text: &str) -> String {
    let mut quoted = is_quoted();
    text.chars().filter(|c| quoted(*c) || !is_blank(*c)).collect()
}

fn comment(chars: &mut std::str::Chars<'_>, out: &mut String) {
    let mut depth = 1_usize;
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return;
                }
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &str) -> (String, String) {
        let mut list = parse_list(value);
        assert_eq!(list.len(), 1, "{value:?} gave {list:?}");
        let Mailbox { email, name } = list.remove(0);
        (email, name.unwrap_or_default())
    }

    #[test]
    fn every_common_shape() {
        for (value, email, name) in [
            ("ada@example.com", "ada@example.com", ""),
            ("<ada@example.com>", "ada@example.com", ""),
            ("Ada Lovelace <ada@example.com>", "ada@example.com", "Ada Lovelace"),
            ("\"Lovelace, Ada \\\"A\\\"\" <ada@example.com>", "ada@example.com", "Lovelace, Ada \"A\""),
            ("=?utf-8?Q?J=C3=BCrgen?= =?utf-8?Q?_M?= <j@example.com>", "j@example.com", "Jürgen M"),
            ("\"=?utf-8?B?SsO8cmdlbg==?=\" <j@example.com>", "j@example.com", "Jürgen"),
            ("ada@example.com (Ada)", "ada@example.com", "Ada"),
            // A display name that is an address must never become part of the address.
            ("ceo@bank.com <eve@evil.example>", "eve@evil.example", "ceo@bank.com"),
            ("\"ceo@bank.com\" <eve@evil.example>", "eve@evil.example", "ceo@bank.com"),
            ("Ada <@relay.a,@relay.b:ada@example.com>", "ada@example.com", "Ada"),
            ("Ada <ada@example.com", "ada@example.com", "Ada"),
            ("Team: ada@example.com;", "ada@example.com", ""),
            ("Ada <\"ada.l\"@example.com>", "ada.l@example.com", "Ada"),
            ("Ada <ada . l @ example.com>", "ada.l@example.com", "Ada"),
            // Another address without its quotes.
            ("<\"ada lovelace\"@example.com>", "\"ada lovelace\"@example.com", ""),
            ("Ada \"ada lovelace\"@example.com", "\"ada lovelace\"@example.com", "Ada"),
            ("<\"ceo@bank.com, \\\"x\\\"\"@evil.example>", "\"ceo@bank.com, \\\"x\\\"\"@evil.example", ""),
        ] {
            assert_eq!(one(value), (email.to_owned(), name.to_owned()), "{value:?}");
        }
    }

    #[test]
    fn lists_groups_and_nothing() {
        let emails = |value: &str| parse_list(value).into_iter().map(|m| m.email).collect::<Vec<_>>();
        assert_eq!(emails("a@x, B <b@x>; Team: c@x, \"D, E\" <d@x>;"), ["a@x", "b@x", "c@x", "d@x"]);
        for empty in ["", "undisclosed-recipients:;", ",,,", "nobody", "(((((", "<", "\""] {
            assert!(emails(empty).is_empty(), "{empty:?}");
        }
        assert_eq!(parse_list(&"a@b,".repeat(5_000)).len(), MAX_ADDRESSES);
    }
}
