//! What looks dangerous about a mail.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something dangerous-looking about a mail, found without any model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SafetyFlag {
    /// Text a person would not see.
    HiddenText,
    /// A link whose text names another host than it leads to.
    LinkMismatch,
    /// A sender domain that looks like one we know.
    LookalikeDomain,
    /// Replies go to another domain than the author's.
    ReplyToDiffers,
    /// Neither SPF, DKIM nor DMARC passed.
    Unauthenticated,
    /// A file that runs when opened.
    ExecutableAttachment,
    /// It names more than one author: whom it was said to be from depends on who reads it.
    SeveralAuthors,
    /// It cites a mail of a conversation that nobody in it takes part in: its author may have seen that mail elsewhere.
    NewParticipant,
    /// It carried a link that decides about a draft, or signs somebody in: the link was taken out, and its source is not shown.
    ApprovalLink,
}

impl SafetyFlag {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HiddenText => "hidden_text",
            Self::LinkMismatch => "link_mismatch",
            Self::LookalikeDomain => "lookalike_domain",
            Self::ReplyToDiffers => "reply_to_differs",
            Self::Unauthenticated => "unauthenticated",
            Self::ExecutableAttachment => "executable_attachment",
            Self::SeveralAuthors => "several_authors",
            Self::NewParticipant => "new_participant",
            Self::ApprovalLink => "approval_link",
        }
    }
}
