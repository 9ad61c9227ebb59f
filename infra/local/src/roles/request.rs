//! What a request asks for, in the words of IAM.
//!
//! Sources: "Actions, resources, and condition keys" of each service in the Service Authorization Reference; for
//! transactions "Using IAM with DynamoDB transactions", by which each of their operations is authorized by itself.

use std::borrow::Cow;

use http::{Method, request::Parts};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use crate::{kms::key_arn, region::REGION, sqs::ACCOUNT_ID};

/// Something that is to be done to something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `dynamodb:GetItem`.
    pub action: String,
    /// Its ARN, or what the template calls it.
    pub resource: String,
    /// What conditions may ask about; a key may come more than once.
    pub context: Vec<(String, String)>,
}

/// How an error looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Json { error: &'static str },
    RestJson,
    Xml,
}

/// What a request asks for; several things, where it is a batch or a transaction. And how it would be refused.
pub(super) fn asked(parts: &Parts, body: &[u8]) -> (Protocol, Vec<Asked>) {
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    if let Some(operation) = target.strip_prefix("DynamoDB_20120810.") {
        return (Protocol::Json { error: "AccessDeniedException" }, of_table(operation, body));
    }
    if let Some(operation) = target.strip_prefix("TrentService.") {
        return (Protocol::Json { error: "AccessDeniedException" }, of_key(operation, body));
    }
    if let Some(operation) = target.strip_prefix("AmazonSQS.") {
        return (Protocol::Json { error: "com.amazonaws.sqs#AccessDenied" }, of_queue(operation, body));
    }
    if parts.uri.path().starts_with("/v2/email/") {
        return (Protocol::RestJson, of_mail(parts, body));
    }
    (Protocol::Xml, of_bucket(parts))
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}")
}

/// What is refused whatever a role says: a request that nothing here understands.
fn not_understood(service: &str) -> Vec<Asked> {
    vec![Asked { action: format!("{service}:(not understood)"), resource: String::new(), context: Vec::new() }]
}

/// A text of DynamoDB, of which nothing but texts are keys.
#[derive(Deserialize)]
struct Text<'a> {
    #[serde(rename = "S", borrow)]
    s: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Keyed<'a> {
    #[serde(borrow)]
    pk: Option<Text<'a>>,
}

/// One operation upon one item, whatever its name.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnItem<'a> {
    table_name: Cow<'a, str>,
    #[serde(borrow)]
    key: Option<Keyed<'a>>,
    #[serde(borrow)]
    item: Option<Keyed<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query<'a> {
    table_name: Cow<'a, str>,
    index_name: Option<Cow<'a, str>>,
    key_condition_expression: Cow<'a, str>,
    #[serde(borrow)]
    expression_attribute_values: BTreeMap<Cow<'a, str>, Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Transaction<'a> {
    #[serde(borrow)]
    transact_items: Vec<BTreeMap<Cow<'a, str>, OnItem<'a>>>,
}

#[derive(Deserialize)]
struct KeysOf<'a> {
    #[serde(rename = "Keys", borrow)]
    keys: Vec<Keyed<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchGet<'a> {
    #[serde(borrow)]
    request_items: BTreeMap<Cow<'a, str>, KeysOf<'a>>,
}

/// A put or a deletion of a batch.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(rename = "Key", borrow)]
    key: Option<Keyed<'a>>,
    #[serde(rename = "Item", borrow)]
    item: Option<Keyed<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchWrite<'a> {
    #[serde(borrow)]
    request_items: BTreeMap<Cow<'a, str>, Vec<BTreeMap<Cow<'a, str>, Written<'a>>>>,
}

fn leading(keyed: Option<&Keyed<'_>>) -> Option<(String, String)> {
    let text = keyed?.pk.as_ref()?.s.as_deref()?;
    Some(("dynamodb:LeadingKeys".to_owned(), text.to_owned()))
}

impl OnItem<'_> {
    fn asked(&self, action: &str) -> Asked {
        let context = leading(self.key.as_ref().or(self.item.as_ref())).into_iter().collect();
        Asked {
            action: format!("dynamodb:{action}"),
            resource: arn("dynamodb", &format!("table/{}", self.table_name)),
            context,
        }
    }
}

fn of_table(operation: &str, body: &[u8]) -> Vec<Asked> {
    let understood = match operation {
        "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" => {
            serde_json::from_slice::<OnItem<'_>>(body).map(|item| vec![item.asked(operation)]).ok()
        }
        "TransactWriteItems" | "TransactGetItems" => {
            serde_json::from_slice::<Transaction<'_>>(body).map(|transaction| in_transaction(&transaction)).ok()
        }
        "Query" => query(body),
        "BatchGetItem" => serde_json::from_slice::<BatchGet<'_>>(body).ok().map(|batch| {
            let of = |(table, keys): (&Cow<'_, str>, &KeysOf<'_>)| Asked {
                action: "dynamodb:BatchGetItem".to_owned(),
                resource: arn("dynamodb", &format!("table/{table}")),
                context: keys.keys.iter().filter_map(|key| leading(Some(key))).collect(),
            };
            batch.request_items.iter().map(of).collect()
        }),
        "BatchWriteItem" => serde_json::from_slice::<BatchWrite<'_>>(body).ok().map(|batch| {
            let of = |(table, writes): (&Cow<'_, str>, &Vec<BTreeMap<Cow<'_, str>, Written<'_>>>)| Asked {
                action: "dynamodb:BatchWriteItem".to_owned(),
                resource: arn("dynamodb", &format!("table/{table}")),
                context: writes
                    .iter()
                    .flat_map(BTreeMap::values)
                    .filter_map(|written| leading(written.key.as_ref().or(written.item.as_ref())))
                    .collect(),
            };
            batch.request_items.iter().map(of).collect()
        }),
        // Of the whole table: no partition leads.
        "Scan" => serde_json::from_slice::<OnItem<'_>>(body).map(|scan| vec![scan.asked(operation)]).ok(),
        _ => None,
    };
    understood.unwrap_or_else(|| not_understood("dynamodb"))
}

fn in_transaction(transaction: &Transaction<'_>) -> Vec<Asked> {
    let mut asked = Vec::new();
    for (operation, item) in transaction.transact_items.iter().flatten() {
        asked.push(item.asked(match operation.as_ref() {
            "Put" => "PutItem",
            "Update" => "UpdateItem",
            "Delete" => "DeleteItem",
            "ConditionCheck" => "ConditionCheckItem",
            "Get" => "GetItem",
            _ => "(not understood)",
        }));
    }
    asked
}

/// The partition is what the first comparison of the key condition asks for.
fn query(body: &[u8]) -> Option<Vec<Asked>> {
    let query: Query<'_> = serde_json::from_slice(body).ok()?;
    let (_, value) = query.key_condition_expression.split(" AND ").next()?.split_once(" = ")?;
    let partition = query.expression_attribute_values.get(value.trim())?.s.as_deref()?;
    let table = &query.table_name;
    let resource = match &query.index_name {
        Some(index) => format!("table/{table}/index/{index}"),
        None => format!("table/{table}"),
    };
    Some(vec![Asked {
        action: "dynamodb:Query".to_owned(),
        resource: arn("dynamodb", &resource),
        context: vec![("dynamodb:LeadingKeys".to_owned(), partition.to_owned())],
    }])
}

fn of_key(operation: &str, body: &[u8]) -> Vec<Asked> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return not_understood("kms") };
    let Some(key) = body["KeyId"].as_str() else { return not_understood("kms") };
    let pairs = body["EncryptionContext"].as_object().into_iter().flatten();
    let context = pairs
        .map(|(name, value)| (format!("kms:EncryptionContext:{name}"), value.as_str().unwrap_or_default().to_owned()));
    let resource = if key.starts_with("arn:") { key.to_owned() } else { key_arn(key) };
    vec![Asked { action: format!("kms:{operation}"), resource, context: context.collect() }]
}

fn of_queue(operation: &str, body: &[u8]) -> Vec<Asked> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return not_understood("sqs") };
    let Some(queue) = body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()) else {
        return not_understood("sqs");
    };
    // A batch is authorized as what it is made of.
    let action = operation.strip_suffix("Batch").unwrap_or(operation);
    vec![Asked { action: format!("sqs:{action}"), resource: arn("sqs", queue), context: Vec::new() }]
}

fn of_mail(parts: &Parts, body: &[u8]) -> Vec<Asked> {
    let path = parts.uri.path().trim_start_matches("/v2/email/");
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let on = |action: &str, domain: &str| Asked {
        action: format!("ses:{action}"),
        resource: arn("ses", &format!("identity/{domain}")),
        context: Vec::new(),
    };
    let segments: Vec<&str> = path.split('/').collect();
    match (&parts.method, segments.as_slice()) {
        (&Method::POST, ["outbound-emails"]) => hand_over(&body),
        (&Method::POST, ["identities"]) => {
            let domain = body["EmailIdentity"].as_str().unwrap_or_default();
            let tagged = body["Tags"].as_array().is_some_and(|tags| !tags.is_empty());
            let tags = tagged.then(|| on("TagResource", domain));
            std::iter::once(on("CreateEmailIdentity", domain)).chain(tags).collect()
        }
        (&Method::GET, ["identities", domain]) => vec![on("GetEmailIdentity", domain)],
        (&Method::DELETE, ["identities", domain]) => vec![on("DeleteEmailIdentity", domain)],
        (&Method::PUT, ["identities", domain, "dkim", "signing"]) => {
            vec![on("PutEmailIdentityDkimSigningAttributes", domain)]
        }
        _ => not_understood("ses"),
    }
}

/// Both the domain and the configuration set are asked about. Of a raw mail the older API's action is checked as well, and named
/// when it is refused.
fn hand_over(body: &Value) -> Vec<Asked> {
    let from = body["FromEmailAddress"].as_str().unwrap_or_default();
    let domain = from.trim_end_matches('>').rsplit('@').next().unwrap_or_default();
    let set = body["ConfigurationSetName"].as_str().map(|name| format!("configuration-set/{name}"));
    let resources: Vec<String> = std::iter::once(format!("identity/{domain}")).chain(set).collect();
    let raw = body["Content"]["Raw"].is_object().then_some("SendRawEmail");
    let mut asked = Vec::new();
    for action in std::iter::once("SendEmail").chain(raw) {
        asked.extend(resources.iter().map(|resource| Asked {
            action: format!("ses:{action}"),
            resource: arn("ses", resource),
            context: vec![("ses:FromAddress".to_owned(), from.to_owned())],
        }));
    }
    asked
}

fn of_bucket(parts: &Parts) -> Vec<Asked> {
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if key.is_empty() {
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let prefix =
            query.filter(|(name, _)| name == "prefix").map(|(_, value)| ("s3:prefix".to_owned(), value.into()));
        let action = if parts.method == Method::GET { "s3:ListBucket" } else { "s3:(not understood)" };
        let (action, resource) = (action.to_owned(), format!("arn:aws:s3:::{bucket}"));
        return vec![Asked { action, resource, context: prefix.collect() }];
    }
    let is_tagging =
        parts.uri.query().is_some_and(|query| query.split('&').any(|part| part == "tagging" || part == "tagging="));
    let action = match (&parts.method, is_tagging) {
        (&Method::PUT, true) => "s3:PutObjectTagging",
        (&Method::GET | &Method::HEAD, false) => "s3:GetObject",
        (&Method::PUT, false) => "s3:PutObject",
        (&Method::DELETE, false) => "s3:DeleteObject",
        _ => "s3:(not understood)",
    };
    let on = |action: &str, path: &str| Asked {
        action: action.to_owned(),
        resource: format!("arn:aws:s3:::{path}"),
        context: Vec::new(),
    };
    let source = parts.headers.get("x-amz-copy-source").and_then(|source| source.to_str().ok());
    let read = source.map(|source| on("s3:GetObject", source.trim_start_matches('/')));
    std::iter::once(on(action, path)).chain(read).collect()
}
