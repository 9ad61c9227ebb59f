//! Reports that machines write about mail: delivery (RFC 3464), disposition (RFC 8098), abuse (RFC 5965).
//!
//! They say what they like: a report is a claim of its sender, and nothing about a mail of ours is settled by one.

use actionlayer_domain::message::{Report, ReportKind, ReportedRecipient};

use crate::{
    header::{Fields, read_block},
    limits::{MAX_ADDRESS_BYTES, MAX_REPORT_WORDS_BYTES, MAX_REPORTED_RECIPIENTS, PART_HEADERS, TOP_HEADERS},
    message_id,
    structure::{Part, Structure},
};

/// The report a mail is, if its outermost multipart holds the part for machines that makes one.
pub(crate) fn read(raw: &[u8], structure: &Structure) -> Option<Report> {
    let (kind, machine) = pieces(structure).find_map(|part| Some((kind_of(&part.info.media_type)?, part)))?;
    let groups = read_groups(&machine.content(raw));
    let mut report = Report { kind, original_message_id: None, recipients: Vec::new(), reason: None };
    let words = |fields: &Fields, name: &str| {
        let value = fields.first(name)?.trim();
        (value.len() <= MAX_REPORT_WORDS_BYTES).then(|| value.to_ascii_lowercase())
    };
    for fields in &groups {
        // What a person had written to is better known than where it was forwarded to.
        let written_to = fields.first("original-recipient").and_then(address).filter(|email| email.contains('@'));
        let named =
            || ["final-recipient", "original-recipient", "original-rcpt-to"].iter().find_map(|n| fields.first(n));
        if let Some(email) = written_to.or_else(|| named().and_then(address)) {
            report.recipients.push(ReportedRecipient {
                email,
                action: words(fields, "action"),
                status: words(fields, "status").map(|s| s.split_whitespace().next().unwrap_or_default().to_owned()),
            });
        }
        report.reason =
            report.reason.or_else(|| words(fields, "disposition").or_else(|| words(fields, "feedback-type")));
        report.original_message_id =
            report.original_message_id.or_else(|| fields.first("original-message-id").and_then(message_id::parse_one));
    }
    report.original_message_id = report.original_message_id.or_else(|| id_of_original(raw, structure));
    report.recipients.truncate(MAX_REPORTED_RECIPIENTS);
    Some(report)
}

/// The parts of the outermost multipart.
fn pieces(structure: &Structure) -> impl Iterator<Item = &Part> {
    structure.parts.iter().filter(|part| part.is_leaf && part.parent.is_none_or(|(parent, _)| parent == 0))
}

/// The id of the mail, or of the header of it, that a report brings along.
pub(crate) fn id_of_original(raw: &[u8], structure: &Structure) -> Option<String> {
    let original = pieces(structure).find(|part| is_original(&part.info.media_type))?;
    let block = read_block(&original.content(raw), TOP_HEADERS, |_| false);
    block.fields.first("message-id").and_then(message_id::parse_one)
}

fn kind_of(media_type: &str) -> Option<ReportKind> {
    match media_type {
        "message/delivery-status" | "message/global-delivery-status" => Some(ReportKind::Dsn),
        "message/disposition-notification" | "message/global-disposition-notification" => Some(ReportKind::Mdn),
        "message/feedback-report" => Some(ReportKind::Arf),
        _ => None,
    }
}

fn is_original(media_type: &str) -> bool {
    matches!(
        media_type,
        "message/rfc822"
            | "message/global"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global-headers"
    )
}

/// The groups of fields, separated by blank lines: one about the mail, then one for each recipient.
fn read_groups(bytes: &[u8]) -> Vec<Fields> {
    let mut groups = Vec::new();
    let mut at = 0;
    while at < bytes.len() && groups.len() <= MAX_REPORTED_RECIPIENTS {
        let block = read_block(bytes.get(at..).unwrap_or_default(), PART_HEADERS, |_| false);
        // Text that is no field ends the report.
        if block.body == 0 {
            break;
        }
        at += block.body;
        if !block.fields.is_empty() {
            groups.push(block.fields);
        }
    }
    groups
}

/// `rfc822; ada@example.com`, or the address alone, with or without angle brackets.
pub(crate) fn address(value: &str) -> Option<String> {
    let address = value.split_once(';').map_or(value, |(_, address)| address).trim().trim_matches(['<', '>']);
    (address.len() <= MAX_ADDRESS_BYTES)
        .then(|| address.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect())
        .filter(|address: &String| !address.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn report(kind: &str, machine: &str, original: &str) -> Report {
        let raw = format!(
            "From: x@y.example\nContent-Type: multipart/report; boundary=b\n\n--b\n\nSorry.\n--b\nContent-Type: \
             {kind}\n\n{machine}\n--b\n{original}\n--b--\n"
        );
        let mail = parse(raw.as_bytes());
        assert!(mail.is_automated(None));
        assert_eq!(mail.text.trim(), "Sorry.");
        mail.report.expect("a report")
    }

    #[test]
    fn a_bounce() {
        let found = report(
            "message/delivery-status",
            "Reporting-MTA: dns; mx.example\nOriginal-Envelope-Id: 1\n\nOriginal-Recipient: rfc822;ada@b.example\nFinal-Recipient: \
             rfc822; ADA@c.example\nAction: Failed\nStatus: 5.1.1 (no such user)\n\nFinal-Recipient: rfc822; bob@b.example\nAction: delayed\n",
            "Content-Type: text/rfc822-headers\n\nSubject: hi\nMessage-ID: <1@ours.example>\n",
        );
        assert_eq!(found.kind, ReportKind::Dsn);
        assert_eq!(found.original_message_id.as_deref(), Some("1@ours.example"));
        let recipients: Vec<_> =
            found.recipients.iter().map(|r| (r.email.as_str(), r.action.as_deref(), r.status.as_deref())).collect();
        assert_eq!(
            recipients,
            [("ada@b.example", Some("failed"), Some("5.1.1")), ("bob@b.example", Some("delayed"), None)]
        );
    }

    #[test]
    fn a_complaint_and_a_receipt() {
        let found = report(
            "message/feedback-report",
            "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: <ada@b.example>\n",
            "Content-Type: message/rfc822\n\nMessage-ID: <2@ours.example>\n\nbody",
        );
        assert_eq!((found.kind, found.reason.as_deref()), (ReportKind::Arf, Some("abuse")));
        assert_eq!(found.original_message_id.as_deref(), Some("2@ours.example"));
        assert_eq!(found.recipients.first().map(|r| r.email.as_str()), Some("ada@b.example"));

        let found = report(
            "message/disposition-notification",
            "Final-Recipient: rfc822;ada@b.example\nOriginal-Message-ID: <3@ours.example>\nDisposition: manual-action/MDN-sent-manually; displayed",
            "Content-Type: text/plain\n\n",
        );
        assert_eq!(found.kind, ReportKind::Mdn);
        assert_eq!(found.original_message_id.as_deref(), Some("3@ours.example"));
        assert_eq!(found.reason.as_deref(), Some("manual-action/mdn-sent-manually; displayed"));
    }

    #[test]
    fn a_forwarded_report_is_not_one() {
        let raw = "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nsee\n--a\nContent-Type: multipart/report; \
                   boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nStatus: 5.0.0\n--b--\n--a--\n";
        assert!(parse(raw.as_bytes()).report.is_none());
    }
}
