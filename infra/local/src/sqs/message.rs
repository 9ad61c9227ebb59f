//! A message: its attributes, its size, its digests and the receipt handle of one delivery.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::error::SqsError;

/// One message attribute, as it travels. Binary values stay base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MessageAttribute {
    #[serde(default)]
    data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    string_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
}

/// Attributes by name; the order is the one the digest wants.
pub(super) type MessageAttributes = BTreeMap<String, MessageAttribute>;

/// A value as it is measured and digested; Number travels as text.
enum Value<'a> {
    Text(&'a str),
    Binary(Vec<u8>),
}

impl MessageAttribute {
    fn value(&self, name: &str) -> Result<Value<'_>, SqsError> {
        let invalid = |reason| SqsError::MessageAttribute { name: name.to_owned(), reason };
        let base = self.data_type.split('.').next().unwrap_or_default();
        match (base, &self.string_value, &self.binary_value) {
            ("String" | "Number", Some(text), None) if text.is_empty() => Err(invalid("The value must not be empty.")),
            ("Number", Some(text), None) if text.parse::<f64>().is_err() => Err(invalid("The value must be a number.")),
            ("String" | "Number", Some(text), None) if has_only_valid_characters(text) => Ok(Value::Text(text)),
            ("String" | "Number", Some(_), None) => Err(SqsError::InvalidMessageContents),
            ("Binary", None, Some(encoded)) => match BASE64_STANDARD.decode(encoded) {
                Ok(bytes) if bytes.is_empty() => Err(invalid("The value must not be empty.")),
                Ok(bytes) => Ok(Value::Binary(bytes)),
                Err(_) => Err(invalid("The binary value must be base64.")),
            },
            ("String" | "Number" | "Binary", ..) => {
                Err(invalid("It must contain exactly one value, of the kind its data type names."))
            }
            _ => Err(invalid("The data type must be String, Number or Binary, optionally followed by a label.")),
        }
    }
}

/// What `send` adds up: the size that counts against the limits, and the two digests of the answer.
pub(super) struct Measured {
    pub(super) bytes: usize,
    pub(super) md5_of_body: String,
    pub(super) md5_of_attributes: Option<String>,
}

/// Checks the body and the attributes of a message about to be sent.
pub(super) fn measure(body: &str, attributes: &MessageAttributes) -> Result<Measured, SqsError> {
    if body.is_empty() {
        return Err(SqsError::MissingParameter("MessageBody"));
    }
    if !has_only_valid_characters(body) {
        return Err(SqsError::InvalidMessageContents);
    }
    if attributes.len() > 10 {
        return Err(SqsError::InvalidParameter {
            parameter: "MessageAttributes",
            value: attributes.len().to_string(),
            reason: "Number of message attributes must not exceed 10.",
        });
    }
    let mut bytes = body.len();
    for (name, attribute) in attributes {
        check_name(name)?;
        bytes += name.len() + attribute.data_type.len();
        bytes += match attribute.value(name)? {
            Value::Text(text) => text.len(),
            Value::Binary(value) => value.len(),
        };
    }
    Ok(Measured { bytes, md5_of_body: md5_of_body(body), md5_of_attributes: md5_of_attributes(attributes)? })
}

fn check_name(name: &str) -> Result<(), SqsError> {
    let lower = name.to_ascii_lowercase();
    let well_formed = (1..=256).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    if well_formed {
        Ok(())
    } else {
        Err(SqsError::MessageAttribute { name: name.to_owned(), reason: "The name is not allowed." })
    }
}

/// XML 1.0's characters, the set SQS documents; surrogates cannot be in a `str`.
fn has_only_valid_characters(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..))
}

/// `MD5OfMessageBody`, lower-case hex.
pub(super) fn md5_of_body(body: &str) -> String {
    hex::encode(Md5::digest(body))
}

/// `MD5OfMessageAttributes` ("Calculating the MD5 message digest for message attributes", SQS developer guide); none
/// without attributes.
pub(super) fn md5_of_attributes(attributes: &MessageAttributes) -> Result<Option<String>, SqsError> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut digest = Md5::new();
    let field = |digest: &mut Md5, bytes: &[u8]| {
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in attributes {
        field(&mut digest, name.as_bytes());
        field(&mut digest, attribute.data_type.as_bytes());
        match attribute.value(name)? {
            Value::Text(text) => {
                digest.update([1]);
                field(&mut digest, text.as_bytes());
            }
            Value::Binary(bytes) => {
                digest.update([2]);
                field(&mut digest, &bytes);
            }
        }
    }
    Ok(Some(hex::encode(digest.finalize())))
}

/// What `ReceiveMessage` was asked to return: `All`, `.*`, `prefix.*` or exact names.
pub(super) fn selects(asked: &[String], name: &str) -> bool {
    asked.iter().any(|pattern| match pattern.as_str() {
        "All" | ".*" => true,
        pattern => pattern == name || pattern.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix)),
    })
}

/// One delivery of one message: a message received twice has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) queue_id: i64,
    pub(super) seq: i64,
    pub(super) receive_count: i64,
}

impl Receipt {
    pub(super) fn to_handle(self) -> String {
        let mut bytes = Vec::with_capacity(24);
        for number in [self.queue_id, self.seq, self.receive_count] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        // So that no handle but ours passes for one: a digit changed by hand is told apart from an old handle.
        let digest = Md5::digest(&bytes);
        bytes.extend_from_slice(&digest);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Refuses what this queue never handed out.
    pub(super) fn of_handle(handle: &str, queue_id: i64) -> Result<Self, SqsError> {
        if handle.is_empty() {
            return Err(SqsError::MissingParameter("ReceiptHandle"));
        }
        let invalid = || SqsError::ReceiptHandleIsInvalid(handle.to_owned());
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(handle).map_err(|_| invalid())?;
        let (numbers, digest) = bytes.split_at_checked(24).ok_or_else(invalid)?;
        let mut numbers = numbers.chunks_exact(8).map(|chunk| {
            let mut number = [0; 8];
            number.copy_from_slice(chunk);
            i64::from_be_bytes(number)
        });
        let (Some(issuer), Some(seq), Some(receive_count)) = (numbers.next(), numbers.next(), numbers.next()) else {
            return Err(invalid());
        };
        let receipt = Self { queue_id: issuer, seq, receive_count };
        if issuer == queue_id && digest == Md5::digest(&bytes[..24]).as_slice() { Ok(receipt) } else { Err(invalid()) }
    }
}
