//! HTML for people: the dashboard, the pages behind an approval link, and the reference of the API.
//!
//! **Job.** Turn values into whole pages: templates, the one style sheet, and what a page may do in a browser
//! ([`policy`]).
//!
//! **Invariants.** A page loads nothing from elsewhere; the pages behind an approval link load nothing and run no script,
//! the dashboard has one script, which nothing needs. Text that came in by mail, or that an agent
//! wrote, is escaped and made visible before it is shown.
//!
//! **Must never know.** HTTP servers, AWS, async, the clock. Values in, text out.

pub mod approval;
pub mod dashboard;
pub mod outcome;
pub mod policy;
pub mod reference;
pub mod screens;
pub mod sender;

#[cfg(test)]
#[path = "../../channels/src/sample.rs"]
mod sample;

#[cfg(test)]
use actionlayer_channels::{Proposal, Rivals};

/// The style sheet of every page, as [`policy`] knows its hash.
const STYLE: &str = include_str!("../templates/style.css");

/// Writing to a string cannot fail; should it ever, nobody may take the answer for a decision.
const UNRENDERABLE: &str = "<!doctype html><title>Not available</title><p>This page cannot be shown.</p>";

#[cfg(test)]
mod tests {
    /// How the frame begins: it may do nothing.
    pub(crate) const FRAME: &str =
        "<iframe title=\"The HTML version of the draft\" sandbox=\"\" srcdoc=\"&#60;!doctype html";

    pub(crate) fn assert_inert(page: &str) {
        for tag in ["<script", "<img", "<link", "</title><", "src=\"", "href="] {
            assert!(!page.contains(tag), "{tag}");
        }
        assert_eq!(page.matches("<iframe").count(), page.matches(FRAME).count(), "no frame but ours");
        assert!(page.contains(&format!("<style>{}</style>", super::STYLE)), "the style as it was hashed");
    }
}
