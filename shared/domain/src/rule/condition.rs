//! When a rule matches: a tree of conditions, checked when it is read.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Field, Problem, Trigger};

/// How the conditions of a group go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ConditionOperator)]
pub enum Operator {
    /// All of them must hold.
    And,
    /// One of them must hold.
    Or,
    /// None of them may hold.
    Not,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 3] = [Self::And, Self::Or, Self::Not];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
            Self::Not => "NOT",
        }
    }
}

/// How a field is compared. Text compares without case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConditionOp)]
pub enum Op {
    /// It is the value.
    Equals,
    /// It is not the value, or not there.
    NotEquals,
    /// The value is a part of it, or one of it.
    Contains,
    /// The value is no part of it and none of it.
    NotContains,
    /// It, or one of it, begins with the value.
    StartsWith,
    /// It, or one of it, ends with the value.
    EndsWith,
    /// It, or one of it, is one of the values.
    In,
    /// A regular expression is found in it, or in one of it.
    Matches,
    /// It is there and not empty; with the value `false`, it is not.
    Exists,
    /// It is greater than the value.
    Gt,
    /// It is less than the value.
    Lt,
}

impl Op {
    /// Every operator.
    pub const ALL: [Self; 11] = [
        Self::Equals,
        Self::NotEquals,
        Self::Contains,
        Self::NotContains,
        Self::StartsWith,
        Self::EndsWith,
        Self::In,
        Self::Matches,
        Self::Exists,
        Self::Gt,
        Self::Lt,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::NotEquals => "not_equals",
            Self::Contains => "contains",
            Self::NotContains => "not_contains",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::In => "in",
            Self::Matches => "matches",
            Self::Exists => "exists",
            Self::Gt => "gt",
            Self::Lt => "lt",
        }
    }
}

/// A condition as it is written: a group of others (`operator`, `conditions`), or one about a field (`field`, `op`,
/// `value`).
#[derive(Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Condition)]
pub struct ConditionForm {
    /// Of a group: how its conditions go together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// Of a group: its conditions, groups among them, up to 5 deep and 50 in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub conditions: Option<Vec<ConditionForm>>,
    /// What is looked at: `message.` and `from_email`, `from_domain`, `to`, `subject`, `body_text`, `is_automated`,
    /// `has_attachments`, `authentication.spf`, `.dkim`, `.dmarc`, `.spam`, `.virus`, `.aligned`, or `safety.flags`;
    /// `thread.` and `subject`, `status`, `tags` or `message_count`; `contact.` and `status`, `email` or `tags`; `draft.`
    /// and `body_text`, `rationale`, `identity_id`, or `metadata.` and the key of a value in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How it is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Op>,
    /// What it is compared with: a text, a number, `true` or `false`, or for `in` a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

impl std::fmt::Debug for ConditionForm {
    /// Not the values: they are what mail is about.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.field, self.op) {
            (Some(field), Some(op)) => write!(f, "{field} {}", op.as_str()),
            _ => f.debug_tuple("Group").field(&self.operator).field(&self.conditions).finish(),
        }
    }
}

/// The conditions of a rule: a group. Made by [`Conditions::read`] alone, so that every comparison in it makes sense.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions(pub(super) Group);

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) operator: Operator,
    pub(super) conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Group(Group),
    Test(Test),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    pub(super) field: Field,
    pub(super) op: Op,
    pub(super) value: Operand,
}

/// What a field is compared with.
#[derive(Clone, PartialEq)]
pub(super) enum Operand {
    Text(String),
    Flag(bool),
    Number(f64),
    List(Vec<Operand>),
}

debug_without_content!(Operand);

impl Conditions {
    /// Conditions that always hold.
    pub const fn none() -> Self {
        Self(Group { operator: Operator::And, conditions: Vec::new() })
    }

    /// The same as it is written.
    pub fn form(&self) -> ConditionForm {
        self.0.form()
    }

    /// What makes no sense after that trigger.
    pub(super) fn problems(&self, trigger: Trigger) -> Vec<Problem> {
        fn visit(group: &Group, path: &str, problems: &mut Vec<Problem>) {
            for (i, condition) in group.conditions.iter().enumerate() {
                let path = format!("{path}.conditions[{i}]");
                match condition {
                    Condition::Group(group) => visit(group, &path, problems),
                    Condition::Test(test) if test.field.is_of_a_draft() => {
                        let message = "cannot be known when mail comes in: choose another trigger";
                        problems.push(Problem::new(format!("{path}.field"), message));
                    }
                    Condition::Test(_) => {}
                }
            }
        }
        let mut problems = Vec::new();
        if !trigger.may_know_a_draft() {
            visit(&self.0, "conditions", &mut problems);
        }
        problems
    }
}

impl Group {
    fn form(&self) -> ConditionForm {
        let conditions = self.conditions.iter().map(|condition| match condition {
            Condition::Group(group) => group.form(),
            Condition::Test(test) => test.form(),
        });
        ConditionForm {
            operator: Some(self.operator),
            conditions: Some(conditions.collect()),
            ..ConditionForm::default()
        }
    }
}

impl Test {
    pub(super) fn form(&self) -> ConditionForm {
        ConditionForm {
            field: Some(self.field.name()),
            op: Some(self.op),
            value: Some(self.value.json()),
            ..ConditionForm::default()
        }
    }
}

impl Operand {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Flag(flag) => Value::from(*flag),
            // Whole numbers stay whole: 3, not 3.0.
            #[allow(clippy::cast_possible_truncation, reason = "below 2^53, as it was read")]
            Self::Number(number) if number.fract() == 0.0 => Value::from(*number as i64),
            Self::Number(number) => Value::from(*number),
            Self::List(list) => Value::Array(list.iter().map(Self::json).collect()),
        }
    }
}

/// As JSON in one text: a table's own numbers and nesting are not JSON's.
impl Serialize for Conditions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = serde_json::to_string(&self.form()).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&json)
    }
}

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = String::deserialize(deserializer)?;
        let form: ConditionForm = serde_json::from_str(&json).map_err(D::Error::custom)?;
        Self::read_again(&form).map_err(|_| D::Error::custom("conditions that cannot be"))
    }
}
