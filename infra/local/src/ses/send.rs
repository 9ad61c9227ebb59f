//! `SendEmail`: what SES checks before it accepts, and what accepting means.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::SesError;
use super::events::{EventMail, Events};
use super::headers::{Headers, bare_address, domain_of};
use super::mime::{self, Correspondents, SimpleContent};
use super::{Ses, account, timestamps};
use crate::outbox::{Outbox, Outgoing, Route};

const MAX_RECIPIENTS: usize = 50;
const MAX_MESSAGE_BYTES: usize = 40 * 1024 * 1024;
/// What stands after the `@` of the Message-IDs SES gives (us-east-1's; other regions put their name in it).
const MESSAGE_ID_DOMAIN: &str = "email.amazonses.com";
const MAX_TAGS: usize = 50;
/// SES refuses a message that has one of these twice.
const SINGLE_HEADERS: [&str; 8] = ["From", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "Reply-To"];
const SIMULATOR: &str = "simulator.amazonses.com";
const NO_SUCH_USER: &str = "smtp; 550 5.1.1 user unknown";

/// Body of `SendEmail`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendEmail {
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Content,
    #[serde(default)]
    email_tags: Vec<EmailTag>,
    configuration_set_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Destination {
    #[serde(rename = "ToAddresses")]
    to: Vec<String>,
    #[serde(rename = "CcAddresses")]
    cc: Vec<String>,
    #[serde(rename = "BccAddresses")]
    bcc: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: Option<RawContent>,
    simple: Option<SimpleContent>,
    template: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawContent {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EmailTag {
    name: String,
    value: String,
}

/// What becomes of one recipient the moment the mail is accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Carried on by the outbox, which tells the outcome.
    Routed(Route),
    /// Reached: there is nowhere further to go from here.
    Delivered,
    /// The simulator's: refused.
    Bounced { sub_type: &'static str },
    /// The simulator's: reached, then reported as unwanted.
    Complained,
}

impl Ses {
    /// Accepts a mail; the value is SES's response.
    pub(super) async fn send(&self, request: SendEmail) -> Result<Value, SesError> {
        let now_ms = self.clock.now_ms();
        let ses_message_id = ses_message_id(now_ms);
        let raw = raw_message(&request, &ses_message_id, now_ms)?;
        if raw.len() > MAX_MESSAGE_BYTES {
            let message = format!("Message length is more than {MAX_MESSAGE_BYTES} bytes long: '{}'.", raw.len());
            return Err(SesError::BadRequest(message));
        }
        let headers = Headers::parse(&raw);
        check_headers(&headers)?;
        let source = self.check_sender(&request, &headers).await?;
        let recipients = recipients(&request.destination, &headers)?;
        self.check_configuration(&request)?;

        let rewritten =
            [("Message-ID", format!("<{ses_message_id}@{MESSAGE_ID_DOMAIN}>")), ("Date", timestamps::rfc5322(now_ms))];
        let events = request
            .configuration_set_name
            .as_deref()
            .map(|set| self.event_mail(set, &request, &source, &recipients, &headers, &ses_message_id, now_ms));

        let mut fates = Vec::with_capacity(recipients.len());
        for recipient in &recipients {
            fates.push((recipient.clone(), self.fate(recipient).await?));
        }
        let mail = Outgoing {
            id: super::time_ordered_id(now_ms),
            ses_message_id: ses_message_id.clone(),
            envelope_from: source,
            envelope_to: recipients,
            sent_ms: now_ms,
            raw: headers.rewrite(&raw, &rewritten, &["Bcc"]),
            routes: Vec::new(),
            events,
        };
        let outbox_id = mail.id.clone();
        self.state.call(move |tx| accept(tx, mail, fates)).await?;
        self.outbox.wake();
        self.events.wake();
        tracing::info!(ses_message_id, outbox_id, "mail sent");
        Ok(json!({"MessageId": ses_message_id}))
    }

    /// The bare sender address, once every identity that must be verified is.
    async fn check_sender(&self, request: &SendEmail, headers: &Headers) -> Result<String, SesError> {
        let header_from = headers.addresses("From");
        let written = match (&request.from_email_address, header_from.first()) {
            (Some(given), _) => given,
            (None, Some(in_header)) => in_header,
            (None, None) => return Err(SesError::BadRequest("Missing required header 'From'.".to_owned())),
        };
        let source = bare(written)?.to_owned();
        let mut failed: Vec<&str> = Vec::new();
        for written in header_from.iter().chain([&source]) {
            let address = bare(written)?;
            if !failed.contains(&address) && !self.identities.may_send(address).await? {
                failed.push(address);
            }
        }
        if failed.is_empty() {
            return Ok(source);
        }
        Err(SesError::MessageRejected(format!(
            "Email address is not verified. The following identities failed the check in region {}: {}",
            self.settings.region.to_ascii_uppercase(),
            failed.join(", ")
        )))
    }

    fn check_configuration(&self, request: &SendEmail) -> Result<(), SesError> {
        if let Some(set) = &request.configuration_set_name
            && !self.settings.configuration_sets.contains(set)
        {
            return Err(SesError::NotFound(format!("Configuration set <{set}> does not exist.")));
        }
        let is_text = |text: &str| {
            (1..=256).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@'))
        };
        if request.email_tags.len() > MAX_TAGS {
            return Err(SesError::BadRequest(format!("Too many tags: more than {MAX_TAGS}.")));
        }
        for tag in &request.email_tags {
            if !is_text(&tag.name) || !is_text(&tag.value) {
                return Err(SesError::BadRequest(format!("Invalid tag <{}>.", tag.name)));
            }
        }
        Ok(())
    }

    async fn fate(&self, recipient: &str) -> Result<Fate, SesError> {
        let domain = domain_of(recipient);
        if domain == SIMULATOR {
            let local = recipient.split(['+', '@']).next().unwrap_or_default().to_ascii_lowercase();
            return Ok(match local.as_str() {
                "bounce" => Fate::Bounced { sub_type: "General" },
                "suppressionlist" => Fate::Bounced { sub_type: "Suppressed" },
                "complaint" => Fate::Complained,
                _ => Fate::Delivered,
            });
        }
        Ok(if self.identities.receives(&domain).await? {
            Fate::Routed(Route::LoopBack)
        } else if self.outbox.has_relay() {
            Fate::Routed(Route::Relay)
        } else {
            Fate::Delivered
        })
    }

    #[allow(clippy::too_many_arguments)] // Everything an event tells about a mail comes together here only.
    fn event_mail(
        &self,
        configuration_set: &str,
        request: &SendEmail,
        source: &str,
        recipients: &[String],
        headers: &Headers,
        ses_message_id: &str,
        now_ms: i64,
    ) -> EventMail {
        let mut tags = serde_json::Map::new();
        for tag in &request.email_tags {
            let values = tags.entry(tag.name.as_str()).or_insert_with(|| json!([]));
            if let Value::Array(values) = values {
                values.push(json!(tag.value));
            }
        }
        for (name, value) in [
            ("ses:operation", "SendEmail"),
            ("ses:configuration-set", configuration_set),
            ("ses:source-ip", "127.0.0.1"),
            ("ses:from-domain", &domain_of(source)),
            ("ses:caller-identity", "local"),
        ] {
            tags.insert(name.to_owned(), json!([value]));
        }
        let (listed, truncated) = headers.to_event();
        let mut common = headers.common();
        // In SES's events the original Message-ID stands among the headers; this one is the new id.
        common.insert("messageId".to_owned(), json!(ses_message_id));
        let (region, account) = (&self.settings.region, &self.settings.account_id);
        EventMail(json!({
            "timestamp": timestamps::iso8601(now_ms),
            "source": source,
            "sourceArn": format!("arn:aws:ses:{region}:{account}:identity/{}", domain_of(source)),
            "sendingAccountId": account,
            "messageId": ses_message_id,
            "destination": recipients,
            "headersTruncated": truncated,
            "headers": listed,
            "commonHeaders": common,
            "tags": tags,
        }))
    }
}

/// Accepting: outbox, deliveries and events stand together or not at all.
fn accept(tx: &Transaction<'_>, mut mail: Outgoing, fates: Vec<(String, Fate)>) -> Result<(), SesError> {
    if !account::sending_enabled(tx)? {
        return Err(SesError::SendingPaused);
    }
    let (mut delivered, mut bounced, mut complained) = (Vec::new(), Vec::new(), Vec::new());
    for (recipient, fate) in fates {
        if account::is_suppressed(tx, &recipient.to_ascii_lowercase())? {
            bounced.push((recipient, "OnAccountSuppressionList"));
            continue;
        }
        match fate {
            Fate::Routed(route) => mail.routes.push((recipient, route)),
            Fate::Delivered => delivered.push(recipient),
            Fate::Bounced { sub_type } => bounced.push((recipient, sub_type)),
            Fate::Complained => {
                delivered.push(recipient.clone());
                complained.push(recipient);
            }
        }
    }
    Outbox::add(tx, &mail)?;
    let Some(events) = &mail.events else { return Ok(()) };
    Events::add(tx, &events.send())?;
    if !delivered.is_empty() {
        Events::add(tx, &events.delivery(&delivered, mail.sent_ms, mail.sent_ms))?;
    }
    for (recipient, sub_type) in &bounced {
        Events::add(tx, &events.bounce(recipient, sub_type, NO_SUCH_USER, mail.sent_ms))?;
    }
    for recipient in &complained {
        Events::add(tx, &events.complaint(recipient, mail.sent_ms))?;
    }
    Ok(())
}

fn raw_message(request: &SendEmail, ses_message_id: &str, now_ms: i64) -> Result<Vec<u8>, SesError> {
    match (&request.content.raw, &request.content.simple, &request.content.template) {
        (Some(raw), None, None) => BASE64
            .decode(&raw.data)
            .map_err(|error| SesError::BadRequest(format!("Content.Raw.Data is not base64: {error}"))),
        (None, Some(simple), None) => mime::message(
            simple,
            &Correspondents {
                from: request.from_email_address.as_deref().unwrap_or_default(),
                to: &request.destination.to,
                cc: &request.destination.cc,
                reply_to: &request.reply_to_addresses,
            },
            &format!("{ses_message_id}@{MESSAGE_ID_DOMAIN}"),
            now_ms / 1000,
        ),
        (None, None, Some(_)) => Err(SesError::NotImplemented("SendEmail with Content.Template".to_owned())),
        _ => Err(SesError::BadRequest("Content must have exactly one of Raw, Simple and Template.".to_owned())),
    }
}

fn check_headers(headers: &Headers) -> Result<(), SesError> {
    if headers.count("From") == 0 {
        return Err(SesError::BadRequest("Missing required header 'From'.".to_owned()));
    }
    match SINGLE_HEADERS.iter().find(|name| headers.count(name) > 1) {
        Some(name) => Err(SesError::BadRequest(format!("Duplicate header '{name}'."))),
        None => Ok(()),
    }
}

/// Bare envelope recipients: the request's, else those of the message's headers.
fn recipients(destination: &Destination, headers: &Headers) -> Result<Vec<String>, SesError> {
    let mut written: Vec<String> =
        [&destination.to, &destination.cc, &destination.bcc].into_iter().flatten().cloned().collect();
    if written.is_empty() {
        written = ["To", "Cc", "Bcc"].into_iter().flat_map(|name| headers.addresses(name)).collect();
    }
    if written.len() > MAX_RECIPIENTS {
        return Err(SesError::BadRequest(format!("Recipient count exceeds {MAX_RECIPIENTS}.")));
    }
    let mut recipients: Vec<String> = Vec::with_capacity(written.len());
    for address in &written {
        let address = bare(address)?;
        if !recipients.iter().any(|known| known == address) {
            recipients.push(address.to_owned());
        }
    }
    if recipients.is_empty() {
        return Err(SesError::BadRequest("Must have at least one recipient.".to_owned()));
    }
    Ok(recipients)
}

fn bare(written: &str) -> Result<&str, SesError> {
    let address = bare_address(written).filter(|address| address.is_ascii());
    address.ok_or_else(|| SesError::BadRequest(format!("Invalid email address <{}>.", written.trim())))
}

/// An id as SES gives to accepted mail: `0100` + milliseconds, a UUID, a counter.
fn ses_message_id(now_ms: i64) -> String {
    format!("0100{now_ms:012x}-{}-000000", super::random_uuid())
}
