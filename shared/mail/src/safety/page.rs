//! What looks dangerous about a page, found while it is read.

use super::{hidden_characters::has_hidden_characters, link::is_mismatch};
use crate::{
    attribution::{is_block_under_rule, is_forward_marker},
    html::{Region, Tag},
};

/// Bytes of a link's text that are compared. Only what can name a host is; that is never long.
const MAX_SHOWN_BYTES: usize = 500;
/// Texts at the start of what is quoted that may say that it was forwarded.
const MAX_MARKERS: usize = 20;
/// Bytes kept of what stands under a rule, which may be the header block of a quoted mail.
const MAX_HEADER_BLOCK_BYTES: usize = 2_000;

/// What is found while a page is read.
#[derive(Default)]
pub(crate) struct PageInspection {
    signs: PageSigns,
    link: Option<Link>,
    /// Texts of what is quoted, read so far.
    quoted_texts: usize,
    /// The lines under a rule as Outlook draws it above its header block.
    under_rule: String,
    /// Below such a block, all was sent before.
    is_history: bool,
}

/// An open link.
struct Link {
    target: String,
    shown: String,
    is_quoted: bool,
}

/// What looks dangerous about a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PageSigns {
    new: Signs,
    quoted: Signs,
    /// Something is shown outside of what is quoted.
    says_more: bool,
    /// What is quoted says that it was forwarded.
    is_forward: bool,
}

/// What looks dangerous about a piece of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Signs {
    pub(super) hidden_text: bool,
    pub(super) link_mismatch: bool,
}

impl PageSigns {
    /// What counts. Of an answer, that is what its author wrote: what it quotes was sent by somebody else, and was
    /// looked at when it came. What was forwarded is news to the one who reads it.
    pub(super) fn of_mail(self, is_answer: impl FnOnce() -> bool) -> Signs {
        // What is quoted is asked about only when it has something to tell.
        if self.quoted == Signs::default() || (self.says_more && !self.is_forward && is_answer()) {
            return self.new;
        }
        Signs {
            hidden_text: self.new.hidden_text || self.quoted.hidden_text,
            link_mismatch: self.new.link_mismatch || self.quoted.link_mismatch,
        }
    }

    fn of(&mut self, is_quoted: bool) -> &mut Signs {
        if is_quoted { &mut self.quoted } else { &mut self.new }
    }
}

impl PageInspection {
    /// Takes the next text.
    pub(crate) fn text(&mut self, text: &str, is_visible: bool, region: Region) {
        if region == Region::Divider {
            self.note_under_rule(text);
        } else if !self.under_rule.is_empty() {
            self.end_header_block();
        }
        let is_quoted = self.is_history || matches!(region, Region::Quote | Region::History | Region::Rest);
        let hides = has_hidden_characters(text) || (!is_visible && has_words(text));
        self.signs.of(is_quoted).hidden_text |= hides;
        if !is_visible {
            return;
        }
        if let Some(link) = &mut self.link {
            link.is_quoted = is_quoted;
            if link.shown.len() < MAX_SHOWN_BYTES {
                link.shown.push_str(text);
            }
        }
        if is_quoted {
            if self.quoted_texts < MAX_MARKERS && has_words(text) {
                self.quoted_texts += 1;
                self.signs.is_forward |= is_forward_marker(text.trim());
            }
        } else if !matches!(region, Region::Attribution | Region::LeadIn | Region::Divider) {
            self.signs.says_more = self.signs.says_more || has_words(text);
        }
    }

    fn note_under_rule(&mut self, text: &str) {
        let text = text.trim();
        if self.under_rule.len() < MAX_HEADER_BLOCK_BYTES && text.len() < MAX_HEADER_BLOCK_BYTES && !text.is_empty() {
            // A label begins a line; it has an element of its own.
            self.under_rule.push(if text.ends_with([':', '：']) { '\n' } else { ' ' });
            self.under_rule.push_str(text);
        }
    }

    fn end_header_block(&mut self) {
        let block = std::mem::take(&mut self.under_rule);
        let lines: Vec<&str> = block.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        self.is_history |= is_block_under_rule(&lines);
    }

    /// Takes the next tag.
    pub(crate) fn tag(&mut self, tag: &Tag<'_>) {
        if tag.name == "a" {
            self.end_link();
            self.link = tag.attribute("href").filter(|_| !tag.is_end).map(|href| Link {
                target: href.to_owned(),
                shown: String::new(),
                is_quoted: false,
            });
        }
    }

    fn end_link(&mut self) {
        if let Some(Link { target, shown, is_quoted }) = self.link.take() {
            self.signs.of(is_quoted).link_mismatch |= is_mismatch(&target, &shown);
        }
    }

    /// Ends the page.
    pub(crate) fn finish(mut self) -> PageSigns {
        self.end_link();
        self.signs
    }
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}
