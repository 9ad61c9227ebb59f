//! How people are asked: the messages of each channel, and the links and buttons in them.
//!
//! **Job.** Turn a draft that waits for a decision into something a person can read and decide on, and turn what comes
//! back, a link or a press of a button, into the draft, version and approver it was made for.
//!
//! **Invariants.** What an approver is shown is the exact version they decide on, whole or with a link to the whole.
//! Nothing that came in by mail, and nothing an agent wrote, can leave its place in a page or a header, or be there
//! without being seen. A link that was altered by one bit is no link.
//!
//! **Must never know.** AWS, HTTP servers, async, the clock, where secrets are kept. Bytes and values in, text out.

pub mod approval_link;
pub mod approval_mail;
pub mod broken_channel;
pub mod deletion_mail;
pub mod held_digest;
pub mod held_mail;
pub mod legible;
pub mod press;
pub mod proposal;
pub mod redaction;
pub mod rule_mail;
pub mod sender_link;
pub mod slack;
pub mod switched_off_mail;
pub mod telegram;
pub mod word_diff;

pub mod excerpt;
mod held;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod sample;
mod signed;
mod standing;
mod units;

pub use held::{HeldStanding, ShownHeld};
pub use proposal::{PreviousVersion, Proposal, Rivals, changes_between};
pub use standing::{Standing, Tone, named, refusal_sentence, standing};
