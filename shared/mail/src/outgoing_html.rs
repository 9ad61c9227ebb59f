//! HTML that is to leave, written anew from the tree that a browser would build of it.
//!
//! An approver's page shows the very bytes that leave. So they have to look alike wherever they are read: what stays is
//! words, links and a part of CSS that can set them but not hide them; everything else is left out. Of that, what an author
//! or a reader would miss, or what could carry words past an approver, is refused by name.
//!
//! What is written is a fragment, and writing it again changes nothing.

mod style;
mod tree;

use std::{borrow::Cow, fmt::Write as _};

use self::{
    style::{Declaration, Effect, Size},
    tree::{Content, Tree},
};
use crate::{
    html::{Token, Tokenizer},
    sanitize::is_too_costly,
    unseen::{is_unseen, without_unseen},
    visibility::Visibility,
};

/// Findings named of each sort.
const MAX_FINDINGS: usize = 20;
/// Characters of a finding that are repeated.
const MAX_EXCERPT_CHARS: usize = 80;
/// Text smaller than this, in CSS pixels, is not read on a phone.
const LEAST_FONT_PX: f32 = 8.0;
/// Lines nearer to each other lie on each other, as a multiple of the font's size.
const LEAST_LINE_FACTOR: f32 = 0.8;
/// Contrast of text and background below which it is not seen (WCAG 2.2, contrast ratio; readable text has 4.5).
const LEAST_CONTRAST: f32 = 1.3;

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

/// Something that does not leave as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort of thing.
    pub kind: FindingKind,
    /// The thing itself, cut to some 80 characters.
    pub what: String,
}

actionlayer_domain::debug_without_content!(Finding);

/// Sorts of what does not leave as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// A comment, conditions of Outlook among them: some clients show what is in it.
    Comment,
    /// `style`, or a `link` to one.
    StyleSheet,
    /// An element that runs, embeds or loads something.
    ActiveElement,
    /// A form or a part of one: its values are words that no text has.
    FormElement,
    /// An element whose content some clients show and others do not.
    UncertainElement,
    /// Words that a reader would not see.
    HiddenText,
    /// A picture.
    Picture,
    /// A link that is none of `https`, `http`, `mailto` and `tel`.
    LinkTarget,
    /// More nesting or character references than a page has.
    TooComplex,
    /// A character that has no shape, or turns what stands beside it around.
    UnseenCharacter,
    /// A declaration of a style outside what mail may use.
    Style,
    /// An attribute without a place in mail.
    Attribute,
    /// An element without a place in mail; its content stays.
    Element,
}

impl FindingKind {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::StyleSheet => "style_sheet",
            Self::ActiveElement => "active_element",
            Self::FormElement => "form_element",
            Self::UncertainElement => "uncertain_element",
            Self::HiddenText => "hidden_text",
            Self::Picture => "picture",
            Self::LinkTarget => "link_target",
            Self::TooComplex => "too_complex",
            Self::UnseenCharacter => "unseen_character",
            Self::Style => "style",
            Self::Attribute => "attribute",
            Self::Element => "element",
        }
    }

    /// What is wrong with it, for its author.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Comment => "comments cannot be sent: some mail programs show what is in them",
            Self::StyleSheet => "style sheets cannot be sent: use `style` attributes",
            Self::ActiveElement => "elements that run, embed or load something cannot be sent",
            Self::FormElement => "forms and their parts cannot be sent",
            Self::UncertainElement => "some mail programs show what is in this element and others do not",
            Self::HiddenText => "a reader would not see this text",
            Self::Picture => "pictures cannot be sent in the body: attach them as files",
            Self::LinkTarget => "links must be https, http, mailto or tel",
            Self::TooComplex => "there is more nesting, or there are more character references, than a mail may have",
            Self::UnseenCharacter => "this character cannot be seen",
            Self::Style => "this declaration is not among those that mail may use",
            Self::Attribute => "this attribute has no effect in mail",
            Self::Element => "this element has no effect in mail; its content stays",
        }
    }
}

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

fn add(findings: &mut Vec<Finding>, kind: FindingKind, what: &str) {
    let text = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut excerpt: String = text.chars().filter(|c| !is_unseen(*c)).take(MAX_EXCERPT_CHARS).collect();
    if text.chars().nth(MAX_EXCERPT_CHARS).is_some() {
        excerpt.push('…');
    }
    let finding = Finding { kind, what: excerpt };
    if !findings.contains(&finding) && findings.iter().filter(|f| f.kind == kind).count() < MAX_FINDINGS {
        findings.push(finding);
    }
}

/// What could keep the text of an element from being read.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// `None` where the reader's program chooses.
    colour: Option<[u8; 3]>,
    background: [u8; 3],
    font_px: f32,
    line: Effect,
}

impl Look {
    const PAGE: Self =
        Self { colour: Some([0; 3]), background: [255; 3], font_px: 16.0, line: Effect::LineFactor(1.2) };

    fn with(mut self, declarations: &[Declaration]) -> Self {
        for declaration in declarations {
            match declaration.effect {
                Effect::None => {}
                Effect::Colour(colour) => self.colour = Some(colour),
                Effect::Background(background) => self.background = background,
                Effect::FontSize(Size::Px(px)) => self.font_px = px,
                Effect::FontSize(Size::Factor(factor)) => self.font_px *= factor,
                line @ (Effect::LineFactor(_) | Effect::LinePx(_)) => self.line = line,
            }
        }
        self
    }

    /// What an element's own look makes of it.
    fn of_element(mut self, name: &str) -> Self {
        self.font_px *= match name {
            "small" | "sub" | "sup" | "h5" => 0.83,
            "h6" => 0.67,
            "code" | "kbd" | "samp" | "tt" | "pre" => 0.82,
            _ => 1.0,
        };
        match name {
            "a" => self.colour = None,
            "mark" => (self.colour, self.background) = (Some([0; 3]), [255, 255, 0]),
            _ => {}
        }
        self
    }

    fn hides(&self) -> bool {
        let line = match self.line {
            Effect::LineFactor(factor) => factor,
            Effect::LinePx(px) => px / self.font_px.max(1.0),
            _ => 1.0,
        };
        self.font_px < LEAST_FONT_PX
            || line < LEAST_LINE_FACTOR
            || self.colour.is_some_and(|colour| contrast(colour, self.background) < LEAST_CONTRAST)
    }
}

/// The contrast ratio of WCAG 2.2.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f32 {
    fn luminance(rgb: [u8; 3]) -> f32 {
        let [r, g, b] = rgb.map(|channel| {
            let part = f32::from(channel) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What becomes of an element.
enum Fate {
    /// It is written.
    Stays,
    /// Its content is written, it is not.
    Unwrapped,
    /// It has no meaning in a mail, nor has its content.
    Gone,
    /// It goes with its content, and that is said.
    Refused(FindingKind),
    /// Its content stays, and that is said.
    Opened(FindingKind),
}

fn fate(name: &str) -> Fate {
    match name {
        _ if STAYING.contains(&name) => Fate::Stays,
        "html" | "head" | "body" | "time" | "nobr" | "bdi" | "data" | "nav" | "hgroup" | "search" | "acronym" => {
            Fate::Unwrapped
        }
        "meta" | "title" => Fate::Gone,
        "style" | "link" => Fate::Refused(FindingKind::StyleSheet),
        "script" | "iframe" | "frame" | "frameset" | "object" | "embed" | "applet" | "param" | "svg" | "math"
        | "video" | "audio" | "source" | "track" | "canvas" | "base" | "map" | "area" | "portal" | "bgsound"
        | "marquee" | "blink" => Fate::Refused(FindingKind::ActiveElement),
        "input" | "textarea" | "select" | "option" | "optgroup" | "datalist" | "output" | "progress" | "meter"
        | "selectedcontent" | "keygen" | "isindex" => Fate::Refused(FindingKind::FormElement),
        "form" | "fieldset" | "legend" | "label" | "button" => Fate::Opened(FindingKind::FormElement),
        "noscript" | "template" | "noembed" | "noframes" | "xmp" | "plaintext" | "listing" | "dialog" | "slot"
        | "details" | "summary" | "bdo" | "ruby" | "rp" | "rt" | "rtc" | "rb" => {
            Fate::Refused(FindingKind::UncertainElement)
        }
        _ => Fate::Opened(FindingKind::Element),
    }
}

fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "wbr" | "col" | "img")
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
        let Some(name) = STAYING.iter().copied().find(|staying| *staying == name) else { return };
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

/// Elements that are written.
const STAYING: [&str; 64] = [
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// `meta` that does more than describe.
fn is_active_meta(kind: &str) -> bool {
    !matches!(kind.trim().to_ascii_lowercase().as_str(), "content-type" | "x-ua-compatible" | "content-language")
}

/// Attributes without any effect on what is read, which nobody misses.
fn is_silent(key: &str) -> bool {
    matches!(
        key,
        "class" | "id" | "name" | "role" | "rel" | "target" | "title" | "summary" | "scope" | "datetime" | "face"
    ) || key.starts_with("data-")
        || key.starts_with("aria-")
        || key.starts_with("xml")
}

/// What becomes of an attribute.
enum Kept {
    Plain(&'static str, String),
    Style(String),
    Link(String),
    BadLink,
    Picture,
    Nothing,
}

impl Kept {
    fn of(element: &str, key: &str, value: &str) -> Self {
        let value = value.trim();
        let number = |key, least: u32, most: u32| match value.parse::<u32>() {
            Ok(n) if (least..=most).contains(&n) => Self::Plain(key, n.to_string()),
            _ => Self::Nothing,
        };
        let word = |key, words: &[&str]| {
            let value = value.to_ascii_lowercase();
            if words.contains(&value.as_str()) { Self::Plain(key, value) } else { Self::Nothing }
        };
        let is_cell = matches!(element, "td" | "th");
        match key {
            "style" => Self::Style(value.to_owned()),
            "href" if element == "a" => link_target(value).map_or(Self::BadLink, Self::Link),
            "background" | "src" | "srcset" | "poster" | "longdesc" | "lowsrc" | "dynsrc" => Self::Picture,
            "dir" => word("dir", &["ltr", "rtl", "auto"]),
            "lang"
                if (1..=35).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') =>
            {
                Self::Plain("lang", value.to_owned())
            }
            "align" => word("align", &["left", "right", "center", "justify"]),
            "valign" => word("valign", &["top", "middle", "bottom", "baseline"]),
            "colspan" if is_cell => number("colspan", 1, 100),
            "rowspan" if is_cell => number("rowspan", 1, 100),
            "span" if matches!(element, "col" | "colgroup") => number("span", 1, 100),
            "border" if element == "table" => number("border", 0, 20),
            "cellpadding" if element == "table" => number("cellpadding", 0, 50),
            "cellspacing" if element == "table" => number("cellspacing", 0, 50),
            "width" if is_cell || matches!(element, "table" | "col" | "hr") => {
                Self::Style(format!("width:{value}{}", if value.ends_with('%') { "" } else { "px" }))
            }
            "height" if is_cell || matches!(element, "table" | "tr") => Self::Style(format!("height:{value}px")),
            "start" if element == "ol" => number("start", 0, 1_000_000),
            "type" if element == "ol" => match value {
                "1" | "a" | "A" | "i" | "I" => Self::Plain("type", value.to_owned()),
                _ => Self::Nothing,
            },
            "bgcolor" => Self::Style(format!("background-color:{value}")),
            "color" if element == "span" => Self::Style(format!("color:{value}")),
            "text" if element == "div" => Self::Style(format!("color:{value}")),
            _ => Self::Nothing,
        }
    }
}

/// Where a link may lead.
fn link_target(value: &str) -> Option<String> {
    let value: String = value.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let (scheme, rest) = value.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let is_allowed = match scheme.as_str() {
        "http" | "https" => rest.starts_with("//") && rest.len() > 2,
        "mailto" | "tel" => !rest.is_empty(),
        _ => false,
    };
    (is_allowed && !rest.contains(|c: char| c.is_control() || is_unseen(c) || c == ' ' || c == '\\'))
        .then(|| format!("{scheme}:{rest}"))
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
