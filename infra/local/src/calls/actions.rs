//! What a role is asked for, in the names of the template and without what is different in each run.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Request;
use http::request::Parts;

use super::Call;
use crate::roles::{Asked, asked};

/// Who signs, and what resources are called here and in the template.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The functions, by the access keys they sign with.
    pub(crate) functions: BTreeSet<String>,
    /// The bucket's name here, and its logical id.
    pub(crate) bucket: (String, String),
    pub(crate) configuration_set: String,
}

/// The access key that a request was signed with.
pub(super) struct Signer(String);

/// Reads the credential (`key/date/region/service/aws4_request`) of a signed request or link.
pub(super) fn signer(request: &Request) -> Option<Signer> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let scope = match header.and_then(|header| header.split_once("Credential=")) {
        Some((_, rest)) => rest.split(',').next()?.to_owned(),
        None => query(request.uri().query().unwrap_or_default(), "X-Amz-Credential")?,
    };
    Some(Signer(scope.split('/').next()?.to_owned()))
}

fn query(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// What IAM checks for a request; nothing for whoever is no function.
pub(super) fn actions(names: &Names, Signer(function): &Signer, parts: &Parts, body: &[u8]) -> Vec<Call> {
    if !names.functions.contains(function) {
        return Vec::new();
    }
    let call = |asked: Asked| {
        let mut context: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (key, value) in asked.context {
            let varies = matches!(key.as_str(), "dynamodb:LeadingKeys" | "s3:prefix");
            context.entry(key).or_default().insert(if varies { plain(&value) } else { value });
        }
        Call {
            function: function.clone(),
            resource: names.resource(&asked.resource),
            action: asked.action,
            context: context.into_iter().map(|(key, values)| (key, values.into_iter().collect())).collect(),
        }
    };
    asked(parts, body).into_iter().map(call).collect()
}

impl Names {
    /// What the template calls it.
    fn resource(&self, arn: &str) -> String {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, resource) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
        match service {
            "dynamodb" => resource.trim_start_matches("table/").to_owned(),
            "kms" => resource.rsplit('/').next().unwrap_or_default().to_owned(),
            "s3" => {
                let (bucket, key) = resource.split_once('/').unwrap_or((resource, ""));
                let bucket = if bucket == self.bucket.0 { &self.bucket.1 } else { bucket };
                if key.is_empty() { bucket.to_owned() } else { format!("{bucket}/{}", plain(key)) }
            }
            "ses" => match arn.split_once("configuration-set/") {
                Some((before, _)) => format!("{before}configuration-set/{}", self.configuration_set),
                None => arn.to_owned(),
            },
            _ => resource.to_owned(),
        }
    }
}

/// What is different in each run of a test is not: ids, times and hashes become `0`.
fn plain(key: &str) -> String {
    let mut plain = String::new();
    for run in key.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let (word, end) = match run.char_indices().next_back() {
            Some((at, last)) if !last.is_ascii_alphanumeric() => (&run[..at], &run[at..]),
            _ => (run, ""),
        };
        let varies = word.len() >= 12 || word.bytes().any(|byte| byte.is_ascii_digit());
        plain.push_str(if varies { "0" } else { word });
        plain.push_str(end);
    }
    plain
}
