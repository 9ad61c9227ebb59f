//! What people are told about a channel that cannot be written to any more.

use actionlayer_domain::{HeaderText, Identity, channel::ChannelTrouble};
use askama::Template;

use crate::legible::{line, moment};

#[derive(Template)]
#[template(path = "broken_channel_mail.txt")]
struct BrokenChannel<'a> {
    name: &'a str,
    address: &'a str,
    provider: &'a str,
    place: &'a str,
    since: &'a str,
    error: &'a str,
    fix: &'a str,
    only_you: bool,
    public_url: &'a str,
    identity_id: &'a str,
}

/// Subject and text of the mail about it. `only_you`: no other channel of the identity works, so that whoever reads this is
/// the only one who is told. `public_url` is where the product is reached, without a trailing slash.
pub fn broken_channel_mail(
    identity: &Identity,
    trouble: &ChannelTrouble,
    only_you: bool,
    public_url: &str,
) -> (HeaderText, String) {
    let provider = trouble.channel.in_words();
    let text = BrokenChannel {
        name: &line(identity.display_name.as_str()),
        address: identity.email_address.as_str(),
        provider,
        place: &line(&trouble.place),
        since: &moment(trouble.since),
        error: &line(&trouble.error),
        fix: &line(&trouble.fix),
        only_you,
        public_url,
        identity_id: &identity.id.to_string(),
    };
    let subject = format!("Drafts of {} cannot be asked about in {provider}", line(identity.display_name.as_str()));
    // Into a text nothing is written that could fail.
    (HeaderText::sanitize(&subject), text.render().unwrap_or_default())
}

/// The same in a sentence or two, for a channel that works.
pub fn broken_channel_sentence(identity: &Identity, trouble: &ChannelTrouble) -> String {
    let provider = trouble.channel.in_words();
    format!(
        "Drafts of {} <{}> cannot be asked about in {provider} ({}) any more. {provider} says: {}. {} Until then they are \
         asked about here.",
        line(identity.display_name.as_str()),
        identity.email_address,
        line(&trouble.place),
        line(&trouble.error),
        line(&trouble.fix),
    )
}

#[cfg(test)]
mod tests {
    use actionlayer_domain::{Timestamp, channel::ChannelKind};

    use super::*;
    use crate::sample::Sample;

    #[test]
    fn it_says_what_the_provider_said_and_what_to_do() {
        let identity = Identity { display_name: HeaderText::sanitize("Mia"), ..Sample::hostile().identity };
        let trouble = ChannelTrouble {
            channel: ChannelKind::Slack,
            place: "C024BE91L".to_owned(),
            error: "is_archived".to_owned(),
            fix: "Unarchive the channel.\nOr name another.".to_owned(),
            since: Timestamp::from_unix_ms(1_777_559_331_005),
            notice: None,
        };
        let (subject, text) = broken_channel_mail(&identity, &trouble, true, "https://mail.example.com");
        assert_eq!(subject.as_str(), "Drafts of Mia cannot be asked about in Slack");
        for said in ["Slack says: is_archived", "Unarchive the channel. Or name another.", "no other channel"] {
            assert!(text.contains(said), "{said} is not in {text}");
        }
        let (_, text) = broken_channel_mail(&identity, &trouble, false, "https://mail.example.com");
        assert!(!text.contains("no other channel"));
        let sentence = broken_channel_sentence(&identity, &trouble);
        assert!(sentence.contains("Slack says: is_archived. Unarchive the channel. Or name another."), "{sentence}");
    }
}
