//! Splits HTML into tags and text the way browsers find the borders, without building a tree.

use std::borrow::Cow;

use super::entities::decode;
use crate::parameters::lower;

/// A start or end tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// Lower case.
    pub(crate) name: Cow<'a, str>,
    pub(crate) is_end: bool,
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl Tag<'_> {
    /// The value of an attribute, decoded; its name in lower case.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// The attributes, decoded; their names in lower case.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    /// Whether there is any attribute.
    pub(crate) fn has_attributes(&self) -> bool {
        !self.attributes.is_empty()
    }

    /// Whether it is an element that never has content.
    pub(crate) fn is_void(&self) -> bool {
        matches!(
            self.name.as_ref(),
            "area"
                | "base"
                | "br"
                | "col"
                | "embed"
                | "hr"
                | "img"
                | "input"
                | "link"
                | "meta"
                | "source"
                | "track"
                | "wbr"
        )
    }
}

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Text, character references resolved.
    Text(Cow<'a, str>),
    Tag(Tag<'a>),
}

/// Iterates over the tokens of a document. Comments, declarations and the content of elements that are never shown
/// (`script`, `style`, `title` …) do not appear.
#[derive(Debug)]
pub(crate) struct Tokenizer<'a> {
    rest: &'a str,
}

/// Attributes kept of one tag.
const MAX_ATTRIBUTES: usize = 50;

impl<'a> Tokenizer<'a> {
    pub(crate) const fn new(html: &'a str) -> Self {
        Self { rest: html }
    }

    fn text(&mut self, length: usize) -> Token<'a> {
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        Token::Text(decode(text))
    }

    /// Passes over `<!…`, a comment or a processing instruction.
    fn skip_markup(&mut self) {
        let skip = |rest: &'a str, end: &str| rest.find(end).map_or("", |at| &rest[at + end.len()..]);
        self.rest = if let Some(comment) = self.rest.strip_prefix("<!--") {
            // `<!-->` and `<!--->` are whole comments.
            comment.strip_prefix('>').or_else(|| comment.strip_prefix("->")).unwrap_or_else(|| skip(comment, "-->"))
        } else {
            skip(self.rest, ">")
        };
    }

    fn tag(&mut self) -> Tag<'a> {
        let is_end = self.rest.starts_with("</");
        let start = if is_end { 2 } else { 1 };
        let rest = &self.rest[start..];
        let name_end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(name_end);
        let mut tag = Tag { name: lower(name), is_end, attributes: Vec::new() };
        self.rest = attributes(rest, &mut tag.attributes);
        tag
    }

    /// Passes over the content of an element whose content is not markup.
    fn skip_raw_text(&mut self, name: &str) {
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        while let Some(found) = memchr::memmem::find(bytes.get(at..).unwrap_or_default(), b"</") {
            at += found;
            let candidate = bytes.get(at + 2..at + 2 + name.len()).unwrap_or_default();
            if candidate.eq_ignore_ascii_case(name.as_bytes()) {
                self.rest = &self.rest[at..];
                return;
            }
            at += 2;
        }
        self.rest = "";
    }
}

/// How much of `html` is text up to the first markup. A `<` that starts nothing is text.
fn text_length(html: &str) -> usize {
    let bytes = html.as_bytes();
    let starts_markup =
        |at: &usize| bytes.get(at + 1).is_some_and(|c| matches!(c, b'!' | b'?' | b'/') || c.is_ascii_alphabetic());
    memchr::memchr_iter(b'<', bytes).find(starts_markup).unwrap_or(bytes.len())
}

/// Reads attributes up to and including the `>`; gives what follows.
fn attributes<'a>(mut rest: &'a str, out: &mut Vec<(Cow<'a, str>, Cow<'a, str>)>) -> &'a str {
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return rest;
        }
        if let Some(after) = rest.strip_prefix('>') {
            return after;
        }
        // A leading `=` belongs to the name, so that every turn takes something.
        let name_end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='))
            .map_or(rest.len(), |(at, _)| at);
        let (name, after) = rest.split_at(name_end);
        let after_blank = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let (value, after) = match after_blank.strip_prefix('=') {
            Some(value) => attribute_value(value.trim_start_matches(|c: char| c.is_ascii_whitespace())),
            None => ("", after),
        };
        if out.len() < MAX_ATTRIBUTES {
            out.push((lower(name), decode(value)));
        }
        rest = after;
    }
}

fn attribute_value(rest: &str) -> (&str, &str) {
    let split = |rest: &'_ str, at: Option<usize>, skip: usize| -> (usize, usize) {
        at.map_or((rest.len(), rest.len()), |at| (at, at + skip))
    };
    for quote in [b'"', b'\''] {
        if let Some(quoted) = rest.strip_prefix(char::from(quote)) {
            let (end, next) = split(quoted, memchr::memchr(quote, quoted.as_bytes()), 1);
            return (&quoted[..end], &quoted[next..]);
        }
    }
    let (end, next) = split(rest, rest.find(|c: char| c.is_ascii_whitespace() || c == '>'), 0);
    (&rest[..end], &rest[next..])
}

impl<'a> Iterator for Tokenizer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let length = text_length(self.rest);
            if length > 0 {
                return Some(self.text(length));
            }
            let second = self.rest.as_bytes().get(1).copied().unwrap_or_default();
            let third = self.rest.as_bytes().get(2).copied().unwrap_or_default();
            match second {
                b'!' | b'?' => self.skip_markup(),
                b'/' if !third.is_ascii_alphabetic() => self.skip_markup(),
                _ => {
                    let tag = self.tag();
                    let never_shown =
                        ["script", "style", "title", "textarea", "noscript", "template", "iframe", "noembed", "xmp"];
                    if !tag.is_end && never_shown.contains(&tag.name.as_ref()) {
                        self.skip_raw_text(&tag.name);
                    }
                    return Some(Token::Tag(tag));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_are_found_where_browsers_find_them() {
        let shown = |html: &str| -> String {
            Tokenizer::new(html)
                .map(|token| match token {
                    Token::Text(text) => text.into_owned(),
                    Token::Tag(tag) => format!("[{}{}]", if tag.is_end { "/" } else { "" }, tag.name),
                })
                .collect()
        };
        assert_eq!(shown("<P class=x>a<br/>b</p >"), "[p]a[br]b[/p]");
        assert_eq!(shown("<!doctype html><!-- <b> -->x<!-->y<?php ?>z"), "xyz");
        assert_eq!(shown("<script>if (a</b>) '<p>'</script>x"), "[script][/script]x");
        assert_eq!(shown("1 < 2 <3 & <"), "1 < 2 <3 & <");
        assert_eq!(shown("<a title='>'>x</a"), "[a]x[/a]");
        assert_eq!(shown("<style>unclosed"), "[style]");
    }

    #[test]
    fn attributes_in_every_form() {
        let Some(Token::Tag(tag)) = Tokenizer::new("<A HREF = \"x?a=1&amp;b\" hidden k='v' n=1/>").next() else {
            panic!("a tag");
        };
        assert_eq!(tag.attribute("href"), Some("x?a=1&b"));
        assert_eq!(tag.attribute("hidden"), Some(""));
        assert_eq!((tag.attribute("k"), tag.attribute("n")), (Some("v"), Some("1/")));
    }
}
