//! Telegram: what is posted, and what comes back.

mod html;
mod message;
mod secret;
#[cfg(test)]
mod tests;
mod update;

pub use message::{
    Keyboard, NO_REASON, TelegramMessage, edit_prompt, greeting, held_message, notice, proposal_message, reject_prompt,
    sender_decided_message,
};
pub use secret::{new_secret, verify_secret};
pub use update::{CallbackQuery, ChatMessage, Update, UpdateError, parse_update};
