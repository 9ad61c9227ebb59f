//! `template.yaml`, read: the engine takes its routes, queues, timeouts, retries, table and variables from here, so that
//! what runs on one machine cannot drift from what is deployed.
//!
//! What the file says that the engine does not play (alarms, storage classes, who may invoke what) is not read. What it says in a way
//! this reader does not know is an error, never a default.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

mod expression;
mod read;
mod roles;
mod yaml;

pub use expression::Scope;
pub(crate) use expression::evaluate;
pub use roles::Grant;

/// The template this program was built with.
pub const TEMPLATE: &str = include_str!("../../../template.yaml");

/// Why the template could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is no YAML, or a kind of YAML that `CloudFormation` does not have either.
    #[error("template.yaml cannot be parsed: {0}")]
    Yaml(String),
    /// Something that must be there is not, or is of another type.
    #[error("template.yaml: {at} is missing or not {expected}")]
    Expected {
        /// Where, as a path: `SendQueue.VisibilityTimeout`.
        at: String,
        /// What must be there.
        expected: &'static str,
    },
    /// An expression that refers to something unknown or uses a function this reader lacks.
    #[error("template.yaml: {at} cannot be resolved: {expression}")]
    Unresolved {
        /// Where.
        at: String,
        /// The expression, as JSON.
        expression: String,
    },
}

/// What the engine plays of the template.
#[derive(Debug, Clone)]
pub struct Template {
    /// The functions, by logical id.
    pub functions: BTreeMap<String, Function>,
    /// The HTTP routes.
    pub routes: Vec<Route>,
    pub queues: Vec<Queue>,
    pub table: Table,
    /// Logical id of the bucket.
    pub bucket: String,
    /// Which objects of the bucket are deleted after how long.
    pub expirations: Vec<Expiration>,
    /// Logical id of the KMS key that secrets are sealed with; here also its id.
    pub secrets_key: String,
    /// Logical id of the log group that functions write to.
    pub logs: String,
    /// What happens to mail that arrives.
    pub receipt_rule: ReceiptRule,
    /// Logical id of the SES configuration set.
    pub configuration_set: String,
    /// Logical id of the queue that SES events reach.
    pub event_queue: String,
    /// Logical ids of the groups that functions log to.
    pub log_groups: Vec<String>,
    /// What each function's role allows, by the function's name.
    pub grants: BTreeMap<String, Vec<Grant>>,
    /// Defaults of the parameters.
    pub parameters: BTreeMap<String, String>,
    /// Conditions, unevaluated.
    pub conditions: Map<String, Value>,
}

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Name of its binary: `send`.
    pub name: String,
    /// After how many seconds Lambda ends an invocation.
    pub timeout_seconds: u32,
    /// The statements of its role's policies, unevaluated.
    pub role: Vec<Value>,
    /// Environment variables, unevaluated.
    pub environment: Map<String, Value>,
    /// What invokes it besides HTTP and SES.
    pub triggers: Vec<Trigger>,
    /// How often an asynchronous invocation is tried again; Lambda's default is 2.
    pub async_retries: u32,
    /// Logical id of the queue that asynchronous invocations end in when no try succeeded.
    pub on_failure: Option<String>,
}

/// An event source of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    Queue {
        /// Logical id of the queue.
        queue: String,
        /// How many messages at most are given at once.
        batch_size: u32,
        /// How many batches at most are worked on at once; Lambda's default when `None`.
        max_concurrency: Option<u32>,
        /// Whether the answer names the messages that failed; else a batch fails as a whole.
        reports_failures: bool,
    },
    /// The table's stream, from its beginning.
    Stream {
        /// How many records at most are given at once.
        batch_size: u32,
        /// How often a batch is tried again; until the records are too old when `None`.
        max_retries: Option<u32>,
        /// Whether a failed batch is cut in two.
        bisect: bool,
        /// Whether the answer names the record that failed first.
        reports_failures: bool,
        /// Logical id of the queue told about records that were given up.
        on_failure: Option<String>,
        /// Patterns of the records that are given at all; of all when there are none.
        patterns: Vec<serde_json::Value>,
    },
    Schedule {
        /// Seconds between two invocations.
        every_seconds: u32,
    },
}

/// An HTTP route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// As API Gateway has it: `ANY /v1/threads/{proxy+}` or `$default`.
    pub key: String,
    /// Logical id of the function.
    pub function: String,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Logical id; here also its name.
    pub id: String,
    /// The attributes of `CreateQueue`, all but `RedrivePolicy`.
    pub attributes: BTreeMap<String, String>,
    /// Where a message goes after how many receives.
    pub redrive: Option<Redrive>,
}

/// Where a message goes that nobody could work off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// Logical id of the dead-letter queue.
    pub dead_letters: String,
    /// After how many receives.
    pub max_receive_count: u32,
}

/// The table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Logical id; here also its name.
    pub id: String,
    /// The body of `CreateTable`, without the name.
    pub definition: Map<String, Value>,
    /// The attribute by which items expire.
    pub ttl_attribute: Option<String>,
}

/// A lifecycle rule by which objects are deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiration {
    /// What their keys begin with.
    pub prefix: String,
    /// The tag they have: its name and its value. Whatever they have when `None`.
    pub tag: Option<(String, String)>,
    /// Days after they were put.
    pub days: u32,
}

/// What SES does with mail that arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRule {
    /// What stands before the message id in the object key.
    pub key_prefix: String,
    /// Logical id of the function invoked.
    pub function: String,
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        read::template(&yaml::parse(text)?)
    }

    /// The variables a function sees.
    pub fn environment(&self, function: &Function, scope: &Scope) -> Result<BTreeMap<String, String>, TemplateError> {
        function
            .environment
            .iter()
            .map(|(name, value)| {
                let at = format!("{}.Environment.{name}", function.name);
                Ok((name.clone(), expression::evaluate(value, &at, scope, &self.conditions)?))
            })
            .collect()
    }

    /// The function that is invoked when mail arrives.
    pub fn receiver(&self) -> Option<&Function> {
        self.functions.get(&self.receipt_rule.function)
    }
}

#[cfg(test)]
#[path = "template/tests.rs"]
mod tests;
