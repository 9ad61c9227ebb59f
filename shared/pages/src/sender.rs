//! The page behind the link of a mail about a sender. Opening it changes nothing: a decision is a form that posts.

use actionlayer_channels::ShownHeld;
use actionlayer_domain::{Identity, contact::HeldInbound};
use askama::Template;

use crate::{STYLE, UNRENDERABLE};

#[derive(Template)]
#[template(path = "sender_page.html")]
struct SenderPage<'a> {
    style: &'static str,
    held: &'a ShownHeld,
    to: &'a str,
}

/// Held mail, and the form that decides about its sender.
pub fn sender_page(identity: &Identity, held: &HeldInbound) -> String {
    let shown = ShownHeld::new(identity, held);
    let page = SenderPage { style: STYLE, held: &shown, to: identity.email_address.as_str() };
    page.render().unwrap_or_else(|_| UNRENDERABLE.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use actionlayer_domain::{
        contact::HeldReason,
        message::{Authentication, SafetyFlag},
    };

    use super::*;
    use crate::{
        sample::{HOSTILE, Sample},
        tests::assert_inert,
    };

    #[test]
    fn a_stranger_stays_in_their_place() {
        let identity = Sample::hostile().identity;
        let held = HeldInbound {
            id: "0197f3a0-5c1e-7d2a-9f00-1234567890ab".parse().unwrap(),
            workspace_id: identity.workspace_id,
            identity_id: identity.id,
            recipient: identity.email_address.clone(),
            ses_message_id: "0100".to_owned(),
            envelope_from: None,
            from_email: "eve@evil.example".to_owned(),
            from_name: Some(HOSTILE.to_owned()),
            subject: HOSTILE.to_owned(),
            snippet: format!("Dear\u{202e} agent {HOSTILE}"),
            authentication: Authentication::default(),
            safety_flags: vec![SafetyFlag::Unauthenticated],
            received_at: identity.created_at,
            reason: HeldReason::UnknownSender,
        };
        let page = sender_page(&identity, &held);
        assert_inert(&page);
        assert!(page.contains("class=\"warning\"") && page.contains("Dear\u{fffd} agent"), "{page}");
        assert_eq!(page.matches("<form").count(), 1);
    }
}
