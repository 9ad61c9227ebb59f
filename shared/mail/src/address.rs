//! Address lists (RFC 5322, section 3.4), as they really come.

use std::borrow::Cow;

use actionlayer_domain::{DomainName, message::Mailbox};

use crate::{encoded_word, header::decode_words, limits::MAX_ADDRESSES, lookalike::host_to_unicode};

/// The part of an address after its last `@`, lower case; empty when there is none.
pub(crate) fn domain_of(email: &str) -> String {
    email.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase()).unwrap_or_default()
}

/// The mailboxes of a field value; groups are flattened, what has no `@` is left out. An address is what the sender
/// wrote, without blanks but those of a quoted local part: it may not be valid. A domain of other letters than ASCII's is
/// given as its A-label (RFC 5890), by which it is known everywhere else.
pub(crate) fn parse_list(value: &str) -> Vec<Mailbox> {
    let value = &*with_plain_brackets(value);
    let list = read_list(value, true);
    if !list.is_empty() || !encoded_word::has_mark(value) {
        return list;
    }
    // An encoded word that holds the address, too, breaks RFC 2047 (section 5): better read as it stands than lost.
    let list = read_list(value, false);
    if list.is_empty() { read_list(&with_plain_brackets(&decode_words(value)), true) } else { list }
}

/// Whether `text` is nothing but an address of the usual letters, which [`parse_list`] gives as it stands.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'-' | b'_' | b'+');
    text.contains('@') && text.bytes().all(is_usual) && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// Brackets that a program escaped for HTML, or that an input method made as wide as its letters. Not where an address stands
/// outside of them: others would take that one for the author, and vouch for it.
fn with_plain_brackets(value: &str) -> Cow<'_, str> {
    // The first bytes of both marks: most values have neither.
    if memchr::memchr2(b'&', 0xef, value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    let all_within = |open: &str, close: &str| {
        let mut pieces = value.split(open);
        let before = pieces.next().unwrap_or_default();
        let mut outside = pieces.map(|piece| piece.split_once(close).map_or(piece, |(_, outside)| outside));
        value.contains(open) && !value.contains('<') && !before.contains('@') && !outside.any(|text| text.contains('@'))
    };
    if all_within("＜", "＞") {
        Cow::Owned(value.replace('＜', "<").replace('＞', ">"))
    } else if all_within("&lt;", "&gt;") {
        Cow::Owned(value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\""))
    } else {
        Cow::Borrowed(value)
    }
}

fn read_list(value: &str, words_are_whole: bool) -> Vec<Mailbox> {
    let mut words_are_whole = words_are_whole && encoded_word::has_mark(value);
    let mut list = Vec::new();
    let mut current = Pending::default();
    let mut rest = value;
    // The last quote in the value closes the last quotation: one that opens there is never closed.
    let mut quotes = memchr::memchr_iter(b'"', value.as_bytes()).count();
    while list.len() < MAX_ADDRESSES {
        let (plain, special) = rest.split_at(rest.bytes().position(is_special).unwrap_or(rest.len()));
        if words_are_whole && let Some(mark) = plain.find("=?") {
            // Programs leave commas and brackets in encoded words as they are: they are part of the word.
            let (before, word) = rest.split_at(mark);
            let end = encoded_word::end(word);
            words_are_whole = end.is_some();
            let (word, after) = word.split_at(end.unwrap_or_default());
            current.text().push_str(before);
            current.text().push_str(word);
            rest = after;
            continue;
        }
        if !plain.is_empty() {
            current.text().push_str(plain);
        }
        let mut chars = special.chars();
        let Some(c) = chars.next() else {
            current.finish(&mut list);
            break;
        };
        match c {
            '"' => {
                quotes = quotes.saturating_sub(1);
                if let Some((content, after)) = quoted(chars.as_str(), quotes) {
                    quotes -= content.quotes;
                    if after.starts_with('@') && !content.text.bytes().all(is_dot_atom) {
                        // Without its quotes, `"ada lovelace"@example.com` would be another person's address.
                        push_quoted(&content.text, current.text());
                    } else {
                        current.has_quoted_comma |= content.text.contains(',');
                        current.text().push_str(&content.text);
                    }
                    rest = after;
                    continue;
                }
                // It is never closed, or closes within another name: it means nothing.
            }
            '\\' if chars.as_str().starts_with('"') => {
                // An escaped quote outside of quotes was meant as one.
                quotes = quotes.saturating_sub(1);
                chars.next();
            }
            '\\' if chars.as_str().starts_with([',', '(', ')', ':', ';']) => {
                // As it would be between quotes, which were forgotten.
                current.text().extend(chars.next());
            }
            '(' if is_left_open(chars.as_str()) => current.text().push('('),
            '(' => comment(&mut chars, &mut current.comment),
            '<' => {
                if current.is_whole() {
                    // Another one, and the comma between them was forgotten.
                    let after = std::mem::take(&mut current.after);
                    std::mem::take(&mut current).finish(&mut list);
                    current.phrase = after;
                }
                current.angle.get_or_insert_default();
            }
            '>' => current.closed = true,
            ',' if current.is_name() => current.phrase.push(','),
            ',' | ';' if !current.in_source_route() => std::mem::take(&mut current).finish(&mut list),
            // No group, which a semicolon would close, but part of a name.
            ':' if current.is_name() && is_within_name(chars.as_str()) => current.phrase.push(':'),
            // `Ada [mailto:ada@example.com]`, as Outlook writes it into texts.
            ':' if current.is_before_mailto() => current.phrase.push(':'),
            // The name of a group; inside angle brackets, the end of a source route.
            ':' if !current.text().contains('@') || current.angle.is_some() => current.text().clear(),
            c => current.text().push(c),
        }
        rest = chars.as_str();
    }
    list
}

/// What ends a run of text.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'(' | b'<' | b'>' | b',' | b';' | b':')
}

/// Commas in a name that stands between no quotes.
const MAX_COMMAS: usize = 3;

#[derive(Default)]
struct Pending {
    phrase: String,
    comment: String,
    angle: Option<String>,
    closed: bool,
    /// What stands behind the angle brackets.
    after: String,
    /// A comma stood between quotes: it is part of the name.
    has_quoted_comma: bool,
}

impl Pending {
    fn text(&mut self) -> &mut String {
        match &mut self.angle {
            Some(angle) if !self.closed => angle,
            Some(_) => &mut self.after,
            None => &mut self.phrase,
        }
    }

    /// Whether the brackets of its address are closed.
    fn is_whole(&self) -> bool {
        self.closed && self.angle.as_ref().is_some_and(|angle| angle.contains('@'))
    }

    /// Whether it has but words so far, which may be the first half of a name: `Müller, Jan <…>`.
    fn is_name(&self) -> bool {
        self.angle.is_none()
            && !self.phrase.contains('@')
            && self.phrase.contains(|c: char| !c.is_whitespace() && c != ',')
            && self.phrase.bytes().filter(|byte| *byte == b',').count() < MAX_COMMAS
    }

    /// Whether it ends with a bracket and the scheme of an address.
    fn is_before_mailto(&self) -> bool {
        let end = self.phrase.len().checked_sub("[mailto".len()).and_then(|start| self.phrase.get(start..));
        self.angle.is_none() && end.is_some_and(|end| end.eq_ignore_ascii_case("[mailto"))
    }

    /// `<@a,@b:user@host>`: a comma here separates hops (RFC 5322, section 4.4), not mailboxes.
    fn in_source_route(&self) -> bool {
        !self.closed && self.angle.as_ref().is_some_and(|angle| angle.trim_start().starts_with('@'))
    }

    /// Adds it to `list`; where it is addresses alone, with no commas between them, each of them.
    fn finish(self, list: &mut Vec<Mailbox>) {
        let is_address = |word: &str| word.contains('@') && !word.contains('<');
        if self.angle.is_none() && words(&self.phrase).nth(1).is_some() && words(&self.phrase).all(is_address) {
            for address in words(&self.phrase).take(MAX_ADDRESSES) {
                list.extend(Self { phrase: address.to_owned(), ..Self::default() }.mailbox());
            }
        } else {
            list.extend(self.mailbox());
        }
    }

    fn mailbox(mut self) -> Option<Mailbox> {
        let is_swapped = self.phrase.trim().is_empty() && self.angle.as_ref().is_some_and(|name| !name.contains('@'));
        if is_swapped && words(&self.after).nth(1).is_none() {
            // `<Ada> ada@example.com`.
            std::mem::swap(self.angle.get_or_insert_default(), &mut self.after);
        }
        let (email, name) = if let Some(angle) = self.angle.filter(|angle| angle.contains('@')) {
            (angle, if self.phrase.trim().is_empty() { self.after } else { self.phrase })
        } else {
            // `ada@example.com`, perhaps with loose words around it. Of the words before a comma, none is its name.
            let behind_comma = self.phrase.rsplit_once(',').filter(|_| !self.has_quoted_comma);
            let own = behind_comma.map_or(self.phrase.as_str(), |(_, own)| own);
            let (addresses, words): (Vec<_>, Vec<_>) =
                words(own).partition(|word| word.contains('@') && !word.contains('<'));
            match addresses.last() {
                Some(address) => ((*address).to_owned(), words.join(" ")),
                // Old programs wrote `Ada (ada@example.com)`.
                None => (words_of_comment(&self.comment)?, own.to_owned()),
            }
        };
        let email = if email.bytes().all(|byte| byte.is_ascii_graphic()) { email } else { without_blanks(&email) };
        let email = with_ascii_domain(bare(&email));
        let name = if name.trim().is_empty() && !self.comment.contains('@') { self.comment } else { name };
        let name = decode_words(unwrapped(name.trim()));
        email.contains('@').then(|| Mailbox { email, name: (!name.is_empty()).then_some(name) })
    }
}

/// Whether a bracket before `rest` never closes, and the address stands behind it: it is part of a name.
fn is_left_open(rest: &str) -> bool {
    /// The longest name looked at, in bytes.
    const MAX_BYTES: usize = 500;
    rest.len() <= MAX_BYTES && !rest.contains(')') && rest.contains('<') && rest.contains('@')
}

/// Whether a colon before `rest` stands in a name: an address in brackets follows, and nothing closes a group.
fn is_within_name(rest: &str) -> bool {
    rest.find(['<', ',', ';']).is_some_and(|at| rest.get(at..).is_some_and(|rest| rest.starts_with('<')))
        && !rest.contains(';')
}

/// The address in a comment, when it holds one and nothing else with an `@`.
fn words_of_comment(comment: &str) -> Option<String> {
    let mut addresses = words(comment).filter(|word| word.contains('@'));
    addresses.next().filter(|_| addresses.next().is_none()).map(ToOwned::to_owned)
}

/// An address without what programs put around it: brackets, quotes of people, the dot of the root.
fn bare(address: &str) -> &str {
    let mut bare = address.trim();
    let literal = bare.contains('[') && bare.contains("@[");
    if !literal {
        bare = bare.trim_start_matches('[').trim_end_matches(']');
        // A local part may begin with one of these, but no domain ends with one.
        bare = bare.strip_suffix('}').map_or(bare, |inner| inner.trim_start_matches('{'));
    }
    bare = bare
        .get(..7)
        .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
        .map_or(bare, |scheme| &bare[scheme.len()..]);
    let quotes = |c: char| matches!(c, '\'' | '’' | '‘' | '‚' | '“' | '”' | '„' | '`' | '´' | '«' | '»' | '‹' | '›');
    // No domain can hold one, but a local part can.
    let end = bare.trim_end_matches(|c| quotes(c) || matches!(c, '.' | ','));
    let quoted_at_end = bare.ends_with(quotes);
    if quoted_at_end { end.trim_start_matches(quotes) } else { end }
}

/// A name without the single quotes that Outlook puts around one that is an address, or a second pair of double ones.
fn unwrapped(name: &str) -> &str {
    let within = |quote: char| {
        let inner = name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
        inner.filter(|inner| !inner.contains(quote) && !inner.trim().is_empty())
    };
    within('\'').or_else(|| within('"')).unwrap_or(name)
}

/// `address` with its domain as the A-label, where it is written with other letters (RFC 5890, section 2.3.2.1). One that
/// is not written as its own U-label stays: full-width letters are no name of a host, and who checked the sender did not
/// read them as one.
fn with_ascii_domain(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@').filter(|(_, domain)| !domain.is_ascii()) else {
        return address.to_owned();
    };
    match domain.parse::<DomainName>() {
        Ok(ascii) if host_to_unicode(ascii.as_str()) == domain.to_lowercase() => format!("{local}@{ascii}"),
        _ => address.to_owned(),
    }
}

struct Quoted {
    text: String,
    /// Quotes that were passed, escaped ones and the closing one.
    quotes: usize,
}

/// What stands up to the closing quote, and what follows it. `None` when none closes, or the one that would stands within
/// the next name, so that an address would be part of a name. `left`: quotes that follow.
fn quoted(text: &str, left: usize) -> Option<(Quoted, &str)> {
    if left == 0 {
        return None;
    }
    let mut content = Quoted { text: String::new(), quotes: 0 };
    let mut rest = text;
    let after = loop {
        let (plain, mark) = rest.split_at(memchr::memchr2(b'"', b'\\', rest.as_bytes())?);
        content.text.push_str(plain);
        if let Some(after) = mark.strip_prefix('"') {
            break after;
        }
        let c = mark.chars().nth(1)?;
        content.quotes += usize::from(c == '"');
        content.text.push(c);
        rest = mark.get(1 + c.len_utf8()..)?;
    };
    content.quotes += 1;
    let holds_address = content.text.contains('<') && content.text.contains('@') && content.text.contains('>');
    (!(holds_address && after.starts_with(char::is_alphanumeric))).then_some((content, after))
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

/// `text` without the blanks that do not stand between quotes, and without the control characters that do.
fn without_blanks(text: &str) -> String {
    let mut quoted = is_quoted();
    text.chars().filter(|c| (quoted(*c) || !c.is_whitespace()) && !c.is_control()).collect()
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
mod tests;
