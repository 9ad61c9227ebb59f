//! Mail that a machine wrote: RFC 3834 and the older habits beside it.

use actionlayer_domain::message::Mailbox;

use crate::header::Fields;

/// Whether the headers say so.
pub(crate) fn says_automated(fields: &Fields) -> bool {
    let first_word = |value: &str| -> String {
        value.split(|c: char| c == ';' || c.is_whitespace()).next().unwrap_or_default().to_ascii_lowercase()
    };
    let auto_submitted = fields.all("auto-submitted").any(|value| !matches!(first_word(value).as_str(), "no" | ""));
    // `None` suppresses nothing; so says Microsoft's [MS-OXCMAIL].
    let suppressed = fields.all("x-auto-response-suppress").any(|v| !matches!(first_word(v).as_str(), "none" | ""));
    let precedence = fields
        .all("precedence")
        .any(|value| matches!(first_word(value).as_str(), "bulk" | "list" | "junk" | "auto_reply" | "auto-reply"));
    let marked = [
        "list-id",
        "list-unsubscribe",
        "feedback-id",
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-failed-recipients",
    ];
    auto_submitted || suppressed || precedence || marked.iter().any(|name| fields.first(name).is_some())
}

/// Whether the sender is one that only machines use.
pub(crate) fn is_automated_sender(envelope_from: Option<&str>, from: Option<&Mailbox>) -> bool {
    let null_path = envelope_from.is_some_and(|path| matches!(path.trim(), "" | "<>"));
    null_path || envelope_from.is_some_and(is_machine) || from.is_some_and(|from| is_machine(&from.email))
}

fn is_machine(email: &str) -> bool {
    let local = email.trim_matches(['<', '>']).split('@').next().unwrap_or_default().to_ascii_lowercase();
    matches!(local.as_str(), "mailer-daemon" | "postmaster" | "mail-daemon")
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn machines_are_told_from_people() {
        for header in [
            "Auto-Submitted: auto-replied",
            "Auto-Submitted: auto-generated; owner-email=\"a@b\"",
            "X-Auto-Response-Suppress: OOF, AutoReply",
            "Precedence: bulk",
            "Precedence: Auto_Reply",
            "List-Id: <list.example.com>",
            "Feedback-ID: 1:2:3:ses",
            "From: MAILER-DAEMON@example.com",
            "From: Mail <postmaster@example.com>",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
        ] {
            assert!(parse(format!("{header}\n\nx").as_bytes()).is_automated(Some("a@b.c")), "{header}");
        }
        for header in ["From: a@b.c", "Auto-Submitted: no", "X-Auto-Response-Suppress: None", "Precedence: normal"] {
            let mail = parse(format!("{header}\n\nx").as_bytes());
            assert!(!mail.is_automated(Some("a@b.c")) && !mail.is_automated(None), "{header}");
            assert!(mail.is_automated(Some("")) && mail.is_automated(Some("<>")));
        }
    }
}
