//! From JSON to what the engine plays.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::event_sources::pattern::is_understood;

use super::{Expiration, Function, Queue, ReceiptRule, Redrive, Route, Table, Template, TemplateError, Trigger};

/// A node and where it is.
#[derive(Clone)]
struct Node<'a> {
    at: String,
    value: Option<&'a Value>,
}

impl<'a> Node<'a> {
    fn get(&self, key: &str) -> Self {
        Self { at: format!("{}.{key}", self.at), value: self.value.and_then(|value| value.get(key)) }
    }

    fn expected(&self, expected: &'static str) -> TemplateError {
        TemplateError::Expected { at: self.at.clone(), expected }
    }

    fn present(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }

    fn text(&self) -> Result<&'a str, TemplateError> {
        self.value.and_then(Value::as_str).ok_or_else(|| self.expected("a text"))
    }

    fn number(&self) -> Result<u32, TemplateError> {
        let number = self.value.and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| self.expected("a whole number"))
    }

    fn optional<T>(&self, read: impl Fn(&Self) -> Result<T, TemplateError>) -> Result<Option<T>, TemplateError> {
        self.present().map(|_| read(self)).transpose()
    }

    fn object(&self) -> Result<&'a Map<String, Value>, TemplateError> {
        self.value.and_then(Value::as_object).ok_or_else(|| self.expected("an object"))
    }

    fn list(&self) -> Result<Vec<Self>, TemplateError> {
        let items = self.value.and_then(Value::as_array).ok_or_else(|| self.expected("a list"))?;
        let node = |(index, value)| Self { at: format!("{}[{index}]", self.at), value: Some(value) };
        Ok(items.iter().enumerate().map(node).collect())
    }

    /// The resource that `!Ref` or `!GetAtt` points to; of an `!If`, the one in its last branch, which holds unless a parameter
    /// names something else.
    fn resource(&self) -> Result<String, TemplateError> {
        let value = self.value.map(|value| value.pointer("/Fn::If/2").unwrap_or(value));
        let target = value.and_then(|value| value.get("Ref").or_else(|| value.get("Fn::GetAtt")?.get(0)));
        target.and_then(Value::as_str).map(str::to_owned).ok_or_else(|| self.expected("a reference to a resource"))
    }
}

pub(super) fn template(value: &Value) -> Result<Template, TemplateError> {
    let root = Node { at: "template".to_owned(), value: Some(value) };
    let resources = root.get("Resources");
    let globals = root.get("Globals").get("Function");
    let of_type = |wanted: &str| -> Result<Vec<(String, Node<'_>)>, TemplateError> {
        let typed = |value: &Value| value.get("Type").and_then(Value::as_str) == Some(wanted);
        let found = resources.object()?.iter().filter(|(_, value)| typed(value));
        Ok(found.map(|(id, value)| (id.clone(), Node { at: id.clone(), value: Some(value) })).collect())
    };
    let only = |wanted: &'static str| -> Result<(String, Node<'_>), TemplateError> {
        let mut found = of_type(wanted)?;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(TemplateError::Expected { at: wanted.to_owned(), expected: "there exactly once" }),
        }
    };
    let functions = of_type("AWS::Serverless::Function")?
        .into_iter()
        .map(|(id, node)| Ok((id, function(&node, &globals, &resources)?)))
        .collect::<Result<_, _>>()?;
    let mut routes = Vec::new();
    for (_, route) in of_type("AWS::ApiGatewayV2::Route")? {
        routes.push(self::route(&route.get("Properties"), &resources)?);
    }
    let queues = of_type("AWS::SQS::Queue")?
        .into_iter()
        .map(|(id, node)| queue(id, &node.get("Properties")))
        .collect::<Result<_, _>>()?;
    let (table_id, table) = only("AWS::DynamoDB::Table")?;
    let (bucket, bucket_node) = only("AWS::S3::Bucket")?;
    let lifecycle = bucket_node.get("Properties").get("LifecycleConfiguration").get("Rules");
    let expirations = lifecycle.list()?.iter().map(expiration).collect::<Result<Vec<_>, _>>()?;
    let (_, rule) = only("AWS::SES::ReceiptRule")?;
    let subscriptions = of_type("AWS::SNS::Subscription")?;
    let event_queue = subscriptions
        .iter()
        .map(|(_, node)| node.get("Properties"))
        .find(|node| node.get("Protocol").text() == Ok("sqs"))
        .ok_or_else(|| TemplateError::Expected {
            at: "AWS::SNS::Subscription".to_owned(),
            expected: "there for SES events",
        })?;
    let parameters = parameters(&root.get("Parameters"))?;
    Ok(Template {
        functions,
        routes,
        queues,
        table: self::table(table_id, &table.get("Properties"))?,
        bucket,
        expirations: expirations.into_iter().flatten().collect(),
        secrets_key: globals.get("Environment").get("Variables").get("SECRETS_KEY").resource()?,
        logs: globals.get("LoggingConfig").get("LogGroup").resource()?,
        receipt_rule: receipt_rule(&rule.get("Properties").get("Rule"))?,
        configuration_set: only("AWS::SES::ConfigurationSet")?.0,
        event_queue: event_queue.get("Endpoint").resource()?,
        log_groups: log_groups(&globals, &of_type("AWS::Serverless::Function")?)?,
        grants: super::roles::grants(value, &parameters)?,
        parameters,
        conditions: root.get("Conditions").object()?.clone(),
    })
}

fn log_groups(globals: &Node<'_>, functions: &[(String, Node<'_>)]) -> Result<Vec<String>, TemplateError> {
    let own = functions.iter().map(|(_, node)| node.get("Properties"));
    let groups = own.chain([globals.clone()]).map(|node| node.get("LoggingConfig").get("LogGroup"));
    groups.filter(|group| group.present().is_some()).map(|group| group.resource()).collect()
}

fn parameters(node: &Node<'_>) -> Result<BTreeMap<String, String>, TemplateError> {
    let default = |(name, value): (&String, &Value)| {
        let default = match value.get("Default") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err(TemplateError::Expected { at: name.clone(), expected: "with a default" }),
        };
        Ok((name.clone(), default))
    };
    node.object()?.iter().map(default).collect()
}

fn function(node: &Node<'_>, globals: &Node<'_>, resources: &Node<'_>) -> Result<Function, TemplateError> {
    let properties = node.get("Properties");
    let or_global = |key: &str| {
        let own = properties.get(key);
        if own.present().is_some() { own } else { globals.get(key) }
    };
    let mut environment = globals.get("Environment").get("Variables").object()?.clone();
    if properties.get("Environment").present().is_some() {
        environment.extend(properties.get("Environment").get("Variables").object()?.clone());
    }
    let mut triggers = Vec::new();
    let events = properties.get("Events");
    if events.present().is_some() {
        for name in events.object()?.keys() {
            triggers.push(trigger(&events.get(name))?);
        }
    }
    let asynchronous = properties.get("EventInvokeConfig");
    let destination = asynchronous.get("DestinationConfig").get("OnFailure").get("Destination");
    Ok(Function {
        name: node.get("Metadata").get("BuildProperties").get("Binary").text()?.to_owned(),
        timeout_seconds: or_global("Timeout").number()?,
        role: role(&resources.get(&properties.get("Role").resource()?).get("Properties"), resources)?,
        environment,
        triggers,
        async_retries: asynchronous.get("MaximumRetryAttempts").optional(Node::number)?.unwrap_or(2),
        on_failure: destination.optional(Node::resource)?,
    })
}

/// Every statement of a role: those of the policies it names, and its own.
fn role(role: &Node<'_>, resources: &Node<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut documents = Vec::new();
    for named in role.get("ManagedPolicyArns").list()? {
        documents.push(resources.get(&named.resource()?).get("Properties").get("PolicyDocument"));
    }
    if role.get("Policies").present().is_some() {
        documents.extend(role.get("Policies").list()?.iter().map(|policy| policy.get("PolicyDocument")));
    }
    let mut statements = Vec::new();
    for document in documents {
        for statement in document.get("Statement").list()? {
            statements.push(statement.object()?.clone().into());
        }
    }
    Ok(statements)
}

fn trigger(node: &Node<'_>) -> Result<Trigger, TemplateError> {
    let properties = node.get("Properties");
    let reports_failures = || -> Result<bool, TemplateError> {
        let types = properties.get("FunctionResponseTypes");
        if types.present().is_none() {
            return Ok(false);
        }
        Ok(types.list()?.iter().any(|kind| kind.text() == Ok("ReportBatchItemFailures")))
    };
    match node.get("Type").text()? {
        "SQS" => Ok(Trigger::Queue {
            queue: properties.get("Queue").resource()?,
            batch_size: properties.get("BatchSize").number()?,
            max_concurrency: properties.get("ScalingConfig").get("MaximumConcurrency").optional(Node::number)?,
            reports_failures: reports_failures()?,
        }),
        "DynamoDB" => {
            let start = properties.get("StartingPosition");
            if start.text()? != "TRIM_HORIZON" {
                return Err(start.expected("TRIM_HORIZON: what was written before the mapping exists counts too"));
            }
            let destination = properties.get("DestinationConfig").get("OnFailure").get("Destination");
            Ok(Trigger::Stream {
                batch_size: properties.get("BatchSize").number()?,
                max_retries: properties.get("MaximumRetryAttempts").optional(Node::number)?,
                bisect: properties.get("BisectBatchOnFunctionError").value.and_then(Value::as_bool).unwrap_or(false),
                reports_failures: reports_failures()?,
                on_failure: destination.optional(Node::resource)?,
                patterns: patterns(&properties.get("FilterCriteria").get("Filters"))?,
            })
        }
        "Schedule" => {
            let schedule = properties.get("Schedule");
            let every_seconds = rate(schedule.text()?).ok_or_else(|| schedule.expected("rate(N minutes)"))?;
            Ok(Trigger::Schedule { every_seconds })
        }
        _ => Err(node.get("Type").expected("SQS, DynamoDB or Schedule")),
    }
}

fn patterns(filters: &Node<'_>) -> Result<Vec<Value>, TemplateError> {
    if filters.present().is_none() {
        return Ok(Vec::new());
    }
    let pattern = |filter: &Node<'_>| {
        let pattern = filter.get("Pattern");
        let parsed = serde_json::from_str(pattern.text()?).ok().filter(is_understood);
        parsed.ok_or_else(|| pattern.expected("a pattern of values and `anything-but`"))
    };
    filters.list()?.iter().map(pattern).collect()
}

/// The seconds of `rate(5 minutes)`.
fn rate(expression: &str) -> Option<u32> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let unit_seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    count.parse::<u32>().ok().filter(|count| *count > 0)?.checked_mul(unit_seconds)
}

fn route(route: &Node<'_>, resources: &Node<'_>) -> Result<Route, TemplateError> {
    let target = route.get("Target");
    let integration = target.get("Fn::Sub").text()?;
    let integration = integration
        .strip_prefix("integrations/${")
        .and_then(|id| id.strip_suffix('}'))
        .ok_or_else(|| target.expected("an integration"))?;
    let function = resources.get(integration).get("Properties").get("IntegrationUri").resource()?;
    Ok(Route { key: route.get("RouteKey").text()?.to_owned(), function })
}

fn queue(id: String, properties: &Node<'_>) -> Result<Queue, TemplateError> {
    let mut attributes = BTreeMap::new();
    for name in [
        "VisibilityTimeout",
        "MessageRetentionPeriod",
        "DelaySeconds",
        "ReceiveMessageWaitTimeSeconds",
        "MaximumMessageSize",
    ] {
        if let Some(number) = properties.get(name).optional(Node::number)? {
            attributes.insert(name.to_owned(), number.to_string());
        }
    }
    let redrive = properties.get("RedrivePolicy").optional(|policy| {
        Ok(Redrive {
            dead_letters: policy.get("deadLetterTargetArn").resource()?,
            max_receive_count: policy.get("maxReceiveCount").number()?,
        })
    })?;
    Ok(Queue { id, attributes, redrive })
}

fn table(id: String, properties: &Node<'_>) -> Result<Table, TemplateError> {
    let mut definition = Map::new();
    for name in ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
        let part = properties.get(name);
        definition.insert(name.to_owned(), part.value.ok_or_else(|| part.expected("there"))?.clone());
    }
    // In CloudFormation naming a view type is what switches the stream on.
    let view = properties.get("StreamSpecification").get("StreamViewType").text()?;
    definition.insert("StreamSpecification".to_owned(), json!({ "StreamEnabled": true, "StreamViewType": view }));
    let ttl = properties.get("TimeToLiveSpecification");
    let ttl_attribute = ttl.optional(|ttl| Ok(ttl.get("AttributeName").text()?.to_owned()))?;
    Ok(Table { id, definition, ttl_attribute })
}

/// None of a rule that deletes nothing.
fn expiration(rule: &Node<'_>) -> Result<Option<Expiration>, TemplateError> {
    let Some(days) = rule.get("ExpirationInDays").optional(Node::number)? else { return Ok(None) };
    let tag = rule.get("TagFilters").optional(|filters| match filters.list()?.as_slice() {
        [tag] => Ok((tag.get("Key").text()?.to_owned(), tag.get("Value").text()?.to_owned())),
        _ => Err(filters.expected("one tag")),
    })?;
    Ok(Some(Expiration { prefix: rule.get("Prefix").text()?.to_owned(), tag, days }))
}

fn receipt_rule(rule: &Node<'_>) -> Result<ReceiptRule, TemplateError> {
    let actions = rule.get("Actions");
    // The engine plays this order and no other: what is invoked must find the mail in the bucket.
    let [stored, invoked] = actions.list()?.try_into().map_err(|_| actions.expected("S3Action, then LambdaAction"))?;
    Ok(ReceiptRule {
        key_prefix: stored.get("S3Action").get("ObjectKeyPrefix").text()?.to_owned(),
        function: invoked.get("LambdaAction").get("FunctionArn").resource()?,
    })
}
