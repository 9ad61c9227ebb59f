//! From a request to the actions that IAM checks for it. See the service authorization reference of each service.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Request;
use http::{Method, request::Parts};
use serde_json::{Map, Value};

use super::{Call, json};
use crate::{engine::REGION, sqs::ACCOUNT_ID};

/// Who signs, and what resources are called here and in the template.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The functions, by the access keys they sign with.
    pub(crate) functions: BTreeSet<String>,
    /// The bucket's name here, and its logical id.
    pub(crate) bucket: (String, String),
    pub(crate) configuration_set: String,
}

/// Who signed, and for which service.
pub(super) struct Signer {
    key: String,
    service: String,
}

/// Reads the credential's scope (`key/date/region/service/aws4_request`) of a signed request or link.
pub(super) fn signer(request: &Request) -> Option<Signer> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let scope = match header.and_then(|header| header.split_once("Credential=")) {
        Some((_, rest)) => rest.split(',').next()?.to_owned(),
        None => query(request.uri().query().unwrap_or_default(), "X-Amz-Credential")?,
    };
    let mut parts = scope.split('/');
    Some(Signer { key: parts.next()?.to_owned(), service: parts.nth(2)?.to_owned() })
}

fn query(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// What IAM checks for a request; nothing for whoever is no function.
pub(super) fn actions(names: &Names, signer: &Signer, parts: &Parts, body: &[u8]) -> Vec<Call> {
    if !names.functions.contains(&signer.key) {
        return Vec::new();
    }
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
    let checked = match signer.service.as_str() {
        "dynamodb" => of_table(operation, &json(body)),
        "s3" => of_bucket(names, parts),
        "ses" => of_ses(names, parts, &json(body)),
        "sqs" => {
            let body = json(body);
            let url = body.get("QueueUrl").and_then(Value::as_str).unwrap_or_default();
            let queue = url.rsplit('/').next().unwrap_or_default();
            vec![Checked::new(operation.trim_end_matches("Batch"), queue)]
        }
        "kms" => of_key(operation, &json(body)),
        // Another service that speaks JSON: the resource is not known here.
        _ => vec![Checked::new(operation, "*")],
    };
    let call = |checked: Checked| Call {
        function: signer.key.clone(),
        action: format!("{}:{}", signer.service, checked.action),
        resource: checked.resource,
        context: checked.context,
    };
    checked.into_iter().map(call).collect()
}

struct Checked {
    action: String,
    resource: String,
    context: BTreeMap<String, Vec<String>>,
}

impl Checked {
    fn new(action: &str, resource: &str) -> Self {
        Self { action: action.to_owned(), resource: resource.to_owned(), context: BTreeMap::new() }
    }

    fn with(mut self, key: &str, values: Vec<String>) -> Self {
        self.context.insert(key.to_owned(), values);
        self
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

/// A key is called by its logical id here. Every pair of the encryption context is a condition key.
fn of_key(operation: &str, body: &Map<String, Value>) -> Vec<Checked> {
    let key = body.get("KeyId").and_then(Value::as_str).unwrap_or_default();
    let mut checked = Checked::new(operation, key.rsplit('/').next().unwrap_or_default());
    for (name, value) in body.get("EncryptionContext").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default().to_owned();
        checked = checked.with(&format!("kms:EncryptionContext:{name}"), vec![value]);
    }
    vec![checked]
}

fn of_table(operation: &str, body: &Map<String, Value>) -> Vec<Checked> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let table = |of: &Value| text(&of["TableName"]);
    let leading = |key: &Value| vec![plain(key["pk"]["S"].as_str().unwrap_or_default())];
    let keyed = |action: &str, of: &Value, key: &Value| {
        Checked::new(action, &table(of)).with("dynamodb:LeadingKeys", leading(key))
    };
    let whole = Value::Object(body.clone());
    let parts = |name: &str| whole[name].as_array().cloned().unwrap_or_default();
    match operation {
        "PutItem" => vec![keyed(operation, &whole, &whole["Item"])],
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![keyed(operation, &whole, &whole["Key"])],
        "TransactGetItems" => {
            parts("TransactItems").iter().map(|part| keyed("GetItem", &part["Get"], &part["Get"]["Key"])).collect()
        }
        "TransactWriteItems" => {
            let of_part = |part: &Value| {
                let (kind, of) = part.as_object()?.iter().next()?;
                Some(match kind.as_str() {
                    "Put" => keyed("PutItem", of, &of["Item"]),
                    "ConditionCheck" => keyed("ConditionCheckItem", of, &of["Key"]),
                    kind => keyed(&format!("{kind}Item"), of, &of["Key"]),
                })
            };
            parts("TransactItems").iter().filter_map(of_part).collect()
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let of_table = |(table, asked): (&String, &Value)| {
                let keys = asked["Keys"].as_array().or(asked.as_array()).cloned().unwrap_or_default();
                let key = |asked: &Value| {
                    let written = [&asked["PutRequest"]["Item"], &asked["DeleteRequest"]["Key"]];
                    leading(written.into_iter().find(|key| key.is_object()).unwrap_or(asked))
                };
                let leading: BTreeSet<String> = keys.iter().flat_map(key).collect();
                Checked::new(operation, table).with("dynamodb:LeadingKeys", leading.into_iter().collect())
            };
            whole["RequestItems"].as_object().into_iter().flatten().map(of_table).collect()
        }
        "Query" => {
            let index = whole["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
            let partition = whole["KeyConditionExpression"].as_str().and_then(|expression| {
                let equal = expression.split(" AND ").find_map(|part| part.split_once('='))?;
                whole["ExpressionAttributeValues"][equal.1.trim()]["S"].as_str()
            });
            let resource = format!("{}{index}", table(&whole));
            vec![
                Checked::new(operation, &resource)
                    .with("dynamodb:LeadingKeys", partition.map(plain).into_iter().collect()),
            ]
        }
        _ => vec![Checked::new(operation, &table(&whole))],
    }
}

fn of_bucket(names: &Names, parts: &Parts) -> Vec<Checked> {
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let bucket = if bucket == names.bucket.0 { &names.bucket.1 } else { bucket };
    let object = format!("{bucket}/{}", plain(key));
    match parts.method {
        _ if key.is_empty() => {
            let prefix = query(parts.uri.query().unwrap_or_default(), "prefix");
            vec![
                Checked::new("ListBucket", bucket)
                    .with("s3:prefix", prefix.iter().map(|prefix| plain(prefix)).collect()),
            ]
        }
        Method::GET | Method::HEAD => vec![Checked::new("GetObject", &object)],
        Method::DELETE => vec![Checked::new("DeleteObject", &object)],
        Method::PUT => {
            let mut checked = vec![Checked::new("PutObject", &object)];
            let source = parts.headers.get("x-amz-copy-source").and_then(|source| source.to_str().ok());
            if let Some((_, key)) = source.and_then(|source| source.trim_start_matches('/').split_once('/')) {
                checked.push(Checked::new("GetObject", &format!("{bucket}/{}", plain(key))));
            }
            checked
        }
        _ => vec![Checked::new(parts.method.as_str(), &object)],
    }
}

fn of_ses(names: &Names, parts: &Parts, body: &Map<String, Value>) -> Vec<Checked> {
    let arn = |resource: &str| format!("arn:aws:ses:{REGION}:{ACCOUNT_ID}:{resource}");
    let identity = |name: &str| arn(&format!("identity/{name}"));
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let path: Vec<&str> = parts.uri.path().trim_matches('/').split('/').skip(2).collect();
    match (&parts.method, path.as_slice()) {
        (&Method::POST, ["outbound-emails"]) => {
            let (_, domain) = text("FromEmailAddress").rsplit_once('@').unwrap_or_default();
            // Of a raw mail AWS checks the older API's action as well, and says so when it refuses.
            let is_raw = body.get("Content").is_some_and(|content| content.get("Raw").is_some());
            let checked: &[&str] = if is_raw { &["SendEmail", "SendRawEmail"] } else { &["SendEmail"] };
            let from = |checked: Checked| checked.with("ses:FromAddress", vec![text("FromEmailAddress").to_owned()]);
            let mut resources = vec![identity(domain.trim_end_matches('>'))];
            if !text("ConfigurationSetName").is_empty() {
                resources.push(arn(&format!("configuration-set/{}", names.configuration_set)));
            }
            let each = |action: &&str| {
                resources.iter().map(|resource| from(Checked::new(action, resource))).collect::<Vec<_>>()
            };
            checked.iter().flat_map(each).collect()
        }
        (&Method::POST, ["identities"]) => {
            let mut made = vec![Checked::new("CreateEmailIdentity", &identity(text("EmailIdentity")))];
            if body.get("Tags").and_then(Value::as_array).is_some_and(|tags| !tags.is_empty()) {
                made.push(Checked::new("TagResource", &identity(text("EmailIdentity"))));
            }
            made
        }
        (&Method::GET, ["identities", name]) => vec![Checked::new("GetEmailIdentity", &identity(name))],
        (&Method::DELETE, ["identities", name]) => vec![Checked::new("DeleteEmailIdentity", &identity(name))],
        (&Method::PUT, ["identities", name, "dkim", "signing"]) => {
            vec![Checked::new("PutEmailIdentityDkimSigningAttributes", &identity(name))]
        }
        (method, path) => vec![Checked::new(&format!("{method} {}", path.join("/")), "*")],
    }
}
