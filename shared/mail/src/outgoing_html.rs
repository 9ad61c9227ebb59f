//! HTML that is to leave, written anew from the tree that a browser would build of it.
//!
//! An approver's page shows the very bytes that leave. So they have to look alike wherever they are read: what stays is
//! words, links and a part of CSS that can set them but not hide them; everything else is left out. Of that, what an author
//! or a reader would miss, or what could carry words past an approver, is refused by name.
//!
//! What is written is a fragment, and writing it again changes nothing.

mod allowed;
mod finding;
mod look;
mod style;
mod tree;

use std::{borrow::Cow, fmt::Write as _};

pub use self::finding::{Finding, FindingKind};
use self::{
    allowed::{Fate, Kept, fate, is_active_meta, is_silent, is_void},
    finding::add,
    look::Look,
    style::Declaration,
    tree::{Content, Tree},
};
use crate::{
    html::{TEXT_ELEMENTS, Token, Tokenizer},
    sanitize::is_too_costly,
    unseen::{is_unseen, without_unseen},
    visibility::Visibility,
};

/// Whether pictures may be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// None: nobody can approve what a server shows later.
    Refused,
    /// From `https` addresses, each of them named in [`OutgoingHtml::pictures`]. For what an owner wrote.
    Listed,
}

/// What HTML became, and what it lost.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct OutgoingHtml {
    /// The fragment that may leave.
    pub html: String,
    /// Why it must not leave without its author's knowing: what was left out, or would not be seen.
    pub refused: Vec<Finding>,
    /// What was left out without harm.
    pub left_out: Vec<Finding>,
    /// Where its links lead, in order.
    pub links: Vec<OutgoingLink>,
    /// Where its pictures are loaded from.
    pub pictures: Vec<String>,
}

actionlayer_domain::debug_without_content!(OutgoingHtml);

/// A link that leaves.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingLink {
    /// The words it stands under.
    pub text: String,
    /// Where it leads.
    pub target: String,
}

actionlayer_domain::debug_without_content!(OutgoingLink);

/// `html` as it may leave.
pub fn outgoing_html(html: &str, pictures: Pictures) -> OutgoingHtml {
    if is_too_costly(html) {
        let mut out = OutgoingHtml { html: crate::text_to_html(&crate::html_to_text(html)), ..OutgoingHtml::default() };
        add(&mut out.refused, FindingKind::TooComplex, "");
        return out;
    }
    let mut out = written(html, pictures);
    hidden_by_style(html, &mut out.refused);
    // Browsers move what stands in the wrong place, and move some of that once more when they read what they wrote.
    for _ in 0..3 {
        let again = written(&out.html, pictures);
        if again.html == out.html {
            hidden_by_style(&out.html, &mut out.refused);
            return out;
        }
        let OutgoingHtml { html, refused, left_out: _, links, pictures } = again;
        (out.html, out.links, out.pictures) = (html, links, pictures);
        out.refused.extend(refused);
    }
    add(&mut out.refused, FindingKind::TooComplex, "");
    out.html = crate::text_to_html(&crate::html_to_text(&out.html));
    out
}

/// Names what is not seen by the rules that mail of strangers is looked at.
fn hidden_by_style(html: &str, refused: &mut Vec<Finding>) {
    let mut visibility = Visibility::new(html);
    for token in Tokenizer::new(html) {
        match token {
            Token::Text(text) if !visibility.is_visible() && !text.trim().is_empty() => {
                add(refused, FindingKind::HiddenText, &text);
            }
            Token::Text(_) => {}
            Token::Tag(tag) => visibility.tag(&tag),
        }
    }
}

/// A step of the way through the tree.
enum Step {
    Enter {
        node: usize,
        look: Look,
        in_link: bool,
    },
    /// Writes an end tag.
    Close(&'static str),
    /// Takes the text since then as that of a link.
    Link {
        target: String,
        start: usize,
    },
}

struct Writer<'a> {
    tree: &'a Tree,
    pictures: Pictures,
    out: OutgoingHtml,
    /// All text so far.
    text: String,
}

fn written(html: &str, pictures: Pictures) -> OutgoingHtml {
    let tree = Tree::of(html);
    let mut writer = Writer { tree: &tree, pictures, out: OutgoingHtml::default(), text: String::new() };
    let mut steps = vec![Step::Enter { node: 0, look: Look::PAGE, in_link: false }];
    while let Some(step) = steps.pop() {
        match step {
            Step::Enter { node, look, in_link } => writer.enter(node, look, in_link, &mut steps),
            Step::Close(name) => {
                let _ = write!(writer.out.html, "</{name}>");
            }
            Step::Link { target, start } => {
                let text = writer.text.get(start..).unwrap_or_default();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                writer.out.links.push(OutgoingLink { text, target });
            }
        }
    }
    writer.out
}

impl Writer<'_> {
    fn enter(&mut self, at: usize, look: Look, in_link: bool, steps: &mut Vec<Step>) {
        let Some(node) = self.tree.node(at) else { return };
        match &node.content {
            Content::Document => self.children(at, look, in_link, steps),
            Content::Comment(text) => add(&mut self.out.refused, FindingKind::Comment, text),
            Content::Text(text) => self.text(text, look),
            Content::Element { name, attributes } => {
                let local: &str = &name.local;
                let attribute =
                    |wanted: &str| attributes.iter().find(|a| &*a.name.local == wanted).map(|a| -> &str { &a.value });
                // Those of drawings and formulas have names of their own.
                let is_html = &*name.ns == "http://www.w3.org/1999/xhtml";
                match if is_html { fate(local) } else { Fate::Refused(FindingKind::ActiveElement) } {
                    _ if is_html && local == "img" => self.picture(&attribute),
                    _ if is_html && local == "font" => self.element("span", attributes, at, look, in_link, steps),
                    Fate::Gone if local == "meta" && attribute("http-equiv").is_some_and(is_active_meta) => {
                        add(&mut self.out.refused, FindingKind::ActiveElement, "meta");
                    }
                    Fate::Gone => {}
                    Fate::Refused(kind) => add(&mut self.out.refused, kind, local),
                    Fate::Opened(kind) => {
                        let findings =
                            if kind == FindingKind::Element { &mut self.out.left_out } else { &mut self.out.refused };
                        add(findings, kind, local);
                        self.children(at, look, in_link, steps);
                    }
                    // What is said of the whole page is said of what is in it.
                    Fate::Unwrapped if local == "body" && !attributes.is_empty() => {
                        self.element("div", attributes, at, look, in_link, steps);
                    }
                    Fate::Unwrapped => self.children(at, look, in_link, steps),
                    // A link in a link is made by moving things about; only the outer one counts.
                    Fate::Stays if local == "a" && in_link => self.children(at, look, in_link, steps),
                    Fate::Stays => self.element(local, attributes, at, look, in_link, steps),
                }
            }
        }
    }

    fn children(&self, at: usize, look: Look, in_link: bool, steps: &mut Vec<Step>) {
        steps.extend(self.tree.children(at).iter().rev().map(|node| Step::Enter { node: *node, look, in_link }));
    }

    fn element(
        &mut self,
        name: &str,
        attributes: &[html5ever::Attribute],
        at: usize,
        look: Look,
        in_link: bool,
        steps: &mut Vec<Step>,
    ) {
        let Some(name) = TEXT_ELEMENTS.iter().copied().find(|staying| *staying == name) else { return };
        let mut declarations = Vec::new();
        let mut plain: Vec<(&'static str, String)> = Vec::new();
        let mut target = None;
        for attribute in attributes {
            let (key, value): (&str, &str) = (&attribute.name.local, &attribute.value);
            match Kept::of(name, key, value) {
                Kept::Plain(key, value) => plain.push((key, value)),
                Kept::Style(style) => {
                    let left_out = &mut self.out.left_out;
                    let refused = &mut self.out.refused;
                    declarations.extend(style::read(name, &style, |text| {
                        if text.to_ascii_lowercase().contains("url(") {
                            add(refused, FindingKind::Picture, text);
                        } else {
                            add(left_out, FindingKind::Style, text);
                        }
                    }));
                }
                Kept::Link(link) => target = Some(link),
                Kept::BadLink => add(&mut self.out.refused, FindingKind::LinkTarget, value),
                Kept::Picture => add(&mut self.out.refused, FindingKind::Picture, value),
                Kept::Nothing if is_silent(key) => {}
                Kept::Nothing => add(&mut self.out.left_out, FindingKind::Attribute, key),
            }
        }
        let _ = write!(self.out.html, "<{name}");
        if let Some(target) = &target {
            self.attribute("href", target);
        }
        plain.sort_unstable();
        for (key, value) in &plain {
            self.attribute(key, value);
        }
        if !declarations.is_empty() {
            // Those of attributes come first, and the later ones count.
            let mut last: Vec<Declaration> = Vec::with_capacity(declarations.len());
            for declaration in declarations.iter().rev() {
                if last.iter().all(|later| later.property != declaration.property) {
                    last.insert(0, declaration.clone());
                }
            }
            declarations = last;
            self.attribute("style", &style::write(&declarations));
        }
        self.out.html.push('>');
        if is_void(name) {
            return;
        }
        if name == "pre"
            && let Some(Content::Text(text)) =
                self.tree.children(at).first().and_then(|first| self.tree.node(*first)).map(|first| &first.content)
            && text.starts_with('\n')
        {
            // Readers leave the first line break of a `pre` out.
            self.out.html.push('\n');
        }
        steps.push(Step::Close(name));
        let has_target = target.is_some();
        if let Some(target) = target {
            steps.push(Step::Link { target, start: self.text.len() });
        }
        let look = look.of_element(if name == "a" && !has_target { "span" } else { name }).with(&declarations);
        self.children(at, look, in_link || name == "a", steps);
    }

    fn attribute(&mut self, key: &str, value: &str) {
        let _ = write!(self.out.html, " {key}=\"{}\"", escaped(value, true));
    }

    fn text(&mut self, text: &str, look: Look) {
        let seen = without_unseen(text, |c| {
            add(&mut self.out.left_out, FindingKind::UnseenCharacter, &format!("U+{:04X}", u32::from(c)));
        });
        if look.hides() && !seen.trim().is_empty() {
            add(&mut self.out.refused, FindingKind::HiddenText, &seen);
        }
        self.text.push_str(&seen);
        self.out.html.push_str(&escaped(&seen, false));
    }

    fn picture<'t>(&mut self, attribute: &impl Fn(&str) -> Option<&'t str>) {
        let source = attribute("src").unwrap_or_default().trim();
        let is_remote = source.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        if self.pictures == Pictures::Refused || !is_remote || source.contains(char::is_whitespace) {
            add(&mut self.out.refused, FindingKind::Picture, source);
            return;
        }
        self.out.html.push_str("<img");
        self.attribute("src", source);
        let alternative: String = attribute("alt").unwrap_or_default().chars().filter(|c| !is_unseen(*c)).collect();
        self.attribute("alt", &alternative);
        for key in ["width", "height"] {
            if let Some(size) = attribute(key).and_then(|size| size.trim().parse::<u32>().ok()) {
                self.attribute(key, &size.clamp(1, 2_000).to_string());
            }
        }
        self.out.html.push('>');
        if !self.out.pictures.iter().any(|known| known == source) {
            self.out.pictures.push(source.to_owned());
        }
    }
}

/// Text as markup.
fn escaped(text: &str, is_attribute: bool) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\u{a0}', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            '\r' => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
