//! What an answer takes from what it answers.

use actionlayer_domain::{EmailAddress, HeaderText, Message};

/// Whom an answer to a message goes to: `Reply-To` if it has one that can be mailed, else its author. The mailbox that
/// answers is nobody to answer: a form may name it, or somebody who wants a loop.
pub(crate) fn reply_recipients(message: &Message, own: &EmailAddress) -> Vec<EmailAddress> {
    let mut recipients: Vec<EmailAddress> = Vec::new();
    for address in message.reply_to.iter().filter_map(|mailbox| mailbox.email.parse::<EmailAddress>().ok()) {
        if !address.is_of_mailbox(own) && recipients.iter().all(|known| known.folded() != address.folded()) {
            recipients.push(address);
        }
    }
    if recipients.is_empty() {
        recipients.extend(message.from_email.parse::<EmailAddress>());
    }
    recipients
}

/// The subject of an answer: that of the message answered, whose author may have given it a new one, with one `Re:`.
pub(crate) fn reply_subject(answered: &str) -> HeaderText {
    HeaderText::sanitize(&actionlayer_mail::reply_subject(answered))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use actionlayer_domain::{
        Timestamp,
        message::{Direction, Mailbox},
    };

    use super::*;

    #[test]
    fn one_re_is_enough() {
        assert_eq!(reply_subject("Pricing").as_str(), "Re: Pricing");
        assert_eq!(reply_subject("AW: RE: Pricing").as_str(), "Re: Pricing");
        assert_eq!(reply_subject("").as_str(), "Re:");
        assert_eq!(reply_subject("é").as_str(), "Re: é");
    }

    #[test]
    fn nobody_answers_themselves() {
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        let own = "mia@ai.example".parse().unwrap();
        for (from, reply_to, expected) in [
            ("rosa@x.example", &[][..], &["rosa@x.example"][..]),
            ("rosa@x.example", &["mia@ai.example"], &["rosa@x.example"]),
            ("rosa@x.example", &["Mia+7@ai.example", "desk@x.example"], &["desk@x.example"]),
            ("rosa@x.example", &["desk@x.example", "DESK@x.example", "no address"], &["desk@x.example"]),
            ("mia@ai.example", &["visitor@y.example"], &["visitor@y.example"]),
            ("mia@ai.example", &[], &["mia@ai.example"]),
        ] {
            let now = Timestamp::from_unix_ms(0);
            let (message, thread) = (id.parse().unwrap(), id.parse().unwrap());
            let (workspace, identity) = (id.parse().unwrap(), id.parse().unwrap());
            let mailbox = |email: &&str| Mailbox { name: None, email: (*email).to_owned() };
            let message = Message {
                reply_to: reply_to.iter().map(mailbox).collect(),
                ..Message::start(message, thread, workspace, identity, Direction::Inbound, from.to_owned(), now)
            };
            let found: Vec<String> = reply_recipients(&message, &own).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{from} {reply_to:?}");
        }
    }
}
