//! The MIME tree (RFC 2046), walked line by line with an explicit stack.
//!
//! A delimiter counts only as a whole line, as the RFC says, and the innermost open multipart is asked first. An attached
//! message (`message/rfc822`) is a leaf: nothing inside it is ever read as part of the mail around it.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use memchr::memmem::Finder;

use crate::{
    calendar::is_calendar,
    header::{Block, Fields, decode_words, read_block, split_field},
    limits::{MAX_DEPTH, MAX_FALSE_DELIMITERS, MAX_PARTS, PART_HEADERS},
    line::line_at,
    parameters::Parameters,
    transfer::Encoding,
};

/// Whether the lines of a text are to be joined (RFC 3676).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Flow {
    #[default]
    Fixed,
    /// A line that ends in a blank goes on in the next.
    Flowed,
    /// The same, and that blank is not part of the text (section 4.5).
    FlowedWithoutSpace,
}

/// How a part is to be shown (RFC 2183).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Disposition {
    #[default]
    Unsaid,
    Inline,
    /// `attachment`, and what is unknown (section 2.8).
    Attachment,
}

/// The MIME headers of a part, read.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartInfo {
    /// `type/subtype`, lower case.
    pub(crate) media_type: String,
    pub(crate) charset: Option<String>,
    pub(crate) flow: Flow,
    /// The name the sender gave the file; not safe to use as it is.
    pub(crate) filename: Option<String>,
    pub(crate) content_id: Option<String>,
    pub(crate) disposition: Disposition,
    pub(crate) encoding: Encoding,
    /// The `method` of the type of a calendar object, lower case.
    pub(crate) calendar_method: Option<String>,
    boundary: Option<Vec<u8>>,
    /// Which part of a `multipart/related` is its page, by the id and by the type it names (RFC 2387, section 3).
    start: Option<String>,
    root_type: Option<String>,
    limited: bool,
}

impl PartInfo {
    fn read(fields: &Fields, default_media_type: &str) -> Self {
        let content_type = fields.first("content-type").map(Parameters::parse);
        let disposition = fields.first("content-disposition").map(Parameters::parse);
        let named =
            |header: Option<&Parameters<'_>>, name| parameter(header, name).map(decode_words).filter(|n| !n.is_empty());
        let filename = named(disposition.as_ref(), "filename")
            .or_else(|| named(content_type.as_ref(), "name"))
            // Some programs write the one parameter where the other belongs.
            .or_else(|| named(disposition.as_ref().filter(|said| said.value != "form-data"), "name"))
            .or_else(|| named(content_type.as_ref(), "filename"));
        let said = content_type.as_ref().map(|h| h.value.trim_matches('"'));
        let media_type = match said.filter(|said| !said.is_empty()) {
            Some(said) if said.contains('/') => Some(said.to_owned()),
            // What is not valid is text (RFC 2045, section 5.2), unless it is a file.
            Some(said) if said != "text" && filename.is_some() => Some("application/octet-stream".to_owned()),
            _ => None,
        };
        let is_calendar = media_type.as_deref().is_some_and(is_calendar);
        let is = |value: Option<&str>, expected: &str| value.is_some_and(|v| v.eq_ignore_ascii_case(expected));
        Self {
            media_type: media_type.unwrap_or_else(|| default_media_type.to_owned()),
            charset: parameter(content_type.as_ref(), "charset").map(str::to_owned),
            flow: match (
                is(parameter(content_type.as_ref(), "format"), "flowed"),
                is(parameter(content_type.as_ref(), "delsp"), "yes"),
            ) {
                (false, _) => Flow::Fixed,
                (true, false) => Flow::Flowed,
                (true, true) => Flow::FlowedWithoutSpace,
            },
            filename,
            content_id: fields.first("content-id").and_then(crate::message_id::parse_one),
            disposition: match disposition.as_ref().map(|d| d.value.as_str()) {
                None | Some("") => Disposition::Unsaid,
                Some("inline") => Disposition::Inline,
                // A field of a form that was sent as it is.
                Some("form-data") if parameter(disposition.as_ref(), "filename").is_none() => Disposition::Inline,
                Some(_) => Disposition::Attachment,
            },
            encoding: fields.first("content-transfer-encoding").map(Encoding::from_header).unwrap_or_default(),
            calendar_method: parameter(content_type.as_ref(), "method")
                .filter(|method| is_calendar && is_calendar_method(method))
                .map(|method| method.to_ascii_lowercase()),
            boundary: parameter(content_type.as_ref(), "boundary")
                .map(|b| b.trim_end().as_bytes().to_vec())
                .filter(|b| !b.is_empty()),
            start: parameter(content_type.as_ref(), "start").and_then(crate::message_id::parse_one),
            root_type: parameter(content_type.as_ref(), "type").map(str::to_ascii_lowercase),
            limited: [&content_type, &disposition].into_iter().flatten().any(|header| header.limited),
        }
    }

    fn is_multipart(&self) -> bool {
        self.media_type.starts_with("multipart/")
    }
}

fn parameter<'a>(header: Option<&'a Parameters<'_>>, name: &str) -> Option<&'a str> {
    header.and_then(|header| header.parameter(name))
}

/// Whether it can be a method: they are a word or two (RFC 5546, section 1.4).
pub(crate) fn is_calendar_method(value: &str) -> bool {
    (1..=32).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A part of the tree. Parts stand in document order; a parent stands before its children.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) info: PartInfo,
    /// Its parent and its place among the siblings, from 0.
    pub(crate) parent: Option<(usize, usize)>,
    /// Where its body stands in the raw mail, still encoded.
    pub(crate) body: Range<usize>,
    /// A multipart has no content of its own; everything else is a leaf.
    pub(crate) is_leaf: bool,
    /// It is what its `multipart/related` shows; the others are what it needs.
    pub(crate) is_root: bool,
}

impl Part {
    /// Its content, decoded.
    pub(crate) fn content<'a>(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        self.info.encoding.decode(raw.get(self.body.clone()).unwrap_or_default())
    }

    /// The parts of a multipart around which stands an encoding, which none may have (RFC 2045, section 6.4): then no
    /// delimiter stands in it as it is.
    fn wrapped_parts(&self, raw: &[u8]) -> Option<Vec<u8>> {
        let boundary =
            self.info.boundary.as_ref().filter(|_| self.is_leaf && self.info.encoding != Encoding::Identity)?;
        let content = self.content(raw);
        let delimiter = [b"--", boundary.as_slice()].concat();
        let mut found = memchr::memmem::find_iter(&content, &delimiter);
        found.any(|at| at == 0 || content.get(at - 1) == Some(&b'\n')).then(|| content.into_owned())
    }
}

/// The whole tree.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) parts: Vec<Part>,
    /// The whole mail is a report of a machine: about delivery, disposition or abuse (RFC 6522).
    pub(crate) is_report: bool,
    /// Parts were left out because of a limit.
    pub(crate) limited: bool,
    /// A multipart had no closing delimiter: the mail was cut or is damaged.
    pub(crate) unterminated: bool,
}

struct Open {
    part: usize,
    boundary: Vec<u8>,
    children: usize,
    is_digest: bool,
}

struct Walk<'a> {
    raw: &'a [u8],
    out: Structure,
    stack: Vec<Open>,
    /// The leaf whose body is being passed over.
    leaf: Option<usize>,
}

enum Delimiter {
    Next(usize),
    Close(usize),
}

/// The mail in `raw`, whose header block is `top`, without encodings around whole multiparts, and its tree.
pub(crate) fn unwrapped<'a>(raw: &'a [u8], top: &Block) -> (Cow<'a, [u8]>, Structure) {
    /// Multiparts that are taken out of their encodings.
    const MAX_WRAPPED: usize = 3;
    let mut raw = Cow::Borrowed(raw);
    let mut structure = read_structure(&raw, top);
    for _ in 0..MAX_WRAPPED {
        let wrapped = structure.parts.iter().find_map(|part| Some((part.body.clone(), part.wrapped_parts(&raw)?)));
        let Some((place, content)) = wrapped else { break };
        let pieces = [raw.get(..place.start), Some(&content), raw.get(place.end..)];
        raw = Cow::Owned(pieces.into_iter().flatten().collect::<Vec<_>>().concat());
        structure = read_structure(&raw, top);
    }
    (raw, structure)
}

/// Reads the tree of a mail whose header block, already read, is `top`.
pub(crate) fn read_structure(raw: &[u8], top: &Block) -> Structure {
    let mut info = PartInfo::read(&top.fields, "text/plain");
    if info.is_multipart() && info.boundary.is_none() {
        let body = raw.get(top.body..).unwrap_or_default();
        // There may be an encoding around it that none may have.
        let encoded = || Some(info.encoding.decode(body)).filter(|_| info.encoding != Encoding::Identity);
        info.boundary = boundary_of(body).or_else(|| boundary_of(&encoded()?));
    }
    let is_report = info.media_type == "multipart/report";
    let out = Structure { parts: Vec::new(), is_report, limited: false, unterminated: false };
    let mut walk = Walk { raw, out, stack: Vec::new(), leaf: None };
    walk.begin(info, top.body);
    walk.run(top.body);
    mark_roots(&mut walk.out.parts);
    walk.out
}

/// The boundary of a multipart that names none, by its first delimiter: a line that stands there again, and that fields of
/// a part or an empty line follow.
fn boundary_of(body: &[u8]) -> Option<Vec<u8>> {
    /// Lines in which the first delimiter is looked for.
    const MAX_LINES: usize = 50;
    /// RFC 2046, section 5.1.1.
    const MAX_BYTES: usize = 70;
    let mut at = 0;
    for _ in 0..MAX_LINES {
        let (line, next) = line_at(body, at);
        let boundary = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end).unwrap_or_default();
        let below = line_at(body, next).0;
        if (1..=MAX_BYTES).contains(&boundary.len()) && (below.is_empty() || split_field(below).is_some()) {
            let again = [b"\n--", boundary].concat();
            return memchr::memmem::find(body.get(next..)?, &again).map(|_| boundary.to_vec());
        }
        at = next;
    }
    None
}

/// Finds what each `multipart/related` shows: what its `start` names, else what has the type it says, else its first part,
/// unless that is no text.
fn mark_roots(parts: &mut [Part]) {
    if parts.iter().all(|part| part.info.media_type != "multipart/related") {
        return;
    }
    let is_textual = |media_type: &str| media_type.starts_with("text/") || media_type.starts_with("multipart/");
    let mut best: Vec<(u8, Option<usize>)> = vec![(0, None); parts.len()];
    for (index, part) in parts.iter().enumerate() {
        let Some((parent, _)) = part.parent else { continue };
        let Some(related) = parts.get(parent).map(|parent| &parent.info) else { continue };
        let is = |said: &Option<String>, value: Option<&str>| said.as_deref().is_some_and(|said| Some(said) == value);
        let score = if !is_textual(&part.info.media_type) || part.info.disposition == Disposition::Attachment {
            0
        } else if is(&related.start, part.info.content_id.as_deref()) {
            3
        } else if is(&related.root_type, Some(&part.info.media_type)) {
            2
        } else {
            1
        };
        if let Some(best) = best.get_mut(parent).filter(|best| score > best.0) {
            *best = (score, Some(index));
        }
    }
    for index in 0..parts.len() {
        let parent = parts.get(index).and_then(|part| part.parent);
        let is_related = |at: usize| parts.get(at).is_some_and(|p| p.info.media_type == "multipart/related");
        let is_root = parent.is_none_or(|(parent, _)| {
            !is_related(parent) || best.get(parent).is_some_and(|(_, root)| *root == Some(index))
        });
        if let Some(part) = parts.get_mut(index) {
            part.is_root = is_root;
        }
    }
}

/// What a multipart is that has no parts: words.
fn type_of_words(body: &[u8]) -> &'static str {
    let start = body.trim_ascii_start();
    let begins = |tag: &str| start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag.as_bytes()));
    if ["<html", "<!doctype html", "<body"].into_iter().any(begins) { "text/html" } else { "text/plain" }
}

impl Walk<'_> {
    fn begin(&mut self, mut info: PartInfo, body: usize) {
        let parent = self.stack.last_mut().map(|open| {
            open.children += 1;
            (open.part, open.children - 1)
        });
        let index = self.out.parts.len();
        let boundary = info.boundary.clone().filter(|_| info.is_multipart());
        let is_digest = info.media_type == "multipart/digest";
        let too_deep = self.stack.len() >= MAX_DEPTH;
        self.out.limited |= info.limited || (boundary.is_some() && too_deep);
        match boundary {
            Some(boundary) if !too_deep => {
                self.stack.push(Open { part: index, boundary, children: 0, is_digest });
                self.leaf = None;
                self.out.parts.push(Part { info, parent, body: body..self.raw.len(), is_leaf: false, is_root: true });
            }
            boundary => {
                if boundary.is_none() && info.is_multipart() {
                    type_of_words(self.raw.get(body..).unwrap_or_default()).clone_into(&mut info.media_type);
                }
                self.leaf = Some(index);
                self.out.parts.push(Part { info, parent, body: body..self.raw.len(), is_leaf: true, is_root: true });
            }
        }
    }

    fn run(&mut self, body: usize) {
        let mut at = body;
        let mut false_delimiters = 0;
        while !self.stack.is_empty()
            && let Some(start) = next_dash_line(self.raw, at)
        {
            let (line, next) = line_at(self.raw, start);
            at = next;
            match self.delimiter(line) {
                None => {
                    false_delimiters += 1;
                    if false_delimiters > MAX_FALSE_DELIMITERS {
                        self.out.limited = true;
                        break;
                    }
                }
                Some(Delimiter::Next(level)) => {
                    self.end_parts(start, level + 1);
                    if self.out.parts.len() >= MAX_PARTS {
                        self.out.limited = true;
                        self.stack.clear();
                        return;
                    }
                    at = self.read_part(next);
                }
                Some(Delimiter::Close(level)) => self.end_parts(start, level),
            }
        }
        self.out.unterminated |= !self.stack.is_empty();
        self.end_parts(self.raw.len(), 0);
    }

    fn read_part(&mut self, at: usize) -> usize {
        let default =
            if self.stack.last().is_some_and(|open| open.is_digest) { "message/rfc822" } else { "text/plain" };
        let rest = self.raw.get(at..).unwrap_or_default();
        let block = read_block(rest, PART_HEADERS, |line| self.delimiter(line).is_some());
        self.out.limited |= block.limited;
        let body = at + block.body;
        self.begin(PartInfo::read(&block.fields, default), body);
        body
    }

    fn delimiter(&self, line: &[u8]) -> Option<Delimiter> {
        let text = line.strip_prefix(b"--")?.trim_ascii_end();
        self.stack.iter().enumerate().rev().find_map(|(level, open)| {
            match text.strip_prefix(open.boundary.as_slice())? {
                b"" => Some(Delimiter::Next(level)),
                b"--" => Some(Delimiter::Close(level)),
                _ => None,
            }
        })
    }

    /// Ends the open leaf and all multiparts from `level` of the stack on, at the delimiter line that starts at `end`.
    fn end_parts(&mut self, end: usize, level: usize) {
        // The line break before a delimiter belongs to it (RFC 2046, section 5.1.1); at the end of the mail there is none.
        let before = self.raw.get(..end).unwrap_or_default();
        let stripped = if end < self.raw.len() {
            let without = before.strip_suffix(b"\n").unwrap_or(before);
            without.strip_suffix(b"\r").unwrap_or(without).len()
        } else {
            end
        };
        let close = |part: &mut Part| part.body.end = stripped.max(part.body.start);
        if let Some(part) = self.leaf.take().and_then(|leaf| self.out.parts.get_mut(leaf)) {
            close(part);
        }
        for open in self.stack.drain(level.min(self.stack.len())..) {
            if let Some(part) = self.out.parts.get_mut(open.part) {
                close(part);
                // A multipart without a single part: what stands there is text.
                if open.children == 0 {
                    part.is_leaf = true;
                    let words = self.raw.get(part.body.clone()).unwrap_or_default();
                    type_of_words(words).clone_into(&mut part.info.media_type);
                }
            }
        }
    }
}

/// The start of the first line at or after `at` (itself a line start) that begins with `--`.
fn next_dash_line(raw: &[u8], at: usize) -> Option<usize> {
    let rest = raw.get(at..)?;
    if rest.starts_with(b"--") {
        return Some(at);
    }
    DASHES.find(rest).map(|found| at + found + 1)
}

static DASHES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\n--"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::TOP_HEADERS;

    fn leaves(raw: &str) -> (Vec<(String, String)>, Structure) {
        let block = read_block(raw.as_bytes(), TOP_HEADERS, |_| false);
        let structure = read_structure(raw.as_bytes(), &block);
        let leaves = structure
            .parts
            .iter()
            .filter(|part| part.is_leaf)
            .map(|part| (part.info.media_type.clone(), raw[part.body.clone()].to_owned()))
            .collect();
        (leaves, structure)
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn nested_multiparts_with_prefixed_boundaries() {
        let raw = "Content-Type: multipart/mixed; boundary=a\n\npreamble\n--a\nContent-Type: multipart/alternative; \
                   boundary=\"aa\"\n\n--aa\n\nplain --a in a line\n--aaa\n--aa\nContent-Type: text/html\n\n<p>\n--aa--\n\
                   --a\nContent-Type: application/pdf; name=x.pdf\n\nPDF\n--a--\nepilogue\n";
        let (leaves, structure) = leaves(raw);
        assert_eq!(
            leaves,
            pairs(&[("text/plain", "plain --a in a line\n--aaa"), ("text/html", "<p>"), ("application/pdf", "PDF")])
        );
        assert!(!structure.limited && !structure.unterminated);
        assert_eq!(structure.parts.last().map(|p| p.parent), Some(Some((0, 1))));
    }

    #[test]
    fn an_attached_message_is_one_leaf() {
        let raw = "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: message/rfc822\n\nContent-Type: \
                   multipart/mixed; boundary=in\n\n--in\n\ninner\n--in--\n--out--\n";
        assert_eq!(leaves(raw).0.len(), 1);
    }

    #[test]
    fn missing_delimiters_lose_nothing() {
        let (found, structure) = leaves("Content-Type: multipart/mixed; boundary=x\n\njust text\n");
        assert_eq!(found, pairs(&[("text/plain", "just text\n")]));
        assert!(structure.unterminated);
        let (found, _) = leaves("Content-Type: multipart/mixed; boundary=x\n\n--x\n\ncut of");
        assert_eq!(found, pairs(&[("text/plain", "cut of")]));
        let (found, _) = leaves("Content-Type: multipart/mixed; boundary=x\n\n--x\nSubject: a\n--x\n\nb\n--x--");
        assert_eq!(found, pairs(&[("text/plain", ""), ("text/plain", "b")]));
    }
}
