#![allow(clippy::unwrap_used)]
//! What the template's roles let functions do, and what not.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_domain::{SecretKind, SecretPlace, WorkspaceId};
use actionlayer_store::keys;
use http::Request;
use serde_json::Value;

use super::{policy::like, *};
use crate::template::{Scope, TEMPLATE, Template};

const TABLE: &str = "MailTable";
const KEY: &str = "SecretsKey";

/// The roles of all functions, by name.
fn roles() -> BTreeMap<String, Role> {
    let template = Template::parse(TEMPLATE).unwrap();
    let scope = scope(&template);
    let role = |function: &crate::template::Function| {
        Role::new(&function.name, &function.role, &scope, &template.conditions).unwrap()
    };
    template.functions.values().map(|function| (function.name.clone(), role(function))).collect()
}

/// Every resource is called by its logical id; parameters have their defaults.
fn scope(template: &Template) -> Scope {
    let mut scope = Scope::default();
    let is_id = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.trim_end().ends_with(':');
    for id in TEMPLATE.lines().filter(is_id).map(|line| line.trim().trim_end_matches(':')) {
        let arn = match id {
            TABLE => format!("arn:aws:dynamodb:us-east-1:000000000000:table/{id}"),
            KEY => crate::kms::key_arn(id),
            "MailBucket" => "arn:aws:s3:::bucket".to_owned(),
            queue => format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
        };
        scope.refs.insert(id.to_owned(), id.to_owned());
        scope.attributes.insert(format!("{id}.Arn"), arn);
    }
    scope.refs.extend(template.parameters.clone());
    for (name, value) in [("Partition", "aws"), ("Region", "us-east-1"), ("AccountId", "000000000000")] {
        scope.refs.insert(format!("AWS::{name}"), value.to_owned());
    }
    scope
}

fn request(target: &str, body: &Value) -> (Parts, Vec<u8>) {
    let request = Request::post("/").header("x-amz-target", target).body(()).unwrap();
    (request.into_parts().0, body.to_string().into_bytes())
}

fn may(role: &Role, target: &str, body: &Value) -> bool {
    let (parts, body) = request(target, body);
    role.refusal(&parts, &body).is_none()
}

fn table(role: &Role, operation: &str, body: Value) -> bool {
    let mut body = body;
    body["TableName"] = TABLE.into();
    may(role, &format!("DynamoDB_20120810.{operation}"), &body)
}

fn key_of(kind: SecretKind) -> String {
    let (workspace_id, id) = (WorkspaceId::from_bytes([1; 16]), [2; 16]);
    let place = match kind {
        SecretKind::Links => SecretPlace::Links,
        SecretKind::Dkim => SecretPlace::Dkim { workspace_id, domain_id: actionlayer_domain::DomainId::from_bytes(id) },
        SecretKind::Channels => SecretPlace::TelegramBot { bot_id: 7 },
        SecretKind::Webhooks => {
            SecretPlace::Webhook { workspace_id, webhook_id: actionlayer_domain::WebhookId::from_bytes(id) }
        }
    };
    keys::secret(&place).pk
}

fn decrypts(role: &Role, kind: &str) -> bool {
    let context = json!({"actionlayer": TABLE, "secrets": kind});
    may(role, "TrentService.Decrypt", &json!({"KeyId": KEY, "CiphertextBlob": "", "EncryptionContext": context}))
}

#[test]
fn only_functions_that_need_a_kind_of_secret_can_read_and_open_it() {
    let needs = |kind| -> BTreeSet<&str> {
        match kind {
            SecretKind::Links => ["callback", "dashboard", "notify"].into(),
            SecretKind::Dkim => ["dashboard", "identities", "sweep"].into(),
            SecretKind::Channels => ["callback", "dashboard", "identities", "notify", "sweep"].into(),
            SecretKind::Webhooks => ["dashboard", "settings", "sweep", "webhook"].into(),
        }
    };
    let roles = roles();
    assert!(roles.len() >= 16, "{}", roles.len());
    for (name, role) in &roles {
        // Everything else in the table is open to each.
        assert!(table(role, "GetItem", json!({"Key": {"pk": {"S": "W#1"}, "sk": {"S": "WORKSPACE"}}})), "{name}");
        for kind in SecretKind::ALL {
            let (pk, needed) = (key_of(kind), needs(kind).contains(name.as_str()));
            let key = json!({"pk": {"S": pk}, "sk": {"S": "x"}});
            for (operation, body) in [
                ("GetItem", json!({"Key": key})),
                ("PutItem", json!({"Item": key})),
                ("UpdateItem", json!({"Key": key})),
                ("DeleteItem", json!({"Key": key})),
                ("TransactWriteItems", json!({"TransactItems": [{"Put": {"TableName": TABLE, "Item": key}}]})),
            ] {
                assert_eq!(table(role, operation, body), needed, "{name} {operation} {pk}");
            }
            assert_eq!(decrypts(role, kind.as_str()), needed, "{name} {}", kind.as_str());
            // Nobody lists them, and no batch brings them along.
            let query = json!({"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": pk}}});
            assert!(!table(role, "Query", query), "{name}");
            let harmless = json!({"pk": {"S": "W#1"}, "sk": {"S": "x"}});
            let batch = json!({"RequestItems": {TABLE: {"Keys": [harmless, key]}}});
            assert!(!table(role, "BatchGetItem", batch), "{name}");
            let batch =
                json!({"RequestItems": {TABLE: [{"PutRequest": {"Item": harmless}}, {"DeleteRequest": {"Key": key}}]}});
            assert!(!table(role, "BatchWriteItem", batch), "{name}");
        }
        assert!(!decrypts(role, "other") && !may(role, "TrentService.Decrypt", &json!({"KeyId": KEY})), "{name}");
        let elsewhere = json!({"actionlayer": "another", "secrets": "links"});
        assert!(!may(role, "TrentService.Decrypt", &json!({"KeyId": KEY, "EncryptionContext": elsewhere})), "{name}");
        // One function looks through the whole table, for a workspace that is deleted: what it sees of secrets is sealed.
        assert_eq!(table(role, "Scan", json!({})), name == "sweep", "{name}");
        for operation in ["DeleteTable", "ExecuteStatement", "UpdateTable"] {
            assert!(!table(role, operation, json!({})), "{name} {operation}");
        }
        for operation in ["ScheduleKeyDeletion", "PutKeyPolicy", "CreateGrant", "Encrypt"] {
            assert!(!may(role, &format!("TrentService.{operation}"), &json!({"KeyId": KEY})), "{name} {operation}");
        }
    }
}

#[test]
fn what_takes_mail_in_has_no_way_to_a_secret() {
    let roles = roles();
    for name in ["ingest", "feedback", "relay", "index", "rules", "send", "threads", "drafts", "mcp"] {
        let role = &roles[name];
        for kind in SecretKind::ALL {
            let key = json!({"pk": {"S": key_of(kind)}, "sk": {"S": "x"}});
            assert!(!table(role, "GetItem", json!({"Key": key})), "{name}");
            for operation in ["Decrypt", "GenerateDataKey"] {
                let context = json!({"actionlayer": TABLE, "secrets": kind.as_str()});
                let body = json!({"KeyId": KEY, "EncryptionContext": context});
                assert!(!may(role, &format!("TrentService.{operation}"), &body), "{name} {operation}");
            }
        }
    }
}

#[test]
fn everything_in_a_batch_or_transaction_must_be_allowed() {
    let roles = roles();
    let settings = &roles["settings"];
    let put = |pk: &str| json!({"Put": {"TableName": TABLE, "Item": {"pk": {"S": pk}, "sk": {"S": "x"}}}});
    let both = |one: &str, other: &str| {
        table(settings, "TransactWriteItems", json!({"TransactItems": [put(one), put(other)]}))
    };
    assert!(both("W#1", &key_of(SecretKind::Webhooks)));
    assert!(!both("W#1", &key_of(SecretKind::Links)));
    assert!(!table(settings, "TransactWriteItems", json!({"TransactItems": [{"Something": {"TableName": TABLE}}]})));
    assert!(!may(settings, "DynamoDB_20120810.GetItem", &json!({"TableName": "Another", "Key": {}})));
}

#[test]
fn the_bucket_the_queues_and_ses_are_held_to_it_as_well() {
    let roles = roles();
    let bucket = |name: &str, method: &str, path: &str| {
        let (parts, ()) = Request::builder().method(method).uri(path).body(()).unwrap().into_parts();
        roles[name].refusal(&parts, b"").is_none()
    };
    assert!(bucket("ingest", "GET", "/bucket/inbound/1"));
    assert!(!bucket("ingest", "GET", "/bucket/outbound/1") && !bucket("ingest", "PUT", "/bucket/inbound/1"));
    assert!(bucket("sweep", "GET", "/bucket/?list-type=2&prefix=inbound%2F"));
    assert!(!bucket("sweep", "GET", "/bucket/?list-type=2&prefix=bodies%2F"));
    assert!(!bucket("sweep", "DELETE", "/bucket/inbound/1") && !bucket("sweep", "GET", "/another/inbound/1"));
    let queue = |name: &str, queue: &str| {
        let body = json!({"QueueUrl": format!("http://127.0.0.1/000000000000/{queue}"), "Entries": []});
        may(&roles[name], "AmazonSQS.SendMessageBatch", &body)
    };
    assert!(queue("relay", "SendQueue") && !queue("ingest", "SendQueue") && !queue("callback", "SendQueue"));
    let mails = |name: &str| {
        let (parts, ()) = Request::post("/v2/email/outbound-emails").body(()).unwrap().into_parts();
        roles[name].refusal(&parts, br#"{"FromEmailAddress": "Mia <mia@ai.example>"}"#).is_none()
    };
    assert!(mails("send") && mails("notify") && !mails("ingest") && !mails("drafts") && !mails("callback"));
}

/// The words of a mailbox lie in the bucket only once many mails were indexed, which few tests wait for.
#[test]
fn who_can_list_threads_can_search_them() {
    let roles = roles();
    let (get, ()) = Request::get("/bucket/words/1").body(()).unwrap().into_parts();
    let readers: BTreeSet<&str> =
        roles.iter().filter(|(_, role)| role.refusal(&get, b"").is_none()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(readers, ["dashboard", "index", "mcp", "threads"].into());
}

#[test]
fn a_refusal_looks_as_each_service_has_it() {
    let roles = roles();
    let refusal = |parts: &Parts, body: &[u8]| roles["ingest"].refusal(parts, body).unwrap();
    let (parts, body) = request("TrentService.Decrypt", &json!({"KeyId": KEY}));
    assert_eq!(refusal(&parts, &body).status(), StatusCode::BAD_REQUEST);
    let (parts, ()) = Request::get("/bucket/outbound/1").body(()).unwrap().into_parts();
    assert_eq!(refusal(&parts, b"").status(), StatusCode::FORBIDDEN);
    let (parts, ()) = Request::get("/v2/email/nothing").body(()).unwrap().into_parts();
    assert_eq!(refusal(&parts, b"").status(), StatusCode::FORBIDDEN);
}

#[test]
fn patterns_and_statements_are_read_as_iam_reads_them() {
    assert!(like("SECRET#*", "SECRET#links#") && like("*", "") && like("a?c*e", "abcde"));
    assert!(!like("SECRET#*", "W#SECRET#") && !like("a?c", "ac") && !like("", "a"));
    let role =
        |statements: Value| Role::new("x", statements.as_array().unwrap(), &Scope::default(), &serde_json::Map::new());
    let get = Asked { action: "s3:GetObject".to_owned(), resource: "arn:aws:s3:::b/k".to_owned(), context: Vec::new() };
    let allow = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]});
    assert!(role(json!([allow])).unwrap().allows(&get) && !role(json!([])).unwrap().allows(&get));
    assert!(!role(json!([allow, deny])).unwrap().allows(&get), "a denial counts whatever else is said");
    for unknown in [
        json!({"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"}),
        json!({"Effect": "Perhaps", "Action": "*", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
    ] {
        assert!(role(json!([unknown])).is_err(), "{unknown}");
    }
}
