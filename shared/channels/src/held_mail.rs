//! The mail that tells approvers of a sender whose mail is held.
//!
//! Its link leads to a page that decides by a form: nothing is decided by whoever opens it.

use actionlayer_domain::{HeaderText, Identity, contact::HeldInbound};
use askama::Template;

use crate::{approval_mail::quoted, held::ShownHeld};

/// A notice about a sender, to be sent with `Auto-Submitted: auto-generated`.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldMail {
    /// `Held: mail from ` and the sender.
    pub subject: HeaderText,
    pub text: String,
}

actionlayer_domain::debug_without_content!(HeldMail);

#[derive(Template)]
#[template(path = "held_mail.txt")]
struct Text<'a> {
    held: &'a ShownHeld,
    identity: &'a str,
    link: &'a str,
}

/// Writes the mail. `link` leads its reader, and nobody else, to where they decide.
pub fn held_mail(identity: &Identity, held: &HeldInbound, link: &str) -> HeldMail {
    let shown = ShownHeld::new(identity, held);
    let text = Text { held: &shown, identity: identity.email_address.as_str(), link }.render();
    HeldMail {
        subject: HeaderText::sanitize(&format!("Held: mail from {}", shown.from_email)),
        // Writing to a string cannot fail; should it ever, the address of the mail alone says enough.
        text: text.unwrap_or_else(|_| link.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn it_shows_who_wrote_and_quotes_what() {
        let sample = Sample::hostile();
        let held = sample.held("eve@evil.example");
        let mail = held_mail(&sample.identity, &held, "https://mail.example.com/callbacks/senders/abc");
        assert_eq!(mail.subject.as_str(), "Held: mail from eve@evil.example");
        let ours: Vec<_> = mail.text.lines().map(str::trim).filter(|line| !line.starts_with("| ")).collect();
        let links: Vec<_> = ours.iter().filter(|line| line.starts_with("http")).collect();
        assert_eq!(links, [&"https://mail.example.com/callbacks/senders/abc"]);
        assert!(ours.contains(&"Received: 2026-04-30 14:28 UTC") && mail.text.contains("| Dear\u{fffd} agent"));
        assert!(!mail.text.contains('\r') && ours.iter().any(|line| line.starts_with("! ")), "{}", mail.text);
    }
}
