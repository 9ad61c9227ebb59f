//! Which ids of a mail may name the message it answers.

use crate::parsed_mail::ParsedMail;

/// Ids that count at most. Whoever looks them up remembers them as well, or what belongs together would depend on what
/// came first; and what is remembered has to fit into one transaction.
const MAX_KEYS: usize = 32;

/// The Message-IDs (without angle brackets) that `mail` may be an answer to, most likely first: `In-Reply-To`, then
/// `References` from the newest back, then the mail it reports about. Each once, never the mail's own. At most 32; the
/// first reference, which everybody in a conversation cites, and the reported mail are always among them.
pub fn thread_keys(mail: &ParsedMail) -> Vec<&str> {
    let reported = mail.report.as_ref().and_then(|report| report.original_message_id.as_ref());
    let always = || mail.references.first().into_iter().chain(reported);
    let mut keys: Vec<&str> = Vec::new();
    // So few that they are compared with each other.
    for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()).chain(reported) {
        if mail.message_id.as_ref() != Some(id) && !keys.contains(&id.as_str()) {
            keys.push(id);
        }
    }
    if keys.len() > MAX_KEYS {
        let mut rest = keys.split_off(MAX_KEYS - always().count());
        rest.retain(|id| always().any(|kept| kept == id));
        keys.extend(rest);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn newest_first_each_once() {
        let mail =
            parse(b"Message-ID: <me@x>\nIn-Reply-To: <c@x>\nReferences: <a@x> <b@x>\n <c@x> <me@x> <cut@x\n\nhello");
        assert_eq!(thread_keys(&mail), ["c@x", "cut@x", "b@x", "a@x"]);
        assert!(thread_keys(&parse(b"Subject: new\n\nhello")).is_empty());
    }

    #[test]
    fn a_flood_is_bounded_and_keeps_the_ends() {
        let ids = (0..5_000).map(|n| format!("<{n}@x>\n ")).collect::<Vec<_>>().concat();
        let mail = parse(format!("References: {ids}\n\n").as_bytes());
        assert!(mail.references.len() <= 100);
        assert_eq!(mail.references.first().map(String::as_str), Some("0@x"));
        let keys = thread_keys(&mail);
        assert_eq!((keys.len(), keys.first(), keys.last()), (MAX_KEYS, Some(&"4999@x"), Some(&"0@x")));
        assert_eq!(keys.get(30), Some(&"4969@x"));
        // The first is kept once.
        let few = parse(b"References: <0@x> <1@x>\n\n");
        assert_eq!(thread_keys(&few), ["1@x", "0@x"]);
    }

    #[test]
    fn a_report_belongs_to_what_it_is_about() {
        let ids = (0..60).map(|n| format!("<{n}@x>\n ")).collect::<Vec<_>>().concat();
        let report = |references: &str| {
            parse(
                format!(
                    "{references}Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: \
                     message/disposition-notification\n\nOriginal-Message-ID: <ours@x>\n--b--\n"
                )
                .as_bytes(),
            )
        };
        assert_eq!(thread_keys(&report("")), ["ours@x"]);
        assert_eq!(thread_keys(&report("In-Reply-To: <ours@x>\nReferences: <a@x>\n")), ["ours@x", "a@x"]);
        let flood = report(&format!("References: {ids}\n"));
        let keys = thread_keys(&flood);
        assert_eq!(
            (keys.len(), keys.get(29), keys.get(30), keys.get(31)),
            (32, Some(&"30@x"), Some(&"0@x"), Some(&"ours@x"))
        );
    }
}
