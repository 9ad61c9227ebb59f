//! Style sheets inside a mail: which rules meet an element, by what it is and by what stands around it.
//!
//! A selector of several compounds is followed compound by compound: an element that meets all but the last ones sets a
//! mark, and what is in it looks the mark up. So an element costs the same at any depth.

use std::collections::HashMap;

use super::{
    condition::holds_on_screens,
    declarations::Declarations,
    selector::{Combinator, Compound, Selector, Subject, split_list},
};

/// Bytes of style sheets read of one document.
const MAX_SHEET_BYTES: usize = 256 * 1024;
/// Rules kept.
const MAX_RULES: usize = 2_000;
/// Selectors read of one list.
const MAX_SELECTORS: usize = 50;
/// Rules, and beginnings of selectors, kept for one class, id or element name.
const MAX_OF_KEY: usize = 20;
/// Different beginnings of selectors followed, in words of 64.
const MARK_WORDS: usize = 4;

/// Which beginnings of selectors are met, a bit each.
#[derive(Debug, Clone, Copy, Default)]
struct Bits([u64; MARK_WORDS]);

impl Bits {
    const COUNT: usize = MARK_WORDS * 64;

    fn set(&mut self, bit: usize) {
        if let Some(word) = self.0.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    fn has(&self, bit: usize) -> bool {
        self.0.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}

/// The beginnings of selectors that an open element meets.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    /// With this element as their end.
    here: Bits,
    /// With it or an element around it.
    inside: Bits,
}

/// A mark that the element around must have.
type Around = Option<(Combinator, usize)>;

fn is_met(around: Around, marks: &Marks) -> bool {
    match around {
        None => true,
        Some((Combinator::Child, mark)) => marks.here.has(mark),
        Some((Combinator::Descendant, mark)) => marks.inside.has(mark),
    }
}

struct Rule {
    compound: Compound,
    around: Around,
    specificity: u32,
    /// The place in the document's sheets: of equal ones, later ones win.
    place: usize,
    declarations: Declarations,
    /// Its selector says more than is followed here: what it paints makes the colours unknown, nothing else counts.
    is_vague: bool,
}

/// The rules of one key.
#[derive(Default)]
struct Bucket {
    rules: Vec<Rule>,
    /// One that was left out paints: nothing is known of the colours but what the others say.
    lost_paint: bool,
}

impl Bucket {
    /// The newest are kept.
    fn push(&mut self, rule: Rule) {
        if self.rules.len() >= MAX_OF_KEY {
            self.lost_paint |= self.rules.remove(0).declarations.paints();
        }
        self.rules.push(rule);
    }
}

/// The beginning of a selector.
struct Step {
    compound: Compound,
    around: Around,
    mark: usize,
}

/// The rules of a document, by what their last compound asks for first: `.class`, `#id`, a name or `*`.
#[derive(Default)]
pub(super) struct StyleSheet {
    rules: HashMap<String, Bucket>,
    steps: HashMap<String, Vec<Step>>,
    count: usize,
    marks: usize,
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
            sheet.read(&without_comments_and_escapes(text.get(..cut).unwrap_or_default()));
            at = end;
        }
        sheet
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    fn read(&mut self, css: &str) {
        let mut rest = css;
        while let Some(open) = rest.find(['{', ';']) {
            let (selectors, after) = rest.split_at(open);
            // What closes here is an at-rule that holds: what stood in it was read.
            let selectors = selectors.trim_start_matches(|c: char| c == '}' || c.is_whitespace());
            let selectors = selectors.trim_start_matches("<!--").trim_start_matches("-->").trim();
            let body = after.get(1..).unwrap_or_default();
            if after.starts_with(';') {
                // `@import …;`
                rest = body;
                continue;
            }
            if selectors.starts_with('@') {
                rest = if holds_on_screens(selectors) {
                    body
                } else {
                    body.get(matching_brace(body) + 1..).unwrap_or_default()
                };
                continue;
            }
            let end = body.find('}').unwrap_or(body.len());
            let mut declarations = Declarations::default();
            declarations.read(body.get(..end).unwrap_or_default());
            for selector in split_list(selectors).take(MAX_SELECTORS) {
                if let Some(selector) = Selector::parse(selector) {
                    self.add(selector, &declarations);
                }
            }
            rest = body.get(end + 1..).unwrap_or_default();
        }
    }

    fn add(&mut self, mut selector: Selector, declarations: &Declarations) {
        if self.count >= MAX_RULES || (selector.is_vague && !declarations.paints()) {
            return;
        }
        let specificity = selector.specificity();
        let Some((combinator, compound)) = selector.compounds.pop() else { return };
        let mut is_vague = selector.is_vague;
        let mut around = None;
        if !is_vague {
            match self.follow(selector.compounds, combinator) {
                Some(followed) => around = followed,
                None if declarations.paints() => is_vague = true,
                None => return,
            }
        }
        let declarations = declarations.clone();
        let rule = Rule { compound, around, specificity, place: self.count, declarations, is_vague };
        self.rules.entry(rule.compound.key()).or_default().push(rule);
        self.count += 1;
    }

    /// What must stand around the last compound, which `combinator` leads to. `None` when there are too many marks.
    fn follow(&mut self, compounds: Vec<(Combinator, Compound)>, combinator: Combinator) -> Option<Around> {
        let mut last = None;
        for (combinator, compound) in compounds {
            let around = last.map(|mark| (combinator, mark));
            let steps = self.steps.entry(compound.key()).or_default();
            let known = steps.iter().find(|step| step.around == around && step.compound == compound);
            last = Some(match known {
                Some(step) => step.mark,
                None if self.marks < Bits::COUNT && steps.len() < MAX_OF_KEY => {
                    steps.push(Step { compound, around, mark: self.marks });
                    self.marks += 1;
                    self.marks - 1
                }
                None => return None,
            });
        }
        Some(last.map(|mark| (combinator, mark)))
    }

    /// Adds what the rules that meet an element declare, the weakest first. `around` are the marks of the element it is
    /// in; gives its own.
    pub(super) fn apply(&self, subject: &Subject<'_>, around: &Marks, declared: &mut Declarations) -> Marks {
        let mut met: Vec<&Rule> = Vec::new();
        let mut marks = Marks { here: Bits::default(), inside: around.inside };
        for key in subject.keys() {
            if let Some(bucket) = self.rules.get(&key) {
                met.extend(bucket.rules.iter().filter(|r| is_met(r.around, around) && r.compound.meets(subject)));
                if bucket.lost_paint {
                    declared.forget_colours();
                }
            }
            for step in self.steps.get(&key).into_iter().flatten() {
                if is_met(step.around, around) && step.compound.meets(subject) {
                    marks.here.set(step.mark);
                    marks.inside.set(step.mark);
                }
            }
        }
        met.sort_by_key(|rule| (rule.specificity, rule.place));
        for rule in met {
            if rule.is_vague {
                declared.forget_colours();
            } else {
                declared.merge(&rule.declarations);
            }
        }
        marks
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
