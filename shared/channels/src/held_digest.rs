//! What approvers are told of the new senders of an hour together.

use actionlayer_domain::{EmailAddress, HeaderText, Identity, contact::HeldInbound};
use askama::Template;

use crate::held::ShownHeld;

/// How many senders are named in a message of a channel.
const NAMED: usize = 5;

/// The new senders of an hour, to be sent with `Auto-Submitted: auto-generated`.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldDigestMail {
    /// `Held: mail from 7 new senders`.
    pub subject: HeaderText,
    pub text: String,
}

actionlayer_domain::debug_without_content!(HeldDigestMail);

struct Listed {
    held: ShownHeld,
    link: String,
}

#[derive(Template)]
#[template(path = "held_digest_mail.txt")]
struct Text<'a> {
    senders: &'a str,
    identity: &'a str,
    listed: Vec<Listed>,
    more: usize,
    all: &'a str,
}

fn senders(count: usize) -> String {
    if count == 1 { "1 new sender".to_owned() } else { format!("{count} new senders") }
}

/// Writes the mail: those `shown`, each with the link by which its reader decides, of `count` in all. `all` leads to where
/// the rest is decided about.
pub fn held_digest_mail(
    identity: &Identity,
    shown: &[(&HeldInbound, String)],
    count: usize,
    all: &str,
) -> HeldDigestMail {
    let senders = senders(count);
    let listed = shown.iter().map(|(held, link)| Listed { held: ShownHeld::new(identity, held), link: link.clone() });
    let text = Text {
        senders: &senders,
        identity: identity.email_address.as_str(),
        listed: listed.collect(),
        more: count.saturating_sub(shown.len()),
        all,
    };
    HeldDigestMail {
        subject: HeaderText::sanitize(&format!("Held: mail from {senders}")),
        // Writing to a string cannot fail; should it ever, the address alone says enough.
        text: text.render().unwrap_or_else(|_| all.to_owned()),
    }
}

/// The same for a channel, in one sentence: there they are decided about on the dashboard.
pub fn held_digest_sentence(identity: &Identity, shown: &[&HeldInbound], count: usize, all: &str) -> String {
    let named = shown.iter().take(NAMED).map(|held| ShownHeld::new(identity, held).from_email);
    // Only what is an address is repeated: a stranger chose the text.
    let named: Vec<String> = named.filter(|from| from.parse::<EmailAddress>().is_ok()).collect();
    let rest = count.saturating_sub(named.len());
    let who = match (named.is_empty(), rest) {
        (true, _) => String::new(),
        (false, 0) => format!(": {}", named.join(", ")),
        (false, rest) => format!(": {} and {rest} more", named.join(", ")),
    };
    let address = identity.email_address.as_str();
    format!(
        "{} wrote to {address} in the last hour, and their mail is held{who}. Decide about them at {all}",
        senders(count)
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use actionlayer_domain::message::Authentication;

    use super::*;
    use crate::sample::{HOSTILE, Sample};

    #[test]
    fn each_is_shown_with_its_link_and_the_rest_is_counted() {
        let sample = Sample::hostile();
        let held = |from: &str| HeldInbound {
            id: "0197f3a0-5c1e-7d2a-9f00-1234567890ab".parse().unwrap(),
            workspace_id: sample.identity.workspace_id,
            identity_id: sample.identity.id,
            recipient: sample.identity.email_address.clone(),
            ses_message_id: "0100".to_owned(),
            envelope_from: None,
            from_email: from.to_owned(),
            from_name: Some(format!("{HOSTILE}\r\nBcc: all@example.com")),
            subject: "Hi\r\n\r\nhttps://evil.example/approve".to_owned(),
            snippet: String::new(),
            authentication: Authentication::default(),
            safety_flags: Vec::new(),
            received_at: sample.identity.created_at,
            reason: actionlayer_domain::contact::HeldReason::UnknownSender,
        };
        let (one, other) = (held("eve@evil.example"), held("see https://evil.example"));
        let link = |n: u8| format!("https://mail.example.com/callbacks/senders/{n}");
        let all = "https://mail.example.com/held";
        let mail = held_digest_mail(&sample.identity, &[(&one, link(1)), (&other, link(2))], 9, all);
        assert_eq!(mail.subject.as_str(), "Held: mail from 9 new senders");
        let lines: Vec<_> = mail.text.lines().map(str::trim).collect();
        let links: Vec<_> = lines.iter().filter(|line| line.starts_with("http")).collect();
        assert_eq!(links, [&link(1).as_str(), &link(2).as_str(), &all]);
        assert!(mail.text.contains("7 more") && !mail.text.contains('\r'), "{}", mail.text);
        let sentence = held_digest_sentence(&sample.identity, &[&one, &other], 9, all);
        assert!(sentence.contains(": eve@evil.example and 8 more.") && sentence.ends_with(all), "{sentence}");
        assert_eq!(sentence.matches("evil.example").count(), 1);
    }
}
