//! The functions' roles: what each allows, and what Lambda itself does with it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Function, Scope, Template, TemplateError, Trigger};
use crate::{calls::Call, engine::REGION, roles::Statement, sqs::ACCOUNT_ID};

/// One statement of a role.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// The policy it stands in: an inline one's name, or a managed one's logical id.
    pub policy: String,
    /// Whether other roles have it too.
    pub is_shared: bool,
    /// With resources by their logical ids: `MailBucket/bodies/*`.
    pub statement: Statement,
}

/// Every function's grants, by its name, where the parameters have these values.
pub(super) fn grants(
    root: &Value,
    parameters: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Vec<Grant>>, TemplateError> {
    let resources = root["Resources"].as_object().cloned().unwrap_or_default();
    let conditions = root["Conditions"].as_object().cloned().unwrap_or_default();
    let reader = Reader { scope: scope(&resources, parameters), conditions };
    let mut roles = BTreeMap::new();
    for (id, function) in resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function") {
        let expected = |expected| TemplateError::Expected { at: id.clone(), expected };
        let properties = &function["Properties"];
        let name = function["Metadata"]["BuildProperties"]["Binary"].as_str().ok_or_else(|| expected("built"))?;
        let role = properties["Role"]["Fn::GetAtt"][0].as_str().ok_or_else(|| expected("with a role of its own"))?;
        let role = &resources.get(role).ok_or_else(|| expected("with a role that is there"))?["Properties"];
        let mut grants = Vec::new();
        for managed in array(&role["ManagedPolicyArns"]) {
            let policy = managed["Ref"].as_str().ok_or_else(|| expected("without policies of AWS's own"))?;
            let document =
                &resources.get(policy).ok_or_else(|| expected("with policies that are there"))?["Properties"];
            reader.read(policy, true, &document["PolicyDocument"], &mut grants)?;
        }
        for inline in array(&role["Policies"]) {
            let policy = inline["PolicyName"].as_str().ok_or_else(|| expected("with named policies"))?;
            reader.read(policy, false, &inline["PolicyDocument"], &mut grants)?;
        }
        roles.insert(name.to_owned(), grants);
    }
    Ok(roles)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Resources are called by their logical ids.
fn scope(resources: &Map<String, Value>, parameters: &BTreeMap<String, String>) -> Scope {
    let mut scope = Scope { refs: parameters.clone(), ..Scope::default() };
    for (name, value) in
        [("Partition", "aws"), ("Region", REGION), ("AccountId", ACCOUNT_ID), ("URLSuffix", "amazonaws.com")]
    {
        scope.refs.insert(format!("AWS::{name}"), value.to_owned());
    }
    for id in resources.keys() {
        scope.refs.insert(id.clone(), id.clone());
        scope.attributes.insert(format!("{id}.Arn"), id.clone());
    }
    scope
}

struct Reader {
    scope: Scope,
    conditions: Map<String, Value>,
}

impl Reader {
    fn read(
        &self,
        policy: &str,
        is_shared: bool,
        document: &Value,
        into: &mut Vec<Grant>,
    ) -> Result<(), TemplateError> {
        for (index, statement) in array(&document["Statement"]).iter().enumerate() {
            let at = format!("{policy}.Statement[{index}]");
            let statement = Statement::read(&at, statement, &self.scope, &self.conditions)?;
            if !statement.allows {
                return Err(TemplateError::Expected { at, expected: "Allow: roles of functions only allow" });
            }
            into.push(Grant { policy: policy.to_owned(), is_shared, statement });
        }
        Ok(())
    }
}

impl Template {
    /// What Lambda does with a function's role for what the template says of it: it writes logs, reads what invokes the
    /// function, and tells of what was given up.
    pub fn calls_of_lambda(&self, function: &Function) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut add = |service: &str, actions: &[&str], resource: &str| {
            calls.extend(actions.iter().map(|action| Call {
                function: function.name.clone(),
                action: format!("{service}:{action}"),
                resource: resource.to_owned(),
                context: BTreeMap::new(),
            }));
        };
        for group in &self.log_groups {
            add("logs", &["CreateLogStream", "PutLogEvents"], group);
        }
        let mut failures: Vec<&String> = function.on_failure.iter().collect();
        for trigger in &function.triggers {
            match trigger {
                Trigger::Queue { queue, .. } => {
                    let read = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"];
                    add("sqs", &read, queue);
                }
                Trigger::Stream { on_failure, .. } => {
                    let read = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
                    add("dynamodb", &read, &format!("{}/stream/0", self.table.id));
                    failures.extend(on_failure);
                }
                Trigger::Schedule { .. } => {}
            }
        }
        for queue in failures {
            add("sqs", &["SendMessage"], queue);
        }
        calls
    }
}
