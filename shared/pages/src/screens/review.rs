//! A draft to be decided: what it says, what speaks against it, and the forms that decide. It stands in its conversation and
//! on a page of its own.

use actionlayer_channels::{
    Proposal, Standing, Tone,
    excerpt::Piece,
    proposal::{Room, Shown},
    standing,
};
use actionlayer_domain::{Draft, DraftStatus, Timestamp};

use super::{
    Access, mail_frame,
    parts::{When, when},
};
use crate::approval::MAX_REASON_CHARS;

/// The draft is shown whole, however long: one decides on all of it.
const ROOM: Room = Room { draft: usize::MAX, inbound: 20_000 };

/// What somebody typed into a form that was not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entered {
    /// The reason of a rejection.
    pub reason: Option<String>,
    /// The subject and text of an edit.
    pub edit: Option<(String, String)>,
}

/// A draft to be decided.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a part of the screen that is there or not")]
pub struct Review {
    pub(super) id: String,
    pub(super) p: Shown,
    pub(super) standing: Option<Standing>,
    pub(super) is_stale: bool,
    /// The address of its HTML, as it leaves.
    pub(super) frame: Option<String>,
    pub(super) frame_class: &'static str,
    pub(super) can_approve: bool,
    pub(super) can_send: bool,
    pub(super) can_reject: bool,
    pub(super) can_ask_again: bool,
    /// It waits, and the visitor may only look.
    pub(super) only_looks: bool,
    /// It is on its way: the page asks how it went.
    pub(super) is_leaving: bool,
    /// Something of ours answered the same mail meanwhile: to send it says that both are meant.
    pub(super) is_second_answer: bool,
    pub(super) edit: Option<Edit>,
    pub(super) is_editing: bool,
    pub(super) reason: String,
    pub(super) max_reason_chars: usize,
    pub(super) submitted: When,
    pub(super) expires: Option<When>,
}

/// What the form for another text begins with.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) subject: String,
    pub(super) text: String,
    /// Saving leaves only the text.
    pub(super) drops_html: bool,
    pub(super) rows: usize,
}

impl Review {
    /// A draft as `access` may decide about it, with what was typed before.
    pub fn of(proposal: &Proposal<'_>, access: Access, entered: Entered, now: Timestamp) -> Self {
        let draft = proposal.draft;
        let p = proposal.shown(ROOM);
        let is_open = draft.status == DraftStatus::Pending && draft.expires_at.is_none_or(|at| at > now);
        let is_stale = proposal.is_stale() && matches!(draft.status, DraftStatus::Pending | DraftStatus::Stale);
        let can_approve = is_open && !is_stale && access.decide;
        let is_editing = entered.edit.is_some();
        Self {
            id: draft.id.to_string(),
            standing: standing(draft, draft.version),
            is_stale,
            frame: proposal.html().map(|_| frame(draft)),
            frame_class: mail_frame::height(&p.html_as_text.as_ref().unwrap_or(&p.text).text),
            can_approve,
            can_send: draft.status == DraftStatus::Approved && draft.send_state.is_none() && access.draft,
            can_reject: access.draft && may_be_rejected(draft) && (is_open || draft.status != DraftStatus::Pending),
            can_ask_again: is_open && !is_stale && access.draft,
            only_looks: is_open && !access.decide,
            is_leaving: draft.status == DraftStatus::Approved && draft.send_state.is_some(),
            is_second_answer: proposal.rivals.answered && !draft.answer_again,
            edit: if is_open && !is_stale && access.draft { edit_form(proposal, entered.edit) } else { None },
            is_editing,
            reason: entered.reason.unwrap_or_default(),
            max_reason_chars: MAX_REASON_CHARS,
            submitted: when(draft.created_at, now),
            expires: draft.expires_at.filter(|_| is_open).map(|at| when(at, now)),
            p,
        }
    }

    pub(super) fn is_good(&self) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.tone == Tone::Good)
    }

    pub(super) fn is_bad(&self) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.tone == Tone::Bad)
    }
}

/// Where the HTML of exactly this version is.
fn frame(draft: &Draft) -> String {
    format!("/drafts/{}/html?version={}", draft.id, draft.version)
}

const fn may_be_rejected(draft: &Draft) -> bool {
    match draft.status {
        DraftStatus::Pending | DraftStatus::Stale => true,
        DraftStatus::Approved => draft.send_state.is_none(),
        DraftStatus::Rejected | DraftStatus::Sent | DraftStatus::Failed | DraftStatus::Expired => false,
    }
}

/// HTML alone is for its author to change.
fn edit_form(proposal: &Proposal<'_>, entered: Option<(String, String)>) -> Option<Edit> {
    let current = proposal.body.text.as_deref()?;
    let (subject, text) = entered.unwrap_or_else(|| (proposal.draft.subject.as_str().to_owned(), current.to_owned()));
    let rows = text.lines().map(|line| line.len() / 60 + 1).sum::<usize>();
    Some(Edit { subject, text, drops_html: proposal.body.html.is_some(), rows: rows.clamp(6, 24) })
}

/// A diff, as a list of its pieces.
pub(super) type Diff = Vec<Piece>;
