//! Slack: what is posted, the modals, and what comes back.

mod blocks;
mod interaction;
mod message;
mod modal;
mod signature;
#[cfg(test)]
mod tests;

pub use interaction::{Form, Interaction, InteractionError, Pressed, Submitted, parse_interaction};
pub use message::{SlackMessage, greeting_message, held_message, proposal_message, sender_decided_message};
pub use modal::{
    EDIT_CALLBACK, MAX_INPUT_UNITS, ModalMeta, REJECT_CALLBACK, edit_modal, field_errors, notice_modal, reject_modal,
};
pub use signature::{SignatureError, verify_signature};
