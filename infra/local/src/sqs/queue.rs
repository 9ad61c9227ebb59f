//! What a queue is called and how it is set.
//!
//! Limits and defaults: "Amazon SQS message quotas" and `SetQueueAttributes` in the AWS documentation.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde::{Deserialize, Serialize};

use super::error::SqsError;

/// The name of a standard queue: 1 to 80 letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueueName(String);

impl QueueName {
    pub(super) fn parse(name: &str) -> Result<Self, SqsError> {
        if name.is_empty() {
            return Err(SqsError::MissingParameter("QueueName"));
        }
        if name.strip_suffix(".fifo").is_some() {
            return Err(SqsError::FifoQueue);
        }
        if name.len() > 80 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Err(SqsError::InvalidParameter {
                parameter: "QueueName",
                value: name.to_owned(),
                reason: "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
            });
        }
        Ok(Self(name.to_owned()))
    }

    /// From `http://<any host>/<account>/<name>`: only the path counts, the port changes with every start.
    pub(super) fn of_url(url: &str) -> Result<Self, SqsError> {
        if url.is_empty() {
            return Err(SqsError::MissingParameter("QueueUrl"));
        }
        let mut segments = url.trim_end_matches('/').rsplit('/');
        let name = segments.next().and_then(|name| Self::parse(name).ok());
        match (name, segments.next()) {
            (Some(name), Some(super::ACCOUNT_ID)) => Ok(name),
            (Some(_), Some(account)) if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(SqsError::QueueDoesNotExist)
            }
            _ => Err(SqsError::InvalidAddress(url.to_owned())),
        }
    }

    /// From the ARN of a queue of this account.
    pub(super) fn of_arn(arn: &str) -> Option<Self> {
        let rest = arn.strip_prefix("arn:aws:sqs:")?;
        let (_region, rest) = rest.split_once(':')?;
        let (account, name) = rest.split_once(':')?;
        (account == super::ACCOUNT_ID).then(|| Self::parse(name).ok())?
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedrivePolicy {
    pub(super) dead_letter_target_arn: String,
    #[serde(deserialize_with = "number_or_text")]
    pub(super) max_receive_count: u32,
}

/// AWS takes the count as a number and as a text.
fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u32),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(count) => Ok(count),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

/// The attributes of a queue that may be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) visibility_timeout_s: u32,
    pub(super) delay_s: u32,
    pub(super) retention_s: u32,
    pub(super) wait_time_s: u32,
    pub(super) maximum_message_bytes: u32,
    pub(super) redrive: Option<RedrivePolicy>,
    /// Shown as set; there is nothing to encrypt against on one machine.
    pub(super) managed_encryption: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            visibility_timeout_s: 30,
            delay_s: 0,
            retention_s: 345_600,
            wait_time_s: 0,
            maximum_message_bytes: super::MAXIMUM_BYTES,
            redrive: None,
            managed_encryption: true,
        }
    }
}

/// The range of each number, as `SetQueueAttributes` documents it.
pub(super) const VISIBILITY_TIMEOUT_S: RangeInclusive<u32> = 0..=43_200;
pub(super) const DELAY_S: RangeInclusive<u32> = 0..=900;
pub(super) const WAIT_TIME_S: RangeInclusive<u32> = 0..=20;
const RETENTION_S: RangeInclusive<u32> = 60..=1_209_600;
const MESSAGE_BYTES: RangeInclusive<u32> = 1024..=super::MAXIMUM_BYTES;
const MAX_RECEIVE_COUNT: RangeInclusive<u32> = 1..=1000;

/// An attribute that `SetQueueAttributes` takes and this engine plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    VisibilityTimeout,
    DelaySeconds,
    MessageRetentionPeriod,
    ReceiveMessageWaitTimeSeconds,
    MaximumMessageSize,
    RedrivePolicy,
    SqsManagedSseEnabled,
}

impl Setting {
    pub(super) const ALL: [Self; 7] = [
        Self::VisibilityTimeout,
        Self::DelaySeconds,
        Self::MessageRetentionPeriod,
        Self::ReceiveMessageWaitTimeSeconds,
        Self::MaximumMessageSize,
        Self::RedrivePolicy,
        Self::SqsManagedSseEnabled,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::VisibilityTimeout => "VisibilityTimeout",
            Self::DelaySeconds => "DelaySeconds",
            Self::MessageRetentionPeriod => "MessageRetentionPeriod",
            Self::ReceiveMessageWaitTimeSeconds => "ReceiveMessageWaitTimeSeconds",
            Self::MaximumMessageSize => "MaximumMessageSize",
            Self::RedrivePolicy => "RedrivePolicy",
            Self::SqsManagedSseEnabled => "SqsManagedSseEnabled",
        }
    }

    pub(super) fn named(name: &str) -> Result<Self, SqsError> {
        match Self::ALL.into_iter().find(|setting| setting.name() == name) {
            Some(setting) => Ok(setting),
            None if ["Policy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"]
                .contains(&name) =>
            {
                Err(SqsError::UnsupportedOperation(format!("The queue attribute {name}")))
            }
            None => Err(SqsError::InvalidAttributeName(name.to_owned())),
        }
    }
}

impl Settings {
    /// These settings with the given attributes set on top; the first one that differs from before comes along.
    pub(super) fn with(&self, attributes: &BTreeMap<String, String>) -> Result<(Self, Option<&'static str>), SqsError> {
        let mut settings = self.clone();
        let mut differing = None;
        for (name, value) in attributes {
            let setting = Setting::named(name)?;
            let before = settings.clone();
            settings.set(setting, value)?;
            if settings != before {
                differing.get_or_insert(setting.name());
            }
        }
        Ok((settings, differing))
    }

    fn set(&mut self, setting: Setting, value: &str) -> Result<(), SqsError> {
        let number = |range: RangeInclusive<u32>| {
            let number = value.parse().ok().filter(|number| range.contains(number));
            number.ok_or(SqsError::InvalidAttributeValue(setting.name()))
        };
        match setting {
            Setting::VisibilityTimeout => self.visibility_timeout_s = number(VISIBILITY_TIMEOUT_S)?,
            Setting::DelaySeconds => self.delay_s = number(DELAY_S)?,
            Setting::MessageRetentionPeriod => self.retention_s = number(RETENTION_S)?,
            Setting::ReceiveMessageWaitTimeSeconds => self.wait_time_s = number(WAIT_TIME_S)?,
            Setting::MaximumMessageSize => self.maximum_message_bytes = number(MESSAGE_BYTES)?,
            // An empty text takes the policy away.
            Setting::RedrivePolicy if value.is_empty() => self.redrive = None,
            Setting::RedrivePolicy => self.redrive = Some(redrive_policy(value)?),
            Setting::SqsManagedSseEnabled => {
                self.managed_encryption = value.parse().map_err(|_| SqsError::InvalidAttributeValue(setting.name()))?;
            }
        }
        Ok(())
    }

    /// The value as `GetQueueAttributes` shows it; `None` for what is not set.
    pub(super) fn shown(&self, setting: Setting) -> Option<String> {
        Some(match setting {
            Setting::VisibilityTimeout => self.visibility_timeout_s.to_string(),
            Setting::DelaySeconds => self.delay_s.to_string(),
            Setting::MessageRetentionPeriod => self.retention_s.to_string(),
            Setting::ReceiveMessageWaitTimeSeconds => self.wait_time_s.to_string(),
            Setting::MaximumMessageSize => self.maximum_message_bytes.to_string(),
            Setting::RedrivePolicy => {
                let policy = self.redrive.as_ref()?;
                serde_json::json!({
                    "deadLetterTargetArn": policy.dead_letter_target_arn,
                    "maxReceiveCount": policy.max_receive_count,
                })
                .to_string()
            }
            Setting::SqsManagedSseEnabled => self.managed_encryption.to_string(),
        })
    }
}

fn redrive_policy(value: &str) -> Result<RedrivePolicy, SqsError> {
    let invalid = |reason| SqsError::InvalidParameter { parameter: "RedrivePolicy", value: value.to_owned(), reason };
    let policy: RedrivePolicy =
        serde_json::from_str(value).map_err(|_| invalid("Redrive policy is not a valid JSON map."))?;
    if !MAX_RECEIVE_COUNT.contains(&policy.max_receive_count) {
        return Err(invalid("Invalid value for maxReceiveCount: must be between 1 and 1000."));
    }
    if QueueName::of_arn(&policy.dead_letter_target_arn).is_none() {
        return Err(invalid("Invalid value for deadLetterTargetArn."));
    }
    Ok(policy)
}
