//! Selectors of style sheets: compounds of names, classes, ids and attributes, and what stands around an element.

use std::cell::Cell;

use crate::html::Tag;

/// Compounds of one selector.
const MAX_COMPOUNDS: usize = 10;
/// Classes asked for of one element.
const MAX_CLASSES: usize = 20;
/// The longest value of an attribute that is compared.
const MAX_VALUE_BYTES: usize = 200;
/// Values of attributes compared of one element.
const MAX_COMPARED: usize = 100;

/// What an element itself must be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Compound {
    name: Option<String>,
    id: Option<String>,
    classes: Vec<String>,
    attributes: Vec<AttributeTest>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct AttributeTest {
    name: String,
    /// `=`, `~`, `|`, `^`, `$`, `*`, and the value; `None` when it is enough that it is there.
    value: Option<(char, String)>,
}

/// How the element before is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Combinator {
    Descendant,
    Child,
}

/// A selector, outermost compound first. The combinator of the first one says nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) compounds: Vec<(Combinator, Compound)>,
    /// It asks for more than is followed: pseudo-classes, neighbours.
    pub(super) is_vague: bool,
}

impl Selector {
    /// Reads one selector, in lower case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut selector = Self { compounds: Vec::new(), is_vague: false };
        let mut combinator = Combinator::Descendant;
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (compound, is_vague, after) = Compound::parse(rest)?;
            selector.is_vague |= is_vague;
            if selector.compounds.len() >= MAX_COMPOUNDS {
                return None;
            }
            selector.compounds.push((combinator, compound));
            let next = after.trim_start();
            combinator = if next.starts_with('>') { Combinator::Child } else { Combinator::Descendant };
            selector.is_vague |= next.starts_with(['+', '~']);
            rest = next.trim_start_matches(['>', '+', '~']).trim_start();
            if rest.len() == after.len() && !rest.is_empty() {
                // Nothing was taken by which the next one would begin.
                return None;
            }
        }
        (!selector.compounds.is_empty()).then_some(selector)
    }

    /// By identifiers, then classes and attributes, then names.
    pub(super) fn specificity(&self) -> u32 {
        let mut sum = 0_u32;
        for (_, compound) in &self.compounds {
            let small = |count: usize| u32::try_from(count.min(20)).unwrap_or(20);
            sum += small(usize::from(compound.id.is_some())) << 16;
            sum += small(compound.classes.len() + compound.attributes.len()) << 8;
            sum += small(usize::from(compound.name.is_some()));
        }
        sum
    }
}

impl Compound {
    /// Reads one compound off the start of `text`. Says whether it asks for more than is followed, and what is left.
    fn parse(text: &str) -> Option<(Self, bool, &str)> {
        let mut compound = Self::default();
        let mut is_vague = false;
        let name_end = end_of_name(text);
        let (name, mut rest) = text.split_at(name_end);
        let is_any = rest.starts_with('*') && name.is_empty();
        rest = if is_any { rest.get(1..)? } else { rest };
        compound.name = (!name.is_empty()).then(|| name.to_owned());
        while let Some(mark) = rest.chars().next() {
            let after = rest.get(mark.len_utf8()..)?;
            match mark {
                '.' | '#' => {
                    let (word, next) = after.split_at(end_of_name(after));
                    if word.is_empty() {
                        return None;
                    }
                    if mark == '.' {
                        compound.classes.push(word.to_owned());
                    } else {
                        compound.id = Some(word.to_owned());
                    }
                    rest = next;
                }
                '[' => {
                    let end = after.find(']')?;
                    compound.attributes.push(AttributeTest::parse(after.get(..end)?)?);
                    rest = after.get(end + 1..)?;
                }
                ':' => {
                    is_vague = true;
                    rest = after_pseudo(after);
                }
                _ => break,
            }
        }
        (is_any || rest.len() < text.len()).then_some((compound, is_vague, rest))
    }

    /// What to look the compound up by: an id, a class, a name, or `*`.
    pub(super) fn key(&self) -> String {
        match (&self.id, self.classes.first(), &self.name) {
            (Some(id), _, _) => format!("#{id}"),
            (None, Some(class), _) => format!(".{class}"),
            (None, None, Some(name)) => name.clone(),
            (None, None, None) => "*".to_owned(),
        }
    }

    pub(super) fn meets(&self, subject: &Subject<'_>) -> bool {
        self.name.as_ref().is_none_or(|name| name == subject.name)
            && self.id.as_ref().is_none_or(|id| subject.id.as_deref() == Some(id))
            && self.classes.iter().all(|class| subject.has_class(class))
            && self.attributes.iter().all(|test| test.meets(subject))
    }
}

impl AttributeTest {
    fn parse(text: &str) -> Option<Self> {
        let name = text.trim_start();
        let (name, rest) = name.split_at(end_of_name(name));
        if name.is_empty() {
            return None;
        }
        let rest = rest.trim();
        if rest.is_empty() {
            return Some(Self { name: name.to_owned(), value: None });
        }
        let (operator, value) = rest.split_once('=')?;
        let operator = operator.trim().chars().next().unwrap_or('=');
        let value = value.trim();
        let value = value.strip_suffix(" i").or_else(|| value.strip_suffix(" s")).unwrap_or(value).trim();
        let value = value.trim_matches(['"', '\'']).to_owned();
        Some(Self { name: name.to_owned(), value: Some((operator, value)) })
    }

    fn meets(&self, subject: &Subject<'_>) -> bool {
        let Some(found) = subject.tag.and_then(|tag| tag.attribute(&self.name)) else { return false };
        let Some((operator, wanted)) = &self.value else { return true };
        if found.len() > MAX_VALUE_BYTES || subject.compared.get() >= MAX_COMPARED {
            return false;
        }
        subject.compared.set(subject.compared.get() + 1);
        let found = found.to_ascii_lowercase();
        let wanted = wanted.as_str();
        match operator {
            '~' => found.split_whitespace().any(|word| word == wanted),
            '|' => found.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')),
            '^' => !wanted.is_empty() && found.starts_with(wanted),
            '$' => !wanted.is_empty() && found.ends_with(wanted),
            '*' => !wanted.is_empty() && found.contains(wanted),
            _ => found == wanted,
        }
    }
}

fn end_of_name(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii())).unwrap_or(text.len())
}

/// What follows a pseudo-class and its arguments.
fn after_pseudo(text: &str) -> &str {
    let text = text.trim_start_matches(':');
    let rest = text.get(end_of_name(text)..).unwrap_or_default();
    if !rest.starts_with('(') {
        return rest;
    }
    let mut depth = 0_usize;
    for (at, c) in rest.bytes().enumerate() {
        match c {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return rest.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}

/// Splits a list of selectors at the commas that are outside brackets.
pub(super) fn split_list(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    list.split(move |c: char| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

/// An element as selectors ask for it.
pub(super) struct Subject<'a> {
    name: &'a str,
    id: Option<String>,
    classes: Vec<String>,
    tag: Option<&'a Tag<'a>>,
    /// Values of attributes compared so far.
    compared: Cell<usize>,
}

impl<'a> Subject<'a> {
    pub(super) fn of(tag: &'a Tag<'a>) -> Self {
        let class = tag.attribute("class").unwrap_or_default();
        let mut classes: Vec<String> =
            class.split_whitespace().take(MAX_CLASSES).map(str::to_ascii_lowercase).collect();
        classes.sort_unstable();
        classes.dedup();
        Self {
            name: &tag.name,
            id: tag.attribute("id").map(str::to_ascii_lowercase),
            classes,
            tag: Some(tag),
            compared: Cell::new(0),
        }
    }

    /// An element that no tag opens: `html` and `body`.
    pub(super) const fn implied(name: &'a str) -> Self {
        Self { name, id: None, classes: Vec::new(), tag: None, compared: Cell::new(0) }
    }

    /// The keys under which what may meet it is found.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        let classes = self.classes.iter().map(|class| format!(".{class}"));
        let id = self.id.iter().map(|id| format!("#{id}"));
        ["*".to_owned(), self.name.to_owned()].into_iter().chain(classes).chain(id)
    }

    fn has_class(&self, class: &str) -> bool {
        self.classes.iter().any(|own| own == class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Option<(Vec<String>, bool)> {
        let selector = Selector::parse(text)?;
        let keys = selector.compounds.iter().map(|(combinator, compound)| {
            let sign = if *combinator == Combinator::Child { ">" } else { "" };
            format!("{sign}{}", compound.key())
        });
        Some((keys.collect(), selector.is_vague))
    }

    #[test]
    fn selectors_are_taken_apart() {
        for (text, keys, is_vague) in [
            (".a", &[".a"][..], false),
            ("td p", &["td", "p"], false),
            ("table>td > .x.y", &["table", ">td", ">.x"], false),
            ("#a b\n*", &["#a", "b", "*"], false),
            ("[data-x='a b'] p", &["*", "p"], false),
            ("u + .body .x", &["u", ".body", ".x"], true),
            ("a:not(.b, .c):hover em", &["a", "em"], true),
            ("p::first-line", &["p"], true),
        ] {
            let expected = keys.iter().map(|key| (*key).to_owned()).collect();
            assert_eq!(shape(text), Some((expected, is_vague)), "{text}");
        }
        for text in ["", "{", "p{", ".", "a..b", "[x", "a %b", "&"] {
            assert_eq!(shape(text), None, "{text}");
        }
        assert_eq!(split_list("a, b:is(c, d), [e=','] f").count(), 3);
    }
}
