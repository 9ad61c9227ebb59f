//! Field values with parameters (RFC 2045, section 5.1; RFC 2231), as they really come. Linear in the value.

use std::borrow::Cow;

use crate::{charset, limits::MAX_PARAMETERS};

/// `text/plain; charset=utf-8` in its pieces.
#[derive(Debug, Default)]
pub(crate) struct Parameters<'a> {
    /// What stands before the parameters, lower case, without comments.
    pub(crate) value: String,
    named: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// There were more than are kept.
    pub(crate) limited: bool,
}

impl<'a> Parameters<'a> {
    /// The parameter of that name (lower case). Where one stands both ways, the extended one: the other is its fallback
    /// for old readers.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.named.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    pub(crate) fn parse(field: &'a str) -> Self {
        let mut scanner = Scanner { rest: field };
        let head = without_comments(scanner.until_semicolon());
        // Some senders forget the first semicolon.
        let (head, lost) = match memchr::memchr(b'=', head.as_bytes())
            .and_then(|at| head.get(..at))
            .and_then(|h| h.trim_end().rfind([' ', '\t']))
        {
            Some(at) => head.split_at(at),
            None => (&*head, ""),
        };
        let mut value = head.trim().to_owned();
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            value = value.split_whitespace().collect();
        }
        value.make_ascii_lowercase();
        let mut out = Self { value, ..Self::default() };
        let mut sections = Vec::new();
        if !lost.is_empty() {
            let mut of_head = Parameters::default();
            of_head.take_all(&mut Scanner { rest: lost }, &mut sections);
            out.limited = of_head.limited;
            let named = of_head.named.into_iter();
            out.named =
                named.map(|(name, value)| (Cow::Owned(name.into_owned()), Cow::Owned(value.into_owned()))).collect();
        }
        out.take_all(&mut scanner, &mut sections);
        if !sections.is_empty() {
            out.named
                .splice(..0, join(sections).into_iter().map(|(name, value)| (Cow::Owned(name), Cow::Owned(value))));
        }
        out
    }

    fn take_all(&mut self, scanner: &mut Scanner<'a>, sections: &mut Vec<Section>) {
        while let Some((name, value, is_quoted)) = scanner.next_parameter() {
            if self.named.len() + sections.len() >= MAX_PARAMETERS {
                self.limited = true;
                return;
            }
            let name = lower(name);
            if let Some((base, rest)) = name.split_once('*') {
                let (number, is_extended) =
                    rest.strip_suffix('*').map_or((rest, rest.is_empty()), |number| (number, true));
                let number = if number.is_empty() { Some(0) } else { number.parse::<u32>().ok() };
                let Some(number) = number else { continue };
                sections.push(Section { base: base.trim().to_owned(), number, is_extended, value: value.into_owned() });
            } else {
                let is_literal = is_quoted || matches!(name.as_ref(), "name" | "filename");
                let has_comment = !is_literal && value.contains('(');
                let value = if has_comment { Cow::Owned(without_comments(&value).trim().to_owned()) } else { value };
                self.named.push((name, value));
            }
        }
    }
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn until_semicolon(&mut self) -> &'a str {
        let at = memchr::memchr(b';', self.rest.as_bytes()).unwrap_or(self.rest.len());
        let (piece, rest) = self.rest.split_at(at);
        self.rest = rest.strip_prefix(';').unwrap_or(rest);
        piece
    }

    fn next_parameter(&mut self) -> Option<(&'a str, Cow<'a, str>, bool)> {
        loop {
            let at = memchr::memchr2(b'=', b';', self.rest.as_bytes())?;
            let (name, rest) = self.rest.split_at(at);
            self.rest = rest.get(1..).unwrap_or_default();
            if rest.starts_with(';') {
                continue;
            }
            let name = name.trim();
            let value = self.rest.trim_start();
            let is_quoted = value.starts_with('"');
            let value = if let Some(quoted) = value.strip_prefix('"') {
                let (value, rest) = unquote(quoted);
                self.rest = rest;
                self.until_semicolon();
                value
            } else {
                Cow::Borrowed(self.until_semicolon().trim())
            };
            if !name.is_empty() {
                return Some((name, value, is_quoted));
            }
        }
    }
}

/// The text up to the closing quote, and what follows. A backslash escapes only what has to be escaped: paths of Windows
/// come unescaped.
fn unquote(text: &str) -> (Cow<'_, str>, &str) {
    let mut out = Cow::Borrowed("");
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) {
        let (plain, special) = rest.split_at(at);
        out += plain;
        if let Some(after) = special.strip_prefix('"') {
            return (out, after);
        }
        let escaped = special.get(1..2).filter(|c| matches!(*c, "\"" | "\\"));
        out += escaped.unwrap_or("\\");
        rest = special.get(1 + escaped.map_or(0, str::len)..).unwrap_or_default();
    }
    out += rest.trim_end();
    (out, "")
}

fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains('(') {
        return Cow::Borrowed(text);
    }
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| {
            depth += usize::from(*c == '(');
            let keep = depth == 0;
            depth -= usize::from(*c == ')' && depth > 0);
            keep
        })
        .collect()
}

/// `name` in lower case.
pub(crate) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// One piece of an extended parameter: `name*number*=value`.
struct Section {
    base: String,
    number: u32,
    is_extended: bool,
    value: String,
}

/// Puts the pieces together in the order of their numbers, then decodes: a character may be cut in two by the border.
fn join(mut sections: Vec<Section>) -> Vec<(String, String)> {
    sections.sort_by(|a, b| (&a.base, a.number).cmp(&(&b.base, b.number)));
    let mut out = Vec::new();
    for group in sections.chunk_by(|a, b| a.base == b.base) {
        let mut label = None;
        let mut bytes = Vec::new();
        let mut last = None;
        for section in group {
            // Of two with the same number the first counts.
            if last.replace(section.number) == Some(section.number) {
                continue;
            }
            let mut value = section.value.as_str();
            if section.is_extended {
                if label.is_none()
                    && let Some((charset, text)) = value.split_once('\'')
                    && let Some((_language, text)) = text.split_once('\'')
                {
                    label = Some(charset.to_owned());
                    value = text;
                }
                percent_decode(value, &mut bytes);
            } else {
                bytes.extend_from_slice(value.as_bytes());
            }
        }
        let name = group.first().map(|section| section.base.clone()).unwrap_or_default();
        out.push((name, charset::decode(&bytes, label.as_deref())));
    }
    out
}

/// The bytes that `%XX` stand for, and everything else as it is.
pub(crate) fn percent_decode(text: &str, out: &mut Vec<u8>) {
    let mut bytes = text.as_bytes();
    while let [first, rest @ ..] = bytes {
        let hex = |b: &u8| char::from(*b).to_digit(16);
        let escaped = match rest {
            [high, low, ..] if *first == b'%' => hex(high).zip(hex(low)),
            _ => None,
        };
        out.push(escaped.map_or(*first, |(high, low)| u8::try_from(high * 16 + low).unwrap_or_default()));
        bytes = if escaped.is_some() { rest.get(2..).unwrap_or_default() } else { rest };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_as_they_come() {
        for (field, value, name, expected) in [
            ("text/plain; charset=utf-8", "text/plain", "charset", Some("utf-8")),
            ("TEXT / Plain ; Charset = \"UTF-8\" ;", "text/plain", "charset", Some("UTF-8")),
            ("text/plain charset=utf-8; x=y", "text/plain", "charset", Some("utf-8")),
            ("text/plain; charset=us-ascii (Plain text)", "text/plain", "charset", Some("us-ascii")),
            ("text/plain (a comment)", "text/plain", "charset", None),
            ("a/b; name=report (1) final.pdf; x=y", "a/b", "name", Some("report (1) final.pdf")),
            ("a/b; name=\"say \\\"hi\\\"; \\\\ok.txt\"", "a/b", "name", Some("say \"hi\"; \\ok.txt")),
            ("a/b; name=\"C:\\dir\\new.txt\"", "a/b", "name", Some("C:\\dir\\new.txt")),
            ("a/b; name=\"open", "a/b", "name", Some("open")),
            ("a/b;;; =x; name=y", "a/b", "name", Some("y")),
            ("multipart/mixed; boundary=\"=_a=b;c\"", "multipart/mixed", "boundary", Some("=_a=b;c")),
            ("x; filename*=utf-8'en'%e2%82%ac%20rates", "x", "filename", Some("€ rates")),
            ("x; filename=\"fallback\"; filename*=UTF-8''na%C3%AFve", "x", "filename", Some("naïve")),
            ("x; filename*0*=iso-8859-1''caf; filename*1*=%E9; filename*2=\" x\"", "x", "filename", Some("café x")),
            // Out of order, and a character cut in two.
            ("x; filename*1*=%A9z; filename*0*=utf-8''%C3", "x", "filename", Some("éz")),
            (
                "x; filename*0*=iso-2022-jp''%1B$B%25O%1B%28B; filename*1*=%1B$B%25m%21%3C%1B%28B.pdf",
                "x",
                "filename",
                Some("ハロー.pdf"),
            ),
            ("x; filename*0=a; filename*1=b; filename*1=no", "x", "filename", Some("ab")),
            ("x; filename*=%zz%4", "x", "filename", Some("%zz%4")),
            ("x; filename*y=1", "x", "filename", None),
            ("a/b; boundary=\"B_(ID_1)\"", "a/b", "boundary", Some("B_(ID_1)")),
            ("", "", "a", None),
        ] {
            let parsed = Parameters::parse(field);
            assert_eq!((parsed.value.as_str(), parsed.parameter(name)), (value, expected), "{field:?}");
        }
    }

    #[test]
    fn every_charset_can_be_used() {
        for label in include_str!("charset/whatwg-labels.txt").split_whitespace() {
            let field = format!("x; name*={label}''a%C3");
            let parsed = Parameters::parse(&field);
            assert_eq!(parsed.parameter("name"), Some(charset::decode(b"a\xc3", Some(label)).as_str()), "{label}");
        }
    }

    #[test]
    fn a_flood_is_cut() {
        let field = format!("a/b{}", "; name*0=x".repeat(100_000));
        let parsed = Parameters::parse(&field);
        assert!(parsed.limited && parsed.parameter("name") == Some("x"));
    }
}
