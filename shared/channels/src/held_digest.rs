//! What approvers are told of the new senders of an hour together.

use actionlayer_domain::{EmailAddress, HeaderText, Identity, contact::HeldInbound};
use askama::Template;

use crate::held::ShownHeld;

/// How many senders are named in a message of a channel.
const NAMED: usize = 5;

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

/// `Held: mail from 7 new senders`.
pub fn held_digest_subject(count: usize) -> HeaderText {
    HeaderText::sanitize(&format!("Held: mail from {}", senders(count)))
}

/// What the mail says: those `shown`, each with the link by which its reader decides, of `count` in all. `all` leads to where
/// the rest is decided about. To be sent with `Auto-Submitted: auto-generated`.
pub fn held_digest_text(identity: &Identity, shown: &[(&HeldInbound, String)], count: usize, all: &str) -> String {
    let listed = shown.iter().map(|(held, link)| Listed { held: ShownHeld::new(identity, held), link: link.clone() });
    let text = Text {
        senders: &senders(count),
        identity: identity.email_address.as_str(),
        listed: listed.collect(),
        more: count.saturating_sub(shown.len()),
        all,
    };
    // Writing to a string cannot fail; should it ever, the address alone says enough.
    text.render().unwrap_or_else(|_| all.to_owned())
}

/// The same for a channel, in one sentence: there they are decided about on the dashboard.
pub fn held_digest_sentence(identity: &Identity, shown: &[HeldInbound], count: usize, all: &str) -> String {
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
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn each_is_shown_with_its_link_and_the_rest_is_counted() {
        let sample = Sample::hostile();
        let (one, other) = (sample.held("eve@evil.example"), sample.held("see https://evil.example"));
        let link = |n: u8| format!("https://mail.example.com/callbacks/senders/{n}");
        let all = "https://mail.example.com/held";
        let text = held_digest_text(&sample.identity, &[(&one, link(1)), (&other, link(2))], 9, all);
        assert_eq!(held_digest_subject(9).as_str(), "Held: mail from 9 new senders");
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let links: Vec<_> = lines.iter().filter(|line| line.starts_with("http")).collect();
        assert_eq!(links, [&link(1).as_str(), &link(2).as_str(), &all]);
        assert!(text.contains("7 more") && !text.contains('\r'), "{text}");
        let sentence = held_digest_sentence(&sample.identity, &[one, other], 9, all);
        assert!(sentence.contains(": eve@evil.example and 8 more.") && sentence.ends_with(all), "{sentence}");
        assert_eq!(sentence.matches("evil.example").count(), 1);
    }
}
