//! The mail SES writes itself from `Content.Simple`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::raw::Raw;
use serde::Deserialize;

use super::error::SesError;

/// `Content.Simple`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SimpleContent {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    attachments: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

/// Who a simple mail is from and to, as written in the request.
pub(super) struct Correspondents<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a [String],
    pub(super) cc: &'a [String],
    pub(super) reply_to: &'a [String],
}

/// The message SES makes of simple content.
pub(super) fn message(
    content: &SimpleContent,
    who: &Correspondents<'_>,
    message_id: &str,
    date_s: i64,
) -> Result<Vec<u8>, SesError> {
    if !content.attachments.is_empty() {
        return Err(SesError::NotImplemented("SendEmail with Content.Simple.Attachments".to_owned()));
    }
    let mut fields = vec![("From", who.from.to_owned())];
    for (name, addresses) in [("To", who.to), ("Cc", who.cc), ("Reply-To", who.reply_to)] {
        if !addresses.is_empty() {
            fields.push((name, addresses.join(", ")));
        }
    }
    fields.extend(content.headers.iter().map(|header| (header.name.as_str(), header.value.clone())));
    let mut builder = MessageBuilder::new().subject(content.subject.data.as_str()).message_id(message_id).date(date_s);
    for (name, value) in fields {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !is_name || value.chars().any(char::is_control) {
            return Err(SesError::BadRequest(format!("Invalid header {name:?}.")));
        }
        builder = builder.header(name.to_owned(), HeaderType::Raw(Raw::new(encoded(&value))));
    }
    builder = match (&content.body.text, &content.body.html) {
        (Some(text), html) => {
            let builder = builder.text_body(text.data.as_str());
            match html {
                Some(html) => builder.html_body(html.data.as_str()),
                None => builder,
            }
        }
        (None, Some(html)) => builder.html_body(html.data.as_str()),
        (None, None) => return Err(SesError::BadRequest("Body must have Text or Html.".to_owned())),
    };
    builder.write_to_vec().map_err(|error| SesError::BadRequest(error.to_string()))
}

/// A header value as ASCII: a display name before an address is encoded (RFC 2047), other text whole.
fn encoded(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    let word = |text: &str| format!("=?utf-8?B?{}?=", BASE64.encode(text.trim().trim_matches('"')));
    match value.rsplit_once('<') {
        Some((name, address)) if address.is_ascii() => format!("{} <{address}", word(name)),
        _ => word(value),
    }
}
