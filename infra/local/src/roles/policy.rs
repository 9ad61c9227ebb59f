//! Statements, and what they come to.

use serde_json::{Map, Value};

use super::request::Asked;
use crate::template::{Scope, TemplateError, evaluate};

/// What a function may do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Role {
    name: String,
    statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Otherwise it denies.
    pub allows: bool,
    /// As `s3:GetObject`, or with `*`.
    pub actions: Vec<String>,
    /// As what is asked names them, or with `*`.
    pub resources: Vec<String>,
    pub conditions: Vec<Condition>,
}

/// What has to be so for a statement to count.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub operator: Operator,
    /// A condition key: `dynamodb:LeadingKeys`.
    pub key: String,
    pub values: Vec<String>,
}

/// The operators of the template. Those over sets hold for keys that have many values, such as the partitions of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// A value of the request is one of these.
    StringEquals,
    /// A value of the request is like one of these.
    StringLike,
    /// Every value of the request is like one of these. Holds when there is none, as in AWS.
    AllLike,
    /// No value of the request is like one of these.
    AllNotLike,
}

impl Role {
    /// The role of a function, by the statements of its policies. `conditions` are the template's.
    pub(crate) fn new(
        name: &str,
        statements: &[Value],
        scope: &Scope,
        conditions: &Map<String, Value>,
    ) -> Result<Self, TemplateError> {
        let statements = statements.iter().map(|statement| Statement::read(name, statement, scope, conditions));
        let statements = statements.collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), statements })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it lets this be done.
    pub(crate) fn allows(&self, asked: &Asked) -> bool {
        let mut matching = self.statements.iter().filter(|statement| statement.is_about(asked)).peekable();
        matching.peek().is_some() && matching.all(|statement| statement.allows)
    }
}

impl Statement {
    /// Reads a statement of the template; `at` says where it stands, and `conditions` are the template's.
    pub(crate) fn read(
        at: &str,
        statement: &Value,
        scope: &Scope,
        conditions: &Map<String, Value>,
    ) -> Result<Self, TemplateError> {
        Reader { name: at, scope, conditions }.statement(statement)
    }

    /// The same about one of its actions on one of its resources.
    #[must_use]
    pub fn only(&self, action: &str, resource: &str) -> Self {
        Self { actions: vec![action.to_owned()], resources: vec![resource.to_owned()], ..self.clone() }
    }

    /// Whether it says something about that.
    pub fn is_about(&self, asked: &Asked) -> bool {
        self.actions.iter().any(|action| is_like(action, &asked.action))
            && self.resources.iter().any(|resource| is_like(resource, &asked.resource))
            && self.conditions.iter().all(|condition| condition.holds(asked))
    }
}

impl Condition {
    fn holds(&self, asked: &Asked) -> bool {
        if self.key.starts_with("aws:ResourceTag/") {
            return true;
        }
        let values = asked.context.iter().filter(|(key, _)| *key == self.key).map(|(_, value)| value.as_str());
        let is_one_of = |value: &str| self.values.iter().any(|pattern| is_like(pattern, value));
        match self.operator {
            Operator::StringEquals => values.into_iter().any(|value| self.values.iter().any(|own| own == value)),
            Operator::StringLike => values.into_iter().any(is_one_of),
            Operator::AllLike => values.into_iter().all(is_one_of),
            Operator::AllNotLike => values.into_iter().all(|value| !is_one_of(value)),
        }
    }
}

/// `*` stands for any text, `?` for one character.
fn is_like(pattern: &str, text: &str) -> bool {
    fn from(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| from(rest, &text[at..])),
            Some((b'?', rest)) => text.split_first().is_some_and(|(_, text)| from(rest, text)),
            Some((byte, rest)) => text.split_first().is_some_and(|(first, text)| first == byte && from(rest, text)),
        }
    }
    from(pattern.as_bytes(), text.as_bytes())
}

struct Reader<'a> {
    name: &'a str,
    scope: &'a Scope,
    conditions: &'a Map<String, Value>,
}

impl Reader<'_> {
    fn expected(&self, expected: &'static str) -> TemplateError {
        TemplateError::Expected { at: self.name.to_owned(), expected }
    }

    fn statement(&self, value: &Value) -> Result<Statement, TemplateError> {
        const KNOWN: [&str; 5] = ["Sid", "Effect", "Action", "Resource", "Condition"];
        let fields = value.as_object().ok_or_else(|| self.expected("a statement"))?;
        if fields.keys().any(|field| !KNOWN.contains(&field.as_str())) {
            return Err(self.expected("a statement of Effect, Action, Resource and Condition"));
        }
        let allows = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(self.expected("an Effect of Allow or Deny")),
        };
        let mut conditions = Vec::new();
        let none = Map::new();
        let by_operator = match fields.get("Condition") {
            None => &none,
            Some(value) => value.as_object().ok_or_else(|| self.expected("a Condition"))?,
        };
        for (operator, keys) in by_operator {
            let operator = match operator.as_str() {
                "StringEquals" => Operator::StringEquals,
                "StringLike" => Operator::StringLike,
                "ForAllValues:StringLike" => Operator::AllLike,
                "ForAllValues:StringNotLike" => Operator::AllNotLike,
                _ => return Err(self.expected("a Condition of StringEquals, StringLike or ForAllValues of those")),
            };
            for (key, values) in keys.as_object().ok_or_else(|| self.expected("a Condition"))? {
                conditions.push(Condition { operator, key: key.clone(), values: self.texts(Some(values))? });
            }
        }
        Ok(Statement {
            allows,
            actions: self.texts(fields.get("Action"))?,
            resources: self.texts(fields.get("Resource"))?,
            conditions,
        })
    }

    fn texts(&self, value: Option<&Value>) -> Result<Vec<String>, TemplateError> {
        let text = |value: &Value| evaluate(value, self.name, self.scope, self.conditions);
        match value {
            Some(Value::Array(values)) => values.iter().map(text).collect(),
            Some(value) => Ok(vec![text(value)?]),
            None => Err(self.expected("a statement with Action and Resource")),
        }
    }
}

#[cfg(test)]
pub(super) fn like(pattern: &str, text: &str) -> bool {
    is_like(pattern, text)
}
