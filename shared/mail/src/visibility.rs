//! Which text of an HTML document a reader sees, from what its elements and style sheets compute to.
//!
//! Elements are followed on a bounded stack. What is inherited is inherited as browsers do it: a text of size zero can
//! hold a readable one (mail templates do that everywhere), a text without display cannot. Colours are compared with
//! the background that shows through.

use std::borrow::Cow;

pub(crate) mod colour;
mod condition;
mod declarations;
mod length;
mod selector;
mod sheet;

use self::{
    colour::{Background, Colour},
    declarations::Declarations,
    selector::Subject,
    sheet::{Marks, StyleSheet},
};
use crate::html::Tag;

/// Elements followed; deeper ones are taken as the last that is followed.
const MAX_OPEN: usize = 512;

/// Text up to this size (in CSS pixels) cannot be read.
const UNREADABLE_PX: f32 = 2.0;

/// The lines of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    Tall,
    /// They have no height.
    Flat,
    /// They have none, and what runs over is cut off.
    Cut,
}

/// What becomes of the blanks and line breaks of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhiteSpace {
    /// Runs of them are one blank.
    Collapsed,
    /// Line breaks stay.
    Lines,
    /// All stay.
    Kept,
}

#[derive(Debug, Clone, Copy)]
struct Computed {
    /// Nothing inside can be seen, whatever it says.
    removed: bool,
    invisible: bool,
    unreadably_small: bool,
    lines: Lines,
    /// `None` when it cannot be known.
    colour: Option<Colour>,
    background: Background,
    white_space: WhiteSpace,
}

impl Computed {
    fn is_visible(&self) -> bool {
        let alike = match (self.colour, self.background) {
            (Some(colour), _) if colour.is_transparent() => true,
            (Some(colour), Background::Colour(background)) => colour.is_like(background),
            _ => false,
        };
        !(self.removed || self.invisible || self.unreadably_small || self.lines == Lines::Cut || alike)
    }
}

struct Element<'a> {
    name: Cow<'a, str>,
    computed: Computed,
    marks: Marks,
}

/// Follows the tags of a document and says what is seen where it stands.
pub(crate) struct Visibility<'a> {
    sheet: StyleSheet,
    open: Vec<Element<'a>>,
    /// Elements beyond [`MAX_OPEN`].
    beyond: usize,
    root: Computed,
    /// Of the `html` and `body` that need no tags.
    root_marks: Marks,
}

impl<'a> Visibility<'a> {
    /// `html` is read for its style sheets.
    pub(crate) fn new(html: &str) -> Self {
        let mut root = Computed {
            removed: false,
            invisible: false,
            unreadably_small: false,
            lines: Lines::Tall,
            colour: Some(Colour::BLACK),
            background: Background::Colour(Colour::WHITE),
            white_space: WhiteSpace::Collapsed,
        };
        let sheet = StyleSheet::of_document(html);
        let mut root_marks = Marks::default();
        for name in ["html", "body"].into_iter().filter(|_| !sheet.is_empty()) {
            let mut declared = Declarations::default();
            root_marks = sheet.apply(&Subject::implied(name), &root_marks, &mut declared);
            declared.compute(&mut root);
        }
        // What else is said of them counts where they stand.
        (root.removed, root.invisible, root.unreadably_small) = (false, false, false);
        Self { sheet, open: Vec::new(), beyond: 0, root, root_marks }
    }

    /// Whether text here is seen.
    pub(crate) fn is_visible(&self) -> bool {
        self.current().is_visible()
    }

    /// What becomes of the line breaks of text here.
    pub(crate) fn white_space(&self) -> WhiteSpace {
        self.current().white_space
    }

    fn current(&self) -> &Computed {
        self.open.last().map_or(&self.root, |element| &element.computed)
    }

    /// Takes the next tag.
    pub(crate) fn tag(&mut self, tag: &Tag<'a>) {
        if tag.is_void() {
            return;
        }
        if tag.is_end {
            self.close(&tag.name);
            return;
        }
        self.close_implied(&tag.name);
        if self.open.len() >= MAX_OPEN {
            self.beyond += 1;
            return;
        }
        let mut computed = *self.current();
        let mut marks = self.open.last().map_or(self.root_marks, |element| element.marks);
        if tag.has_attributes() || is_shut(tag) || !self.sheet.is_empty() {
            let mut declared = Declarations::default();
            declared.read_presentational(tag);
            if is_shut(tag) {
                declared.remove();
            }
            if !self.sheet.is_empty() {
                marks = self.sheet.apply(&Subject::of(tag), &marks, &mut declared);
            }
            if let Some(style) = tag.attribute("style") {
                declared.read(style);
            }
            declared.compute(&mut computed);
        }
        if matches!(tag.name.as_ref(), "body" | "html") && self.open.is_empty() {
            // What these paint is behind everything.
            self.root.background = computed.background;
        }
        self.open.push(Element { name: tag.name.clone(), computed, marks });
    }

    fn close(&mut self, name: &str) {
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        // A cell ends what was left open in it; what is open around a table is not closed from within it.
        let barrier = |open: &str| matches!(open, "td" | "th" | "table") && !is_table_part(name);
        for (at, element) in self.open.iter().enumerate().rev() {
            if element.name == name {
                self.open.truncate(at);
                return;
            }
            if barrier(&element.name) {
                return;
            }
        }
    }

    /// Ends the elements whose end tags may be left out (HTML standard, section 13.1.2.4).
    fn close_implied(&mut self, next: &str) {
        let ends: &[&str] = match next {
            "li" => &["li"],
            "dt" | "dd" => &["dt", "dd"],
            "tr" => &["td", "th", "tr"],
            "td" | "th" => &["td", "th"],
            "tbody" | "tfoot" | "thead" => &["td", "th", "tr", "tbody", "thead", "tfoot"],
            "option" | "optgroup" => &["option"],
            name if is_block(name) => &["p"],
            _ => return,
        };
        let scope = |name: &str| matches!(name, "table" | "ul" | "ol" | "dl" | "div" | "td" | "th" | "blockquote");
        let mut found = None;
        for (at, element) in self.open.iter().enumerate().rev() {
            if ends.contains(&element.name.as_ref()) {
                found = Some(at);
            } else if scope(&element.name) {
                break;
            }
        }
        if let Some(at) = found {
            self.open.truncate(at);
        }
    }
}

/// Whether it is an element that shows nothing by itself. What `details` folds away is one click off, and most clients
/// do not fold.
fn is_shut(tag: &Tag<'_>) -> bool {
    tag.name == "datalist" || (tag.name == "dialog" && tag.attribute("open").is_none())
}

fn is_table_part(name: &str) -> bool {
    matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th")
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "center"
            | "details"
            | "div"
            | "dl"
            | "fieldset"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "table"
            | "ul"
    )
}

#[cfg(test)]
mod tests;
