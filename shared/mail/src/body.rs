//! Which parts are the text of a mail, and which are its files (after RFC 8621, section 4.1.4).

use crate::{
    charset,
    html::{Rendered, html_to_text, text_to_html},
    limits::MAX_TEXT_BYTES,
    structure::{Disposition, Flow, Part, Structure},
    uuencode::{self, UuFile},
};

/// The text of a mail.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    /// The HTML as a reader sees it.
    pub(crate) page: Option<Rendered>,
    /// There was more of it than is read.
    pub(crate) limited: bool,
    /// There were files in it, which are left out.
    pub(crate) has_files: bool,
}

/// Where a piece of the text comes from.
enum TextPiece {
    Plain(String),
    /// The HTML of this number has no text beside it.
    OfHtml(usize),
}

/// Indices of the parts that are attachments, in order.
pub(crate) fn attachments(structure: &Structure) -> impl Iterator<Item = usize> {
    let parts = &structure.parts;
    let is_file = |part: &Part| part.is_leaf && !is_shown_text(part, parts) && !is_amp(part, parts);
    parts.iter().enumerate().filter(move |(_, part)| is_file(part)).map(|(index, _)| index)
}

/// The mail once more, as a page that runs in some mailboxes or is for watches: an alternative to the text, and no file.
fn is_amp(part: &Part, parts: &[Part]) -> bool {
    let is_page = matches!(part.info.media_type.as_str(), "text/x-amp-html" | "text/watch-html");
    is_page && container(part, parts) == "multipart/alternative"
}

/// The type of the multipart a part stands in; empty when it stands in none.
fn container<'a>(part: &Part, parts: &'a [Part]) -> &'a str {
    let parent = part.parent.and_then(|(parent, _)| parts.get(parent));
    parent.map(|parent| parent.info.media_type.as_str()).unwrap_or_default()
}

/// The files between `begin` and `end` in the texts of a mail, as Outlook and old scripts put them there.
pub(crate) fn files_in_texts<'a>(raw: &'a [u8], structure: &'a Structure) -> impl Iterator<Item = UuFile> + 'a {
    let is_text =
        |part: &&Part| part.is_leaf && part.info.media_type == "text/plain" && is_shown_text(part, &structure.parts);
    let files = |part: &'a Part| {
        let content = part.content(raw);
        let found: Vec<UuFile> = uuencode::find_all(&content).collect();
        found
    };
    structure.parts.iter().filter(is_text).flat_map(files)
}

/// Reads the bodies of `structure` out of `raw`.
pub(crate) fn read_bodies(raw: &[u8], structure: &Structure) -> Bodies {
    let parts = &structure.parts;
    let alternatives = outermost_alternatives(parts);
    // What each multipart/alternative offers.
    let mut offers: Vec<(bool, bool)> = vec![(false, false); parts.len()];
    let mut leaves = Vec::new();
    let mut bodies = Bodies::default();
    let mut room = MAX_TEXT_BYTES;
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| part.is_leaf && is_shown_text(part, parts)) {
        let whole = raw.get(part.body.clone()).unwrap_or_default();
        let is_plain = part.info.media_type == "text/plain";
        let decoded = if is_plain || whole.len() <= room { Some(part.content(raw)) } else { None };
        let words = decoded.as_deref().filter(|_| is_plain).and_then(uuencode::without_files);
        bodies.has_files |= words.is_some();
        let content = match (words, decoded) {
            (Some(words), _) => {
                let kept = words.get(..room).unwrap_or(&words);
                bodies.limited |= kept.len() < words.len();
                room -= kept.len();
                read_text(kept, part)
            }
            (None, Some(decoded)) if whole.len() <= room => {
                room -= whole.len();
                read_text(&decoded, part)
            }
            _ => {
                bodies.limited = true;
                let kept = whole.get(..std::mem::take(&mut room)).unwrap_or(whole);
                read_text(&part.info.encoding.decode(kept), part)
            }
        };
        let is_html = part.info.media_type == "text/html";
        if let Some(offer) = alternatives.get(index).copied().flatten().and_then(|a| offers.get_mut(a)) {
            // An alternative without any words is no alternative.
            let (plain, html) = offer;
            *plain |= !is_html && !content.trim().is_empty();
            *html |= is_html && !content.trim().is_empty();
        }
        leaves.push((index, is_html, content));
    }
    let mut text: Vec<TextPiece> = Vec::new();
    let mut html: Vec<String> = Vec::new();
    let any_html = leaves.iter().any(|(_, is_html, content)| *is_html && !content.trim().is_empty());
    for (index, is_html, content) in leaves.into_iter().filter(|(_, _, content)| !content.trim().is_empty()) {
        let offer = alternatives.get(index).copied().flatten().and_then(|a| offers.get(a)).copied();
        let (for_text, for_html) = match offer {
            None => (true, true),
            Some((plain, html)) => (!is_html || !plain, is_html || !html),
        };
        match (is_html, for_html && any_html) {
            (true, _) => {
                if for_text {
                    text.push(TextPiece::OfHtml(html.len()));
                }
                html.push(content);
            }
            (false, true) => {
                html.push(text_to_html(&content));
                text.push(TextPiece::Plain(content));
            }
            (false, false) => text.push(TextPiece::Plain(content)),
        }
    }
    // The usual mail has one HTML: it is read once.
    let only = if html.len() == 1 { html.first().map(|html| Rendered::read(html)) } else { None };
    let pieces: Vec<String> = text
        .into_iter()
        .map(|piece| match (piece, &only) {
            (TextPiece::Plain(text), _) => text,
            (TextPiece::OfHtml(_), Some(page)) => page.text(),
            (TextPiece::OfHtml(index), None) => html.get(index).map(|html| html_to_text(html)).unwrap_or_default(),
        })
        .filter(|piece| !piece.trim().is_empty())
        .collect();
    bodies.text = match <[String; 1]>::try_from(pieces) {
        Ok([text]) => text,
        Err(pieces) => pieces.join("\n\n"),
    };
    bodies.html = (!html.is_empty()).then(|| html.join("\n"));
    bodies.page = only.or_else(|| bodies.html.as_deref().map(Rendered::read));
    bodies
}

/// For every part, the outermost multipart/alternative around it.
fn outermost_alternatives(parts: &[Part]) -> Vec<Option<usize>> {
    let mut outermost: Vec<Option<usize>> = Vec::with_capacity(parts.len());
    for part in parts {
        let around = part.parent.and_then(|(parent, _)| {
            let further = outermost.get(parent).copied().flatten();
            let is_alternative = parts.get(parent).is_some_and(|p| p.info.media_type == "multipart/alternative");
            further.or_else(|| is_alternative.then_some(parent))
        });
        outermost.push(around);
    }
    outermost
}

fn is_shown_text(part: &Part, parts: &[Part]) -> bool {
    let media_type = part.info.media_type.as_str();
    if part.info.disposition == Disposition::Attachment || !media_type.starts_with("text/") {
        return false;
    }
    let container = container(part, parts);
    let is_first = part.parent.is_none_or(|(_, place)| place == 0);
    if !matches!(media_type, "text/plain" | "text/html") && !is_readable(part, is_first, parts) {
        return false;
    }
    match container {
        "multipart/related" => part.is_root,
        // The second text of a report is the returned mail or its headers.
        "multipart/report" => is_first,
        _ => is_first || part.info.filename.is_none(),
    }
}

/// Whether a text of another kind is read as plain text (RFC 2046, section 4.1.4): when nothing says that it is a file, and
/// it is the mail, or of a kind that people write in.
fn is_readable(part: &Part, is_first: bool, parts: &[Part]) -> bool {
    let subtype = part.info.media_type.strip_prefix("text/").unwrap_or_default();
    let is_prose = matches!(subtype, "markdown" | "x-markdown" | "enriched" | "richtext" | "asciidoc" | "x-org");
    let is_record = matches!(
        subtype,
        "calendar"
            | "x-vcalendar"
            | "vcard"
            | "x-vcard"
            | "directory"
            | "x-amp-html"
            | "watch-html"
            | "rfc822-headers"
            | "css"
            | "javascript"
            | "x-moz-deleted"
            | "rtf"
    );
    let has_plain = || {
        let is_beside = |other: &&Part| other.parent.map(|p| p.0) == part.parent.map(|p| p.0);
        let mut beside = parts.iter().filter(is_beside);
        beside.any(|other| other.info.media_type == "text/plain")
    };
    part.info.filename.is_none()
        && !is_record
        && (is_prose || is_first)
        && !(container(part, parts) == "multipart/alternative" && has_plain())
}

fn read_text(decoded: &[u8], part: &Part) -> String {
    let is_html = part.info.media_type == "text/html";
    let said_inside = if is_html && part.info.charset.is_none() { charset::of_page(decoded) } else { None };
    let label = part.info.charset.as_deref().or(said_inside.as_deref());
    let mut text = with_plain_line_breaks(charset::decode(decoded, label));
    if matches!(part.info.media_type.as_str(), "text/enriched" | "text/richtext") {
        text = without_enrichment(&text);
    }
    if part.info.flow != Flow::Fixed && part.info.media_type == "text/plain" {
        text = unflow(&text, part.info.flow == Flow::FlowedWithoutSpace);
    }
    text
}

/// `text` with `\n` as its only line break, and without NUL.
fn with_plain_line_breaks(text: String) -> String {
    let next = |rest: &str| memchr::memchr2(b'\r', b'\0', rest.as_bytes());
    if next(&text).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = next(rest) {
        let (line, end) = rest.split_at(at);
        out.push_str(line);
        rest = match end.strip_prefix('\r') {
            Some(after) => {
                out.push('\n');
                after.strip_prefix('\n').unwrap_or(after)
            }
            None => &end[1..],
        };
    }
    out.push_str(rest);
    out
}

/// The words of enriched text (RFC 1896) without its commands; `<<` is a `<`.
fn without_enrichment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut hidden = false;
    while let Some(at) = rest.find('<') {
        let (words, command) = rest.split_at(at);
        if !hidden {
            out.push_str(words);
        }
        if let Some(after) = command.strip_prefix("<<") {
            out.push('<');
            rest = after;
            continue;
        }
        let Some((name, after)) = command.split_once('>') else {
            rest = command;
            break;
        };
        // What stands in a parameter is no text: a colour, a language.
        match name.to_ascii_lowercase().as_str() {
            "<param" => hidden = true,
            "</param" => hidden = false,
            "<nl" => out.push('\n'),
            "<lt" => out.push('<'),
            _ => {}
        }
        rest = after;
    }
    if !hidden {
        out.push_str(rest);
    }
    out
}

/// Joins the lines of format=flowed text (RFC 3676, section 4).
fn unflow(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open_depth = None;
    for line in text.split('\n') {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let content = line.get(depth..).unwrap_or_default();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        let goes_on = open_depth == Some(depth) && !is_signature;
        if !goes_on {
            if open_depth.is_some() {
                out.push('\n');
            }
            if depth > 0 {
                out.push_str(&">".repeat(depth));
                out.push(' ');
            }
        }
        let flows = content.ends_with(' ') && !is_signature;
        if flows {
            out.push_str(if delete_space { content.strip_suffix(' ').unwrap_or(content) } else { content });
            open_depth = Some(depth);
        } else {
            out.push_str(content);
            out.push('\n');
            open_depth = None;
        }
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_of_every_kind() {
        for (text, plain) in [("a\r\nb", "a\nb"), ("a\rb\r\r\n\0", "a\nb\n\n"), ("\r\0\nä", "\n\nä"), ("a\n", "a\n")]
        {
            assert_eq!(with_plain_line_breaks(text.to_owned()), plain, "{text:?}");
        }
    }

    #[test]
    fn enriched_text_is_read_without_its_commands() {
        for (text, words) in [
            ("<bold>Two</bold> chairs, <color><param>red</param>please</color>.", "Two chairs, please."),
            ("a << b and c > d", "a < b and c > d"),
            ("open <bold", "open <bold"),
            ("", ""),
        ] {
            assert_eq!(without_enrichment(text), words, "{text:?}");
        }
    }

    #[test]
    fn flowed_lines_join_at_their_own_depth() {
        let text = "one \ntwo\n\n> quoted \n> more\n>> deeper\nfree \n> not joined\n-- \nme";
        assert_eq!(unflow(text, false), "one two\n\n> quoted more\n>> deeper\nfree \n> not joined\n-- \nme");
        assert_eq!(unflow("ab \ncd", true), "abcd");
        assert_eq!(unflow("", false), "");
        assert_eq!(unflow(" > stuffed", false), "> stuffed");
    }
}
