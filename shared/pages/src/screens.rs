//! The screens of the dashboard, as fragments: what stands between the frame's header and its footer.
//!
//! A screen is made from values that a use case gave and from what the visitor may do. Text that came by mail, or that an
//! agent wrote, is made legible and escaped; the HTML of a mail stands in a document of its own, see [`mail_frame`].

pub mod billing;
pub mod contacts;
pub mod deletion;
pub mod domains;
pub mod draft;
pub mod events;
pub mod export;
pub mod held;
pub mod identities;
pub mod inbox;
pub mod keys;
pub mod mail_frame;
pub mod parts;
pub mod review;
pub mod rule;
pub mod rule_form;
mod rule_words;
pub mod rules;
pub mod setup;
pub mod suppressions;
pub mod thread;
pub mod timeline;
pub mod usage;
pub mod webhook_delivery;
pub mod webhooks;
pub mod workspace;

pub use parts::{Access, Choice, Pager, Problem};

use askama::Template;

use crate::dashboard::{Frame, Section, render};

/// What stands between the frame's header and its footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// The title of the page, which is its one heading of the first level as well.
    pub title: String,
    /// The section it belongs to.
    pub section: Section,
    /// The markup.
    pub content: String,
}

#[derive(Template)]
#[template(path = "screens/screen.html")]
struct Framed<'a> {
    frame: Frame,
    title: &'a str,
    content: &'a str,
}

impl Screen {
    fn of(section: Section, title: impl Into<String>, content: &impl Template) -> Self {
        Self { title: title.into(), section, content: render(content) }
    }

    /// The whole page.
    pub fn within(&self, frame: Frame) -> String {
        render(&Framed { frame, title: &self.title, content: &self.content })
    }
}
