//! Bounces that bring no part for machines: of Exim, by a header field, and of qmail and those that write as it does
//! (QSBMF, <https://cr.yp.to/proto/qsbmf.txt>), by their text.

use actionlayer_domain::message::{Report, ReportKind, ReportedRecipient};

use crate::{
    automated::is_machine,
    header::{Fields, read_block},
    limits::{MAX_REPORTED_RECIPIENTS, TOP_HEADERS},
    message_id,
    parsed_mail::ParsedMail,
    report::address,
};

/// The report that `mail` is, by its header and its text. `attached`: the id of the mail that stands in a part of it.
pub(crate) fn read(fields: &Fields, mail: &ParsedMail, attached: impl FnOnce() -> Option<String>) -> Option<Report> {
    let mut recipients = of_exim(fields);
    if recipients.is_empty() {
        recipients = of_qmail(mail);
    }
    if recipients.is_empty() {
        return None;
    }
    recipients.truncate(MAX_REPORTED_RECIPIENTS);
    let original_message_id = original_message_id(&mail.text).or_else(attached);
    Some(Report { kind: ReportKind::Dsn, original_message_id, recipients, reason: None })
}

/// Exim names in `X-Failed-Recipients` whom it gave up to reach.
fn of_exim(fields: &Fields) -> Vec<ReportedRecipient> {
    let addresses = fields.all("x-failed-recipients").flat_map(|value| value.split(',')).filter_map(address);
    let failed = |email| ReportedRecipient { email, action: Some("failed".to_owned()), status: None };
    addresses.filter(|email| email.contains('@')).map(failed).take(MAX_REPORTED_RECIPIENTS).collect()
}

/// A paragraph for each recipient, which begins with `<address>:`, up to one that begins with a dash.
fn of_qmail(mail: &ParsedMail) -> Vec<ReportedRecipient> {
    let says_so = mail.text.trim_start().starts_with("Hi. This is the qmail-send program");
    if !says_so && !mail.from.as_ref().is_some_and(|from| is_machine(&from.email)) {
        return Vec::new();
    }
    let mut recipients: Vec<ReportedRecipient> = Vec::new();
    let mut is_start = true;
    let mut is_of_recipient = false;
    for line in mail.text.lines().map(str::trim_end) {
        if is_start && (line.starts_with('-') || recipients.len() >= MAX_REPORTED_RECIPIENTS) {
            break;
        }
        if is_start {
            let named = line.strip_prefix('<').and_then(|rest| rest.split_once(">:"));
            let email = named.and_then(|(email, _)| address(email)).filter(|email| email.contains('@'));
            is_of_recipient = email.is_some();
            // Whom qmail reports it has given up; others report delays in the same form.
            let action = says_so.then(|| "failed".to_owned());
            recipients.extend(email.map(|email| ReportedRecipient { email, action, status: None }));
        }
        if let Some(recipient) = recipients.last_mut().filter(|r| is_of_recipient && r.status.is_none()) {
            recipient.status = status(line);
            let is_final = recipient.status.as_ref().is_some_and(|status| status.starts_with('5'));
            if is_final && recipient.action.is_none() {
                recipient.action = Some("failed".to_owned());
            }
        }
        is_start = line.is_empty();
    }
    recipients
}

/// The status code (RFC 3463) in a line, such as the `5.1.1` of `no such user (#5.1.1)`.
fn status(line: &str) -> Option<String> {
    let number = |text: &str| (1..=3).contains(&text.len());
    let mut candidates = line.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_end_matches('.'));
    candidates
        .find(|word| {
            let mut pieces = word.split('.');
            matches!(pieces.next(), Some("4" | "5"))
                && pieces.next().is_some_and(number)
                && pieces.next().is_some_and(number)
                && pieces.next().is_none()
        })
        .map(ToOwned::to_owned)
}

/// The id of the mail a copy of which stands below a line of dashes.
fn original_message_id(text: &str) -> Option<String> {
    /// Lines of dashes that are looked below.
    const MAX_LINES: usize = 5;
    let mut rest = text;
    for _ in 0..MAX_LINES {
        let at = if rest.starts_with("--") { 0 } else { rest.find("\n--")? + 1 };
        let (_, below) = rest.get(at..)?.split_once('\n')?;
        let block = read_block(below.trim_start().as_bytes(), TOP_HEADERS, |_| false);
        if let Some(id) = block.fields.first("message-id").and_then(message_id::parse_one) {
            return Some(id);
        }
        rest = below;
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn bounces_of_exim_and_qmail() {
        let qmail = "Hi. This is the qmail-send program at b.example.\nI'm afraid I wasn't able to deliver your message\n\n\
                     <bob@b.example>:\n192.0.2.1 failed after I sent the message. (#5.1.1)\n\n<cy@b.example>:\nno\n\n\
                     --- Below this line is a copy of the message.\n\n";
        let copy = "Return-Path: <mia@ours.example>\nMessage-ID: <1@ours.example>\n\n<dee@b.example>:\n";
        let both = [("bob@b.example", Some("failed"), Some("5.1.1")), ("cy@b.example", Some("failed"), None)];
        let yahoo = "Message from yahoo.com.\n\n<bob@b.example>:\nSorry.\n\n--- Original message follows.\n\n";
        let exim = "This message was created automatically\n\n------ This is a copy ------\n\n";
        for (head, text, id, expected) in [
            ("From: MAILER-DAEMON@b.example", format!("{qmail}{copy}"), Some("1@ours.example"), &both[..]),
            ("From: postman@b.example", qmail.to_owned(), None, &both),
            (
                "From: mailer-daemon@yahoo.com",
                format!("{yahoo}{copy}"),
                Some("1@ours.example"),
                &[("bob@b.example", None, None)],
            ),
            (
                "From: a@b.example\nX-Failed-Recipients: bob@b.example,\n cy@b.example",
                format!("{exim}{copy}"),
                Some("1@ours.example"),
                &[("bob@b.example", Some("failed"), None), ("cy@b.example", Some("failed"), None)],
            ),
        ] {
            let mail = parse(format!("{head}\nSubject: failure notice\n\n{text}").as_bytes());
            assert!(mail.is_automated(None));
            let report = mail.report.expect("a report");
            assert_eq!(report.original_message_id.as_deref(), id, "{head}");
            let found: Vec<_> = report
                .recipients
                .iter()
                .map(|r| (r.email.as_str(), r.action.as_deref(), r.status.as_deref()))
                .collect();
            assert_eq!(found, expected, "{head}");
        }
    }

    #[test]
    fn people_who_write_about_one_write_no_report() {
        for text in [
            "FYI\n\nHi. This is the qmail-send program at b.example.\n\n<bob@b.example>:\nno\n",
            "<bob@b.example>:\nplease call\n",
        ] {
            let mail = parse(format!("From: ada@b.example\n\n{text}").as_bytes());
            assert!(mail.report.is_none() && !mail.is_automated(None), "{text}");
        }
        assert!(
            parse(b"From: postmaster@b.example\n\nWe move our servers, see <https://b.example>: Sunday.")
                .report
                .is_none()
        );
    }
}
