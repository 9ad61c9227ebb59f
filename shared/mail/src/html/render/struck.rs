//! Text that is struck out: a reader sees that it no longer holds.

use crate::html::Tag;

/// What stands around it, as in Markdown.
pub(super) const MARK: &str = "~~";

/// Follows the outermost element that strikes its text out.
#[derive(Default)]
pub(super) struct Struck {
    open: Option<Open>,
    /// Its mark was written, and has to be once more where it ends.
    pub(super) is_marked: bool,
}

struct Open {
    name: String,
    /// Elements of that name that are open.
    count: usize,
    /// Tables that are open within it.
    tables: usize,
}

impl Struck {
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes the next tag. Says whether a mark is due where the text stands.
    pub(super) fn tag(&mut self, tag: &Tag<'_>) -> bool {
        if tag.is_void() {
            return false;
        }
        let ends = self.open.as_mut().is_some_and(|open| open.is_ended_by(tag));
        let is_due = ends && std::mem::take(&mut self.is_marked);
        if ends {
            self.open = None;
        }
        if self.open.is_none() && !tag.is_end && strikes(tag) {
            self.open = Some(Open { name: tag.name.clone().into_owned(), count: 1, tables: 0 });
        }
        is_due
    }
}

impl Open {
    fn is_ended_by(&mut self, tag: &Tag<'_>) -> bool {
        let name = tag.name.as_ref();
        if !matches!(self.name.as_str(), "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th") {
            // A cell ends what was left open in it.
            match (name, tag.is_end) {
                ("td" | "th" | "tr", _) | ("table", true) if self.tables == 0 => return true,
                ("table", true) => self.tables -= 1,
                ("table", false) => self.tables += 1,
                _ => {}
            }
        }
        if tag.is_end {
            self.count -= usize::from(self.name == name);
            return self.count == 0;
        }
        // These end where the next begins (HTML standard, section 13.1.2.4).
        let is_implied = match self.name.as_str() {
            "p" => matches!(name, "p" | "div" | "ul" | "ol" | "table" | "blockquote" | "pre"),
            "li" | "td" | "th" | "tr" | "dt" | "dd" => self.count == 1 && self.name == name,
            _ => false,
        };
        self.count += usize::from(self.name == name);
        is_implied
    }
}

fn strikes(tag: &Tag<'_>) -> bool {
    matches!(tag.name.as_ref(), "s" | "strike" | "del")
        || tag.attribute("style").is_some_and(|style| style.to_ascii_lowercase().contains("line-through"))
}
