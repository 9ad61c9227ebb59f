//! What the template promises that no linter checks.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use actionlayer_runtime::variable;

use super::*;
use crate::{engine::REGION, sqs::ACCOUNT_ID};

fn shipped() -> (Template, Value) {
    (Template::parse(TEMPLATE).unwrap(), yaml::parse(TEMPLATE).unwrap())
}

fn resources<'a>(json: &'a Value, kind: &str) -> Vec<(&'a String, &'a Value)> {
    let all = json["Resources"].as_object().unwrap();
    all.iter().filter(|(_, value)| value["Type"] == kind).collect()
}

#[test]
fn tags_become_functions() {
    let json =
        yaml::parse("{a: !Ref X, b: !GetAtt Y.Arn, c: !Sub '${X}/1', d: !If [C, !Ref X, 2], e: '3', f: 3}").unwrap();
    assert_eq!(
        json,
        serde_json::json!({"a": {"Ref": "X"}, "b": {"Fn::GetAtt": ["Y", "Arn"]}, "c": {"Fn::Sub": "${X}/1"},
            "d": {"Fn::If": ["C", {"Ref": "X"}, 2]}, "e": "3", "f": 3})
    );
}

#[test]
fn a_worker_has_finished_long_before_its_message_is_handed_out_again() {
    let (template, _) = shipped();
    let mut read = BTreeSet::new();
    for function in template.functions.values() {
        for trigger in &function.triggers {
            let Trigger::Queue { queue, reports_failures, .. } = trigger else { continue };
            let queue = template.queues.iter().find(|known| known.id == *queue).unwrap();
            let visibility: u32 = queue.attributes["VisibilityTimeout"].parse().unwrap();
            // AWS advises six times as long, for batches that are throttled. Endpoints wait for a job whose worker died.
            let enough = if queue.id == "WebhookQueue" {
                3 * function.timeout_seconds / 2
            } else {
                6 * function.timeout_seconds
            };
            assert!(visibility >= enough, "{}", queue.id);
            assert!(reports_failures, "{}", queue.id);
            assert!(queue.redrive.as_ref().unwrap().max_receive_count >= 5, "AWS advises at least 5");
            read.insert(queue.id.clone());
        }
    }
    let with_redrive = template.queues.iter().filter(|queue| queue.redrive.is_some()).map(|queue| queue.id.clone());
    assert_eq!(read, with_redrive.collect(), "every working queue has a worker and a dead-letter queue");
}

#[test]
fn every_place_where_work_ends_has_an_alarm() {
    let (template, json) = shipped();
    let watched: BTreeSet<_> = resources(&json, "AWS::CloudWatch::Alarm")
        .into_iter()
        .filter(|(_, alarm)| alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible")
        .filter_map(|(_, alarm)| alarm["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0].as_str())
        .map(str::to_owned)
        .collect();
    let ends = template.queues.iter().filter(|queue| queue.redrive.is_none()).map(|queue| queue.id.clone());
    assert_eq!(watched, ends.collect());
    for function in template.functions.values() {
        for trigger in &function.triggers {
            if let Trigger::Stream { on_failure, .. } = trigger {
                assert!(watched.contains(on_failure.as_ref().unwrap()));
            }
        }
    }
    assert!(watched.contains(template.receiver().unwrap().on_failure.as_ref().unwrap()));
}

#[test]
fn every_alarm_has_a_paragraph_that_says_what_to_do() {
    let (_, json) = shipped();
    let manual = include_str!("../../../../docs/OPERATIONS.md");
    for (id, alarm) in resources(&json, "AWS::CloudWatch::Alarm") {
        assert!(manual.contains(&format!("\n### {id}\n\n")), "{id}");
        assert!(alarm["Properties"]["AlarmActions"].is_array(), "{id} tells nobody");
    }
}

#[test]
fn the_dashboard_shows_every_number_that_is_published() {
    let (_, json) = shipped();
    let body = json["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"].as_str().unwrap();
    serde_json::from_str::<Value>(body).expect("JSON but for the names in it");
    for measure in actionlayer_domain::measures::Measure::ALL {
        assert!(body.contains(&format!("\"ActionLayer\", \"{}\"", measure.name())), "{}", measure.name());
    }
}

#[test]
fn every_function_has_a_role_of_its_own_that_names_what_it_may_touch() {
    let (_, json) = shipped();
    let mut roles = BTreeSet::new();
    for (id, function) in resources(&json, "AWS::Serverless::Function") {
        let role = function["Properties"]["Role"]["Fn::GetAtt"][0].as_str().unwrap();
        assert!(roles.insert(role), "{id} shares its role");
        assert!(!json["Resources"][role]["Properties"]["ManagedPolicyArns"].as_array().unwrap().is_empty());
    }
    let inline = resources(&json, "AWS::IAM::Role")
        .into_iter()
        .flat_map(|(_, role)| role["Properties"]["Policies"].as_array().cloned().unwrap_or_default());
    let managed =
        resources(&json, "AWS::IAM::ManagedPolicy").into_iter().map(|(_, policy)| policy["Properties"].clone());
    for policy in inline.chain(managed) {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            let text = statement["Resource"].to_string();
            assert!(!text.contains(r#""*""#) && text.len() > 4, "{statement}");
            assert!(!statement["Action"].to_string().contains('*'), "{statement}");
            // Whoever reaches the table says whether it is for secrets or for everything else.
            if statement["Action"].to_string().contains("dynamodb:GetItem") {
                assert!(statement["Condition"].to_string().contains("dynamodb:LeadingKeys"), "{statement}");
            }
            if statement["Action"].to_string().contains("kms:") {
                assert!(statement["Condition"].to_string().contains("kms:EncryptionContext:secrets"), "{statement}");
            }
        }
    }
}

#[test]
fn what_must_last_lasts_and_what_strangers_reach_is_bounded() {
    let (template, json) = shipped();
    let properties = |id: &str| &json["Resources"][id]["Properties"];
    assert_eq!(properties(&template.table.id)["DeletionProtectionEnabled"], true);
    assert_eq!(properties(&template.table.id)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(properties(&template.bucket)["VersioningConfiguration"]["Status"], "Enabled");
    for kept in [&template.table.id, &template.bucket, &template.secrets_key] {
        assert_eq!(json["Resources"][kept]["DeletionPolicy"], "Retain", "{kept}");
        assert_eq!(json["Resources"][kept]["UpdateReplacePolicy"], "Retain", "{kept}");
    }
    for (id, key) in resources(&json, "AWS::KMS::Key") {
        assert_eq!(key["Properties"]["EnableKeyRotation"], true, "{id}");
    }
    for (id, topic) in resources(&json, "AWS::SNS::Topic") {
        // Not by the key of secrets: services publish with it.
        assert_eq!(topic["Properties"]["KmsMasterKeyId"]["Ref"], "TopicsKey", "{id}");
    }
    let stage = properties("HttpStage");
    assert_eq!(stage["DefaultRouteSettings"]["ThrottlingRateLimit"]["Ref"], "RequestsPerSecond");
    for route in ["ANY /callbacks/{proxy+}", "ANY /v1/auth/{proxy+}"] {
        assert!(stage["RouteSettings"][route]["ThrottlingRateLimit"].is_u64(), "{route}");
        assert!(template.routes.iter().any(|known| known.key == route), "{route}");
    }
    for function in ["IngestFunction", "CallbackFunction"] {
        let reserved = &properties(function)["ReservedConcurrentExecutions"]["Fn::If"];
        assert_eq!(reserved[1]["Ref"], "ReservedConcurrency", "{function}");
    }
    assert_eq!(properties("Budget")["Budget"]["BudgetLimit"]["Amount"]["Ref"], "MonthlyBudgetUsd");
    // The deployment belongs to whoever has its token, which nothing shows again.
    assert_eq!(template.parameters["Bootstrap"], "token");
    assert_eq!(json["Parameters"]["Bootstrap"]["AllowedValues"], serde_json::json!(["token", "off"]));
    assert_eq!(json["Parameters"]["BootstrapToken"]["NoEcho"], true);
    let unwanted = template.expirations.iter().find(|rule| rule.tag.is_some()).unwrap();
    assert_eq!((unwanted.prefix.as_str(), unwanted.days), ("inbound/", 30));
    assert!(template.expirations.iter().all(|rule| rule.prefix != "inbound/" || rule.tag.is_some()), "mail is kept");
}

#[test]
fn the_variables_of_the_template_are_those_the_functions_know() {
    let (template, _) = shipped();
    for function in template.functions.values() {
        let names: BTreeSet<_> = function.environment.keys().map(String::as_str).collect();
        let mut expected: BTreeSet<_> = variable::from_template().collect();
        // The secrets of the Slack app are only where they are needed.
        if names.contains(variable::SLACK_CLIENT_ID) {
            expected.extend([variable::SLACK_CLIENT_ID, variable::SLACK_CLIENT_SECRET, variable::SLACK_SIGNING_SECRET]);
        }
        // So are those of Stripe, and only whoever takes its events can tell that they are its own.
        if ["callback", "dashboard", "settings", "sweep"].contains(&function.name.as_str()) {
            expected.extend([variable::STRIPE_SECRET_KEY, variable::STRIPE_PRICES]);
        }
        // Accounts are made by the dashboard, and their mail is sent by `notify`.
        match function.name.as_str() {
            "dashboard" => {
                expected.extend([variable::SIGN_UP, variable::BOOTSTRAP_TOKEN, variable::ACCOUNT_MAIL_FROM]);
            }
            "notify" => expected.extend([variable::ACCOUNT_MAIL_FROM]),
            "settings" => expected.extend([variable::BOOTSTRAP_TOKEN]),
            "callback" => expected.extend([variable::STRIPE_WEBHOOK_SECRET]),
            _ => {}
        }
        assert_eq!(names, expected, "{}", function.name);
    }
}

#[test]
fn variables_are_resolved_and_what_is_unknown_is_named() {
    let (template, _) = shipped();
    let function = &template.functions["SendFunction"];
    let mut scope = Scope::default();
    let resources = [
        "MailTable",
        "MailBucket",
        "SendQueue",
        "NotifyQueue",
        "RulesQueue",
        "WebhookQueue",
        "IndexQueue",
        "ConfigurationSet",
        "SecretsKey",
    ];
    for name in resources.into_iter().chain(template.parameters.keys().map(String::as_str)) {
        scope.refs.insert(name.to_owned(), format!("my-{name}"));
    }
    let variables = template.environment(function, &scope).unwrap();
    assert_eq!(variables["PUBLIC_URL"], "my-PublicUrl");
    assert_eq!(variables["SEND_QUEUE_URL"], "my-SendQueue");
    assert_eq!((&*variables["DEPLOYMENT_NAME"], &*variables["TABLE_NAME"]), ("my-MailTable", "my-RestoredTable"));
    scope.refs.insert("RestoredTable".to_owned(), String::new());
    let variables = template.environment(function, &scope).unwrap();
    assert_eq!((&*variables["DEPLOYMENT_NAME"], &*variables["TABLE_NAME"]), ("my-MailTable", "my-MailTable"));
    for (name, value) in [("PublicUrl", ""), ("HttpApi", "abc"), ("AWS::Region", "xx-1"), ("AWS::URLSuffix", "test")] {
        scope.refs.insert(name.to_owned(), value.to_owned());
    }
    assert_eq!(template.environment(function, &scope).unwrap()["PUBLIC_URL"], "https://abc.execute-api.xx-1.test");
    scope.refs.remove("MailTable");
    let error = template.environment(function, &scope).unwrap_err();
    assert!(error.to_string().contains("DEPLOYMENT_NAME"), "{error}");
}

#[test]
fn what_a_role_may_do_with_the_table_it_may_do_with_one_restored_in_its_place_and_no_more() {
    let (template, json) = shipped();
    let mut parameters = template.parameters.clone();
    parameters.insert("RestoredTable".to_owned(), "restored".to_owned());
    let restored = roles::grants(&json, &parameters).unwrap();
    let elsewhere = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/restored");
    let (mut moved, mut expected) = (0, template.grants.clone());
    for grant in expected.values_mut().flatten() {
        for resource in &mut grant.statement.resources {
            if let Some(part) = resource.strip_prefix("MailTable") {
                *resource = format!("{elsewhere}{part}");
                moved += 1;
            }
        }
    }
    assert!(moved > template.functions.len(), "{moved}");
    // Also the conditions: secrets stay sealed for the deployment, whatever its table.
    assert_eq!(restored, expected);
}

#[test]
fn what_a_linter_lets_pass_is_right() {
    let (template, json) = shipped();
    assert_eq!(json["Globals"]["Function"]["Runtime"], "provided.al2023");
    assert_eq!(json["Globals"]["Function"]["Handler"], "bootstrap");
    for (id, function) in resources(&json, "AWS::Serverless::Function") {
        let name = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        assert_eq!(function["Properties"]["CodeUri"], format!("functions/{name}"), "{id}");
    }
    let permitted: BTreeSet<_> = resources(&json, "AWS::Lambda::Permission")
        .into_iter()
        .filter_map(|(_, permission)| permission["Properties"]["FunctionName"]["Ref"].as_str())
        .collect();
    for route in &template.routes {
        assert!(permitted.contains(route.function.as_str()), "API Gateway may not invoke {}", route.function);
    }
    assert!(permitted.contains(template.receipt_rule.function.as_str()));
}

#[test]
fn a_template_that_says_something_else_is_an_error_that_says_where() {
    for (from, to, says) in [
        ("BatchSize: 1\n", "BatchSize: one\n", "BatchSize"),
        ("rate(1 minute)", "cron(0 * * * ? *)", "Schedule"),
        ("StartingPosition: TRIM_HORIZON", "StartingPosition: LATEST", "StartingPosition"),
        ("    Timeout: 20\n", "", "Timeout"),
    ] {
        let text = TEMPLATE.replacen(from, to, 1);
        assert_ne!(text, TEMPLATE, "{from}");
        let error = Template::parse(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert!(Template::parse("a: [").is_err());
}
