//! HTML to plain text that keeps what a reader sees: paragraphs, lists, tables, links, quotes.

mod struck;
mod table;

use self::{
    struck::{MARK, Struck},
    table::Tables,
};
use super::{
    Tag, Token, Tokenizer,
    region::{Region, Regions},
};
use crate::{
    line::{between_line_feeds, lines},
    safety::{PageInspection, PageSigns},
    visibility::{Visibility, WhiteSpace},
};

/// Quote marks and list indents shown at most; deeper nesting is flattened.
const MAX_NESTING: usize = 8;

/// What a reader sees of `html`, as text: paragraphs and line breaks kept, `- ` and `1. ` before list items, `> ` before
/// quotes, ` | ` between the cells of a table, the target of a link after its text, `~~` around what is struck out. Hidden elements, scripts and styles
/// are left out.
pub fn html_to_text(html: &str) -> String {
    Rendered::read(html).text()
}

/// The lines a reader sees, and what each is by the elements around it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rendered {
    out: String,
    /// One for each line of `out`.
    regions: Vec<Region>,
    /// Lines that are exactly `-- `.
    separators: Vec<usize>,
    has_picture: bool,
    /// What stands for pictures where text is not seen.
    unseen_alternatives: String,
    signs: PageSigns,
}

impl Rendered {
    pub(crate) fn read(html: &str) -> Self {
        let mut page = Page { out: String::with_capacity(html.len() / 2), ..Page::new(Visibility::new(html)) };
        for token in Tokenizer::new(html) {
            match token {
                Token::Text(text) => {
                    page.inspection.text(&text, page.visibility.is_visible(), page.regions.current());
                    page.text(&text);
                }
                Token::Tag(tag) => {
                    page.inspection.tag(&tag);
                    page.tag(&tag);
                }
            }
        }
        page.link_end();
        if page.struck.is_marked {
            page.out.push_str(MARK);
        }
        Self {
            out: page.out,
            regions: page.line_regions,
            separators: page.separators,
            has_picture: page.has_picture,
            unseen_alternatives: page.unseen_alternatives,
            signs: page.inspection.finish(),
        }
    }

    /// What looks dangerous about it.
    pub(crate) fn signs(&self) -> PageSigns {
        self.signs
    }

    /// The lines that are `-- `: their blank is not in [`Self::lines`].
    pub(crate) fn separators(&self) -> &[usize] {
        &self.separators
    }

    /// Whether there is a picture to see, which may have words of its own.
    pub(crate) fn has_picture(&self) -> bool {
        self.has_picture
    }

    /// The descriptions of pictures in places where text is not seen, a line each. Such a place may hold a picture that
    /// is: mail templates set the text around one to size zero.
    pub(crate) fn unseen_alternatives(&self) -> &str {
        &self.unseen_alternatives
    }

    /// Whether nothing is shown.
    pub(crate) fn is_empty(&self) -> bool {
        self.out.trim().is_empty()
    }

    /// The lines, without blanks at their ends.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&str, Region)> {
        between_line_feeds(&self.out).map(str::trim_end).zip(self.regions.iter().copied())
    }

    /// Whether `text` is what [`Self::text`] gives, but for empty lines.
    pub(crate) fn is_text(&self, text: &str) -> bool {
        let shown = self.lines().map(|(line, _)| line).filter(|line| !line.is_empty());
        shown.eq(lines(text).map(str::trim_end).filter(|line| !line.is_empty()))
    }

    /// The lines as one text, without empty ones at its ends.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(self.out.len());
        for (line, _) in self.lines() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        }
        text.truncate(text.trim_end_matches('\n').len());
        text
    }
}

struct Page<'a> {
    out: String,
    line_regions: Vec<Region>,
    separators: Vec<usize>,
    regions: Regions,
    visibility: Visibility<'a>,
    inspection: PageInspection,
    /// Line breaks due before the next text: 0, 1 or 2.
    breaks: usize,
    /// A blank is due before the next text of this line.
    space: bool,
    quote_depth: usize,
    /// The quote depth of the text written last.
    last_depth: usize,
    lists: Vec<Option<usize>>,
    /// List markers due before the next text.
    marker: Option<String>,
    tables: Tables,
    struck: Struck,
    has_picture: bool,
    unseen_alternatives: String,
    preformatted: usize,
    /// The target of the open link and where its text starts in `out`.
    link: Option<(String, usize)>,
}

impl<'a> Page<'a> {
    fn new(visibility: Visibility<'a>) -> Self {
        Self {
            out: String::new(),
            line_regions: Vec::new(),
            separators: Vec::new(),
            regions: Regions::default(),
            visibility,
            inspection: PageInspection::default(),
            breaks: 0,
            space: false,
            quote_depth: 0,
            last_depth: 0,
            lists: Vec::new(),
            marker: None,
            tables: Tables::default(),
            struck: Struck::default(),
            has_picture: false,
            unseen_alternatives: String::new(),
            preformatted: 0,
            link: None,
        }
    }

    fn text(&mut self, text: &str) {
        if !self.visibility.is_visible() {
            return;
        }
        if self.preformatted > 0 {
            for (i, line) in text.split('\n').enumerate() {
                if i > 0 {
                    self.line_break();
                }
                if !line.is_empty() {
                    self.push(line.trim_end_matches('\r'));
                }
            }
            return;
        }
        let white_space = self.visibility.white_space();
        if white_space != WhiteSpace::Collapsed && text.contains('\n') {
            for (i, line) in text.split('\n').enumerate() {
                if i > 0 {
                    self.line_break();
                }
                match white_space {
                    WhiteSpace::Kept if !line.trim().is_empty() => self.push(line.trim_end_matches('\r')),
                    _ => self.collapsed(line),
                }
            }
            return;
        }
        self.collapsed(text);
    }

    /// Writes text in which runs of blanks are one.
    fn collapsed(&mut self, text: &str) {
        if text.starts_with(|c: char| c.is_ascii_whitespace()) {
            self.space = true;
        }
        for word in text.split_ascii_whitespace() {
            if word.chars().all(|c| c == '\u{a0}') {
                // In a line of its own it keeps the line open; elsewhere it is a blank.
                self.breaks = if self.breaks > 0 { 2 } else { 0 };
            } else {
                self.push(word);
            }
            self.space = true;
        }
        self.space = text.ends_with(|c: char| c.is_ascii_whitespace()) || (text.is_empty() && self.space);
    }

    /// Writes visible text after whatever is due before it.
    fn push(&mut self, text: &str) {
        let region = self.regions.current();
        self.regions.text();
        let new_line = self.out.is_empty() || self.breaks > 0;
        if new_line && std::mem::take(&mut self.struck.is_marked) {
            // Every line has marks of its own.
            self.out.push_str(MARK);
        }
        if !self.out.is_empty() && self.breaks > 0 {
            self.out.push('\n');
            if self.breaks > 1 {
                // Between a quote and what is not, the line belongs to neither.
                let depth = self.last_depth.min(self.quote_depth);
                self.out.push_str(quote_prefix(depth).trim_end());
                self.out.push('\n');
                self.line_regions.push(region);
            }
        }
        let separator = self.tables.separator(new_line);
        if new_line {
            self.line_regions.push(region);
            self.out.push_str(quote_prefix(self.quote_depth));
            if let Some(marker) = self.marker.take() {
                let indent = self.lists.len().clamp(1, MAX_NESTING) - 1;
                self.out.extend(std::iter::repeat_n("  ", indent));
                self.out.push_str(&marker);
            }
            self.out.extend(std::iter::repeat_n("| ", separator));
        } else {
            if separator > 0 {
                self.out.extend(std::iter::repeat_n(" |", separator));
                self.space = true;
            }
            if self.space && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
            if let Some(line) = self.line_regions.last_mut().filter(|_| region == Region::New) {
                *line = region;
            }
        }
        if self.struck.is_open() && !self.struck.is_marked {
            self.out.push_str(MARK);
            self.struck.is_marked = true;
        }
        self.breaks = 0;
        self.space = false;
        self.last_depth = self.quote_depth;
        // A blank that must not break is still a blank to a reader of text.
        let mut rest = text;
        while !rest.is_ascii()
            && let Some(at) = rest.find('\u{a0}')
        {
            self.out.push_str(&rest[..at]);
            self.out.push(' ');
            rest = &rest[at + '\u{a0}'.len_utf8()..];
        }
        self.out.push_str(rest);
    }

    /// Notes a `-- ` that ends here: as a line, its blank is gone.
    fn note_separator(&mut self) {
        let ends =
            |line: &str| self.out.strip_suffix(line).is_some_and(|before| before.is_empty() || before.ends_with('\n'));
        if self.breaks == 0 && (ends("-- ") || (self.space && ends("--"))) {
            self.separators.push(self.line_regions.len().saturating_sub(1));
        }
    }

    fn line_break(&mut self) {
        self.note_separator();
        self.breaks = (self.breaks + 1).min(2);
        self.space = false;
    }

    fn block(&mut self, breaks: usize) {
        self.note_separator();
        // A paragraph in a cell of a table of data does not tear the row apart.
        let breaks = match self.tables.is_at_start_of_cell() {
            Some(true) => 0,
            Some(false) => breaks.min(1),
            None => breaks,
        };
        self.breaks = self.breaks.max(breaks);
        self.space = false;
    }

    fn tag(&mut self, tag: &Tag<'a>) {
        self.visibility.tag(tag);
        self.regions.tag(tag);
        if self.struck.tag(tag) {
            self.out.push_str(MARK);
        }
        // Elements keep their shape when they are not seen: what they hold may be.
        if matches!(tag.name.as_ref(), "br" | "hr" | "img") && !self.visibility.is_visible() {
            if let Some(alternative) = tag.attribute("alt").filter(|_| tag.name == "img") {
                self.unseen_alternatives.push_str(alternative);
                self.unseen_alternatives.push('\n');
            }
            return;
        }
        match (tag.name.as_ref(), tag.is_end) {
            ("br", _) => self.line_break(),
            ("p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6", _) => self.block(2),
            (
                "div" | "section" | "article" | "header" | "footer" | "main" | "nav" | "aside" | "dt" | "dd"
                | "address" | "center" | "form" | "fieldset" | "figure" | "figcaption" | "caption",
                _,
            ) => self.block(1),
            ("table", end) => {
                if end {
                    let is_data = self.tables.close();
                    self.block(if is_data { 2 } else { 1 });
                } else {
                    self.block(1);
                    self.tables.open(tag);
                }
            }
            ("tr", end) => {
                self.tables.row(end);
                self.block(1);
            }
            ("td" | "th", false) => {
                if self.tables.cell(tag.name == "th") {
                    // The row goes on in its line.
                    self.breaks = 0;
                }
                self.space = true;
            }
            ("hr", _) => {
                self.block(1);
                self.push("---");
                self.block(1);
            }
            ("pre", end) => {
                self.block(2);
                self.preformatted = if end { self.preformatted.saturating_sub(1) } else { self.preformatted + 1 };
            }
            ("blockquote", end) => {
                self.block(if self.quote_depth == 0 { 2 } else { 1 });
                self.quote_depth = if end { self.quote_depth.saturating_sub(1) } else { self.quote_depth + 1 };
                if end {
                    self.block(if self.quote_depth == 0 { 2 } else { 1 });
                }
            }
            ("ul" | "ol" | "menu", end) => self.list(tag, end),
            ("li", false) => self.item(),
            ("li", true) => self.block(1),
            ("a", false) => self.link_start(tag),
            ("a", true) => self.link_end(),
            ("img", _) => {
                let is_dot = |name| tag.attribute(name).is_some_and(|size| matches!(size.trim(), "0" | "1" | "2"));
                self.has_picture |= !is_dot("width") && !is_dot("height");
                if let Some(alt) = tag.attribute("alt").map(str::trim).filter(|alt| !alt.is_empty()) {
                    self.space = true;
                    self.text(alt);
                    self.space = true;
                }
            }
            _ => {}
        }
    }

    fn list(&mut self, tag: &Tag<'_>, end: bool) {
        if end {
            self.lists.pop();
        } else if self.lists.len() < 1_000 {
            let start = tag.attribute("start").and_then(|start| start.trim().parse::<usize>().ok());
            let before_first = start.map_or(0, |start| start.min(1_000_000).saturating_sub(1));
            self.lists.push((tag.name == "ol").then_some(before_first));
        }
        self.block(if self.lists.len() <= usize::from(!end) { 2 } else { 1 });
    }

    fn item(&mut self) {
        self.block(1);
        self.marker = Some(match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{number}. ")
            }
            _ => "- ".to_owned(),
        });
    }

    fn link_start(&mut self, tag: &Tag<'_>) {
        self.link_end();
        let target = tag.attribute("href").map(str::trim).unwrap_or_default();
        if ["http://", "https://", "mailto:", "tel:"]
            .iter()
            .any(|scheme| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        {
            self.link = Some((target.to_owned(), self.out.len()));
        }
    }

    fn link_end(&mut self) {
        let Some((target, start)) = self.link.take() else { return };
        let text = self.out.get(start..).unwrap_or_default().trim();
        let bare = target.strip_prefix("mailto:").or_else(|| target.strip_prefix("tel:")).unwrap_or(&target);
        let same = |text: &str| text.trim_end_matches('/').eq_ignore_ascii_case(bare.trim_end_matches('/'));
        if text.is_empty()
            || same(text)
            || bare.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/') == text)
        {
            return;
        }
        self.space = true;
        self.push(&format!("<{}>", bare.replace(char::is_whitespace, "")));
    }
}

const QUOTE_MARKS: &str = "> > > > > > > > ";

fn quote_prefix(depth: usize) -> &'static str {
    &QUOTE_MARKS[..2 * depth.min(MAX_NESTING)]
}

#[cfg(test)]
mod tests;
