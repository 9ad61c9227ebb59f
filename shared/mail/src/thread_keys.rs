//! Which ids of a mail may name the message it answers.

use std::collections::HashSet;

use crate::parse::ParsedMail;

/// Ids looked up at most: one `BatchGetItem` of DynamoDB takes 100 keys, and each id may need room beside it.
const MAX_KEYS: usize = 90;

/// The Message-IDs (without angle brackets) that `mail` may be an answer to, most likely first: `In-Reply-To`, then
/// `References` from the newest back. Each once, at most 90, never the mail's own.
pub fn thread_keys(mail: &ParsedMail) -> Vec<&str> {
    let mut seen: HashSet<&str> = mail.message_id.as_deref().into_iter().collect();
    let candidates = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    candidates.map(String::as_str).filter(|id| seen.insert(id)).take(MAX_KEYS).collect()
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
        assert_eq!(thread_keys(&mail).len(), MAX_KEYS);
    }
}
