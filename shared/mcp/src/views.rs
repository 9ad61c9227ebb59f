//! What models are shown: smaller than the API's views, ids named by what they are ids of, untrusted text apart.

mod draft;
mod event;
mod message;
mod moment;
mod people;
mod thread;

pub(crate) use draft::{ApproverSees, DraftSummary, DraftView, SubmittedView, next_step};
pub(crate) use event::EventView;
pub(crate) use message::{AttachmentView, MessageView, Reading, SafetyView};
pub(crate) use moment::Moment;
pub(crate) use people::{ContactView, HeldView, IdentityView};
pub(crate) use thread::{ThreadDetailView, ThreadSummary};
