//! Style sheets inside a mail: the rules whose selector is one simple compound, which is what mail clients keep.

use std::collections::HashMap;

use super::declarations::Declarations;
use crate::html::Tag;

/// Bytes of style sheets read of one document.
const MAX_SHEET_BYTES: usize = 256 * 1024;
/// Rules kept.
const MAX_RULES: usize = 2_000;
/// Classes asked for of one element.
const MAX_CLASSES: usize = 20;
/// Rules kept for one class, id or element name.
const MAX_RULES_OF_KEY: usize = 20;

struct Rule {
    /// What else the element must be: its name, further classes.
    name: Option<String>,
    classes: Vec<String>,
    /// The place in the document's sheets: later ones win.
    place: usize,
    declarations: Declarations,
    /// Its selector says more than is followed here: what it paints makes the colours unknown, nothing else counts.
    is_vague: bool,
}

/// The rules of a document, by what their selector asks for first: `.class`, `#id`, a name or `*`.
#[derive(Default)]
pub(super) struct StyleSheet {
    rules: HashMap<String, Vec<Rule>>,
    count: usize,
}

impl StyleSheet {
    pub(super) fn of_document(html: &str) -> Self {
        let mut sheet = Self::default();
        let bytes = html.as_bytes();
        let mut at = 0;
        let mut room = MAX_SHEET_BYTES;
        while let Some(found) = memchr::memchr(b'<', bytes.get(at..).unwrap_or_default()) {
            at += found + 1;
            if !bytes.get(at..at + 5).is_some_and(|name| name.eq_ignore_ascii_case(b"style")) {
                continue;
            }
            let Some(start) = memchr::memchr(b'>', bytes.get(at..).unwrap_or_default()) else { break };
            let start = at + start + 1;
            let rest = bytes.get(start..).unwrap_or_default();
            let end = start + find_end_tag(rest);
            let text = html.get(start..end).unwrap_or_default();
            let mut cut = text.len().min(room);
            while !text.is_char_boundary(cut) {
                cut -= 1;
            }
            room -= cut;
            sheet.read(&without_comments_and_escapes(text.get(..cut).unwrap_or_default()), 0);
            at = end;
        }
        sheet
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Reads rules; `depth` counts the `@media` around them.
    fn read(&mut self, css: &str, depth: usize) {
        let mut rest = css;
        while let Some(open) = rest.find(['{', ';']) {
            let (selectors, after) = rest.split_at(open);
            let selectors = selectors.trim().trim_start_matches("<!--").trim_start_matches("-->").trim();
            if after.starts_with(';') {
                // `@import …;`
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            let body = after.get(1..).unwrap_or_default();
            if selectors.starts_with('@') {
                let end = matching_brace(body);
                let words = selectors.trim_start_matches("@media").trim();
                let everywhere =
                    selectors.starts_with("@media") && matches!(words, "" | "all" | "screen" | "only screen");
                if everywhere && depth == 0 {
                    self.read(body.get(..end).unwrap_or_default(), 1);
                }
                rest = body.get(end + 1..).unwrap_or_default();
                continue;
            }
            let end = body.find('}').unwrap_or(body.len());
            let mut declarations = Declarations::default();
            declarations.read(body.get(..end).unwrap_or_default());
            for selector in selectors.split(',').take(50) {
                self.add(selector.trim(), &declarations);
            }
            rest = body.get(end + 1..).unwrap_or_default();
        }
    }

    fn add(&mut self, selector: &str, declarations: &Declarations) {
        if self.count >= MAX_RULES || selector.is_empty() {
            return;
        }
        let compound = selector.split([' ', '>', '+', '~', '\n', '\t', '\r']).next_back().unwrap_or_default();
        let simple: &str = compound.split([':', '[']).next().unwrap_or_default();
        let is_vague = simple.len() != selector.len();
        if is_vague && !declarations.paints() {
            return;
        }
        let mut name = String::new();
        let mut classes = Vec::new();
        let mut id = None;
        let mut pieces = simple.split_inclusive(['.', '#']).peekable();
        let mut kind = ' ';
        while let Some(piece) = pieces.next() {
            let text = if pieces.peek().is_some() { piece.get(..piece.len() - 1).unwrap_or_default() } else { piece };
            match kind {
                '.' => classes.push(text.to_owned()),
                '#' => id = Some(text.to_owned()),
                _ => text.clone_into(&mut name),
            }
            kind = piece.chars().next_back().unwrap_or(' ');
        }
        let key = match (&id, classes.first()) {
            (Some(id), _) => format!("#{id}"),
            (None, Some(class)) => format!(".{class}"),
            (None, None) if name.is_empty() => "*".to_owned(),
            (None, None) => name.clone(),
        };
        let name = (!name.is_empty() && name != "*").then_some(name);
        let rules = self.rules.entry(key).or_default();
        if rules.len() >= MAX_RULES_OF_KEY {
            rules.remove(0);
        }
        rules.push(Rule { name, classes, place: self.count, declarations: declarations.clone(), is_vague });
        self.count += 1;
    }

    /// Adds what the rules that meet an element declare, in their order.
    pub(super) fn apply(&self, tag: &Tag<'_>, declared: &mut Declarations) {
        if self.rules.is_empty() {
            return;
        }
        let class = tag.attribute("class").unwrap_or_default().to_ascii_lowercase();
        let classes: Vec<&str> = class.split_whitespace().take(MAX_CLASSES).collect();
        let mut met: Vec<&Rule> = Vec::new();
        let mut ask = |key: &str| {
            let rules = self.rules.get(key).into_iter().flatten();
            met.extend(rules.filter(|rule| {
                rule.name.as_ref().is_none_or(|name| *name == tag.name)
                    && rule.classes.iter().all(|class| classes.contains(&class.as_str()))
            }));
        };
        ask("*");
        ask(tag.name.as_ref());
        for (at, class) in classes.iter().enumerate() {
            if !classes.iter().take(at).any(|earlier| earlier == class) {
                ask(&format!(".{class}"));
            }
        }
        if let Some(id) = tag.attribute("id") {
            ask(&format!("#{}", id.to_ascii_lowercase()));
        }
        met.sort_by_key(|rule| rule.place);
        for rule in met {
            if rule.is_vague {
                declared.forget_colours();
            } else {
                declared.merge(&rule.declarations);
            }
        }
    }
}

fn find_end_tag(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(rest.get(at..).unwrap_or_default(), b"</") {
        at += found;
        if rest.get(at + 2..at + 7).is_some_and(|name| name.eq_ignore_ascii_case(b"style")) {
            return at;
        }
        at += 2;
    }
    rest.len()
}

/// Where the brace that is already open is closed.
fn matching_brace(text: &str) -> usize {
    let mut depth = 1_usize;
    for (at, c) in text.bytes().enumerate() {
        match c {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// CSS in lower case, comments left out and escapes (`\6e`) resolved, so that nothing hides in them.
pub(super) fn without_comments_and_escapes(css: &str) -> String {
    if !css.contains(['\\']) && !css.contains("/*") {
        return css.to_ascii_lowercase();
    }
    let mut plain = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find(['\\', '/']) {
        let (before, special) = rest.split_at(at);
        plain.push_str(before);
        if let Some(comment) = special.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else if let Some(escape) = special.strip_prefix('\\') {
            let digits = escape.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
            let (hex, after) = escape.split_at(digits);
            plain.extend(u32::from_str_radix(hex, 16).ok().and_then(char::from_u32));
            // One blank after the digits belongs to them.
            rest = if digits > 0 { after.strip_prefix(' ').unwrap_or(after) } else { after };
        } else {
            plain.push('/');
            rest = special.get(1..).unwrap_or_default();
        }
    }
    plain.push_str(rest);
    plain.to_ascii_lowercase()
}
