//! The event SES gives to a Lambda action of a receipt rule
//! (<https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>).

use serde_json::{Value, json};

use super::incoming::{Incoming, ReceiverSettings};
use super::verdicts::{Findings, Verdict};
use crate::ses::headers::Headers;
use crate::ses::timestamps;

/// What the event tells about.
pub(super) struct Receipt<'a> {
    pub(super) incoming: &'a Incoming,
    /// Headers of the stored mail, those SES added included.
    pub(super) headers: &'a Headers,
    pub(super) findings: &'a Findings,
    pub(super) received_ms: i64,
    pub(super) processing_ms: i64,
}

/// The event, as JSON.
pub(super) fn receipt(receipt: &Receipt<'_>, settings: &ReceiverSettings) -> Value {
    let Receipt { incoming, headers, findings, received_ms, processing_ms } = receipt;
    let timestamp = timestamps::iso8601(*received_ms);
    let (listed, truncated) = headers.to_event();
    let mut common = headers.common();
    common.insert("returnPath".to_owned(), json!(incoming.envelope_from));
    let mut event = json!({"Records": [{
        "eventSource": "aws:ses",
        "eventVersion": "1.0",
        "ses": {
            "mail": {
                "timestamp": timestamp,
                "source": incoming.envelope_from,
                "messageId": incoming.message_id,
                "destination": incoming.recipients,
                "headersTruncated": truncated,
                "headers": listed,
                "commonHeaders": common,
            },
            "receipt": {
                "timestamp": timestamp,
                "processingTimeMillis": processing_ms,
                "recipients": incoming.recipients,
                "spamVerdict": {"status": findings.spam},
                "virusVerdict": {"status": findings.virus},
                "spfVerdict": {"status": findings.spf},
                "dkimVerdict": {"status": findings.dkim},
                "dmarcVerdict": {"status": findings.dmarc},
                "action": {
                    "type": "Lambda",
                    "functionArn": settings.function_arn,
                    "invocationType": "Event",
                },
            },
        },
    }]});
    if findings.dmarc == Verdict::Fail {
        event["Records"][0]["ses"]["receipt"]["dmarcPolicy"] = json!(findings.dmarc_policy);
    }
    event
}
