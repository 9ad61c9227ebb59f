//! What an answer takes from what it answers.

use actionlayer_domain::{EmailAddress, HeaderText, Message};

/// Whom an answer to a message goes to: `Reply-To` if it has one that can be mailed, else its author.
pub(crate) fn reply_recipients(message: &Message) -> Vec<EmailAddress> {
    let mut recipients: Vec<EmailAddress> = Vec::new();
    for address in message.reply_to.iter().filter_map(|mailbox| mailbox.email.parse::<EmailAddress>().ok()) {
        if recipients.iter().all(|known| known.folded() != address.folded()) {
            recipients.push(address);
        }
    }
    if recipients.is_empty() {
        recipients.extend(message.from_email.parse::<EmailAddress>());
    }
    recipients
}

/// The subject of an answer: the thread's, with one `Re:`.
pub(crate) fn reply_subject(subject: &str) -> HeaderText {
    let subject = subject.trim();
    if subject.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:")) {
        HeaderText::sanitize(subject)
    } else {
        HeaderText::sanitize(format!("Re: {subject}").trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_re_is_enough() {
        assert_eq!(reply_subject("Pricing").as_str(), "Re: Pricing");
        assert_eq!(reply_subject("RE: Pricing").as_str(), "RE: Pricing");
        assert_eq!(reply_subject("").as_str(), "Re:");
        assert_eq!(reply_subject("é").as_str(), "Re: é");
    }
}
