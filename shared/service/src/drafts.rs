//! Drafts: what an agent wants to send, until it is on its way.

pub mod draft_context;
pub mod edit_draft;
pub mod preview_html;
pub mod read_drafts;
pub mod review_draft;
pub mod send_draft;
pub mod submit_draft;
