//! What SES's receipt rule says of a mail that the mail itself does not: the envelope, and SES's verdicts.

use actionlayer_domain::{
    Timestamp,
    message::{Authentication, Verdict},
};
use actionlayer_service::inbound::receive_mail::ReceivedMail;
use serde::Deserialize;

/// The event of a Lambda action, as far as it is used.
/// <https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>
///
/// Not `aws_lambda_events`' type: that one insists on header fields a mail may lack (a mail without `From` has no
/// `commonHeaders.from`), and would refuse the event of such a mail before anyone could keep it.
#[derive(Debug, Deserialize)]
pub struct ReceiptEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
struct Record {
    ses: Ses,
}

#[derive(Debug, Deserialize)]
struct Ses {
    mail: Mail,
    receipt: Receipt,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    /// The envelope sender; empty for a null return path.
    #[serde(default)]
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    timestamp: Timestamp,
    recipients: Vec<String>,
    #[serde(default)]
    spf_verdict: Status,
    #[serde(default)]
    dkim_verdict: Status,
    #[serde(default)]
    dmarc_verdict: Status,
    #[serde(default)]
    spam_verdict: Status,
    #[serde(default)]
    virus_verdict: Status,
}

#[derive(Debug, Default, Deserialize)]
struct Status {
    #[serde(default)]
    status: String,
}

impl Status {
    fn verdict(&self) -> Verdict {
        match self.status.as_str() {
            "PASS" => Verdict::Pass,
            "FAIL" => Verdict::Fail,
            "PROCESSING_FAILED" => Verdict::ProcessingFailed,
            // GRAY; DISABLED, where scanning is off; and whatever SES may come to say: nothing to judge by.
            _ => Verdict::Gray,
        }
    }
}

impl From<Ses> for ReceivedMail {
    fn from(Ses { mail, receipt }: Ses) -> Self {
        Self {
            ses_message_id: mail.message_id,
            envelope_from: mail.source.map(|source| if source == "<>" { String::new() } else { source }),
            recipients: receipt.recipients,
            authentication: Authentication {
                spf: receipt.spf_verdict.verdict(),
                dkim: receipt.dkim_verdict.verdict(),
                dmarc: receipt.dmarc_verdict.verdict(),
                spam: receipt.spam_verdict.verdict(),
                virus: receipt.virus_verdict.verdict(),
            },
            received_at: receipt.timestamp,
        }
    }
}

impl ReceiptEvent {
    /// The mails of the event; SES sends one at a time.
    pub fn mails(self) -> impl Iterator<Item = ReceivedMail> {
        self.records.into_iter().map(|record| record.ses.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mail(event: &str) -> ReceivedMail {
        let event: ReceiptEvent = serde_json::from_str(event).unwrap();
        event.mails().next().unwrap()
    }

    #[test]
    fn the_envelope_and_the_verdicts_are_read() {
        let mail = mail(include_str!("../../../events/ingest/reply.json"));
        assert_eq!(mail.recipients, ["anna@support.example.test"]);
        assert_eq!(mail.envelope_from.as_deref(), Some("karl@kunde.example"));
        assert_eq!((mail.authentication.dmarc, mail.authentication.spam), (Verdict::Pass, Verdict::Gray));
    }

    #[test]
    fn a_mail_without_headers_and_sender_is_read_too() {
        let mail = mail(include_str!("../../../events/ingest/bounce_without_from.json"));
        assert_eq!(mail.envelope_from.as_deref(), Some(""));
        assert_eq!(mail.authentication.virus, Verdict::ProcessingFailed);
    }
}
