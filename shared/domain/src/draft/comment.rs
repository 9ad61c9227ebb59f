//! What approvers say about a draft without deciding about it.

use serde::{Deserialize, Serialize};

use super::{Actor, Draft};
use crate::{APPROVALS_LOCAL_PART, DomainName, DraftId, EmailAddress, Timestamp};

/// The most comments a draft keeps: the newest.
pub const MAX_COMMENTS: usize = 20;
/// The longest comment, in characters. Of a longer one the beginning is kept.
pub const MAX_COMMENT_CHARS: usize = 2_000;

/// What an approver answered to the mail that asked them. For whoever wrote the draft and for whoever decides: it decides
/// nothing itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    pub by: Actor,
    pub text: String,
    pub at: Timestamp,
}

debug_without_content!(Comment);

/// Where an approver's answer to a mail about the draft goes: an address no identity can have.
pub fn comments_address(draft_id: DraftId, domain: &DomainName) -> Option<EmailAddress> {
    format!("{APPROVALS_LOCAL_PART}+{draft_id}@{domain}").parse().ok()
}

/// The draft that mail to this address comments on, if it is such an address.
pub fn commented_draft(address: &EmailAddress) -> Option<DraftId> {
    let (mailbox, detail) = address.local_part().split_once('+')?;
    mailbox.eq_ignore_ascii_case(APPROVALS_LOCAL_PART).then(|| detail.to_ascii_lowercase().parse().ok()).flatten()
}

impl Draft {
    /// Keeps a comment, whatever was decided. The same words of the same person once: mail comes twice now and then.
    pub fn comment(&mut self, by: Actor, text: &str, now: Timestamp) {
        let text: String = text.chars().take(MAX_COMMENT_CHARS).collect();
        if self.comments.iter().any(|said| said.by == by && said.text == text) {
            return;
        }
        if self.comments.len() >= MAX_COMMENTS {
            self.comments.remove(0);
        }
        self.comments.push(Comment { by, text, at: now });
        self.caused_by_rule_id = None;
        self.updated_at = now;
    }
}
