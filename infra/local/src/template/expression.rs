//! The few intrinsic functions that variables use: `Ref`, `Fn::GetAtt`, `Fn::Sub` and `Fn::If`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::TemplateError;

/// What names mean where the template is played.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// What `!Ref` gives, of resources, parameters and pseudo parameters such as `AWS::Region`.
    pub refs: BTreeMap<String, String>,
    /// What `!GetAtt` gives, by `Resource.Attribute`.
    pub attributes: BTreeMap<String, String>,
}

pub(crate) fn evaluate(
    value: &Value,
    at: &str,
    scope: &Scope,
    conditions: &Map<String, Value>,
) -> Result<String, TemplateError> {
    let unresolved = || TemplateError::Unresolved { at: at.to_owned(), expression: value.to_string() };
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => match function(value).ok_or_else(unresolved)? {
            ("Ref", Value::String(name)) => scope.refs.get(name).cloned().ok_or_else(unresolved),
            ("Fn::GetAtt", Value::Array(path)) => {
                let path: Option<Vec<_>> = path.iter().map(Value::as_str).collect();
                scope.attributes.get(&path.ok_or_else(unresolved)?.join(".")).cloned().ok_or_else(unresolved)
            }
            ("Fn::Sub", Value::String(text)) => substitute(text, scope).ok_or_else(unresolved),
            ("Fn::If", Value::Array(parts)) => {
                let [Value::String(condition), yes, no] = parts.as_slice() else { return Err(unresolved()) };
                let condition = conditions.get(condition).ok_or_else(unresolved)?;
                let chosen = if holds(condition, at, scope, conditions)? { yes } else { no };
                evaluate(chosen, at, scope, conditions)
            }
            _ => Err(unresolved()),
        },
    }
}

fn holds(value: &Value, at: &str, scope: &Scope, conditions: &Map<String, Value>) -> Result<bool, TemplateError> {
    let unresolved = || TemplateError::Unresolved { at: at.to_owned(), expression: value.to_string() };
    match function(value).ok_or_else(unresolved)? {
        ("Fn::Equals", Value::Array(sides)) => {
            let [left, right] = sides.as_slice() else { return Err(unresolved()) };
            Ok(evaluate(left, at, scope, conditions)? == evaluate(right, at, scope, conditions)?)
        }
        ("Fn::Not", Value::Array(inner)) => {
            let [inner] = inner.as_slice() else { return Err(unresolved()) };
            Ok(!holds(inner, at, scope, conditions)?)
        }
        _ => Err(unresolved()),
    }
}

/// The one function of an object such as `{"Ref": "X"}`.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, argument)| (name.as_str(), argument))
}

/// Replaces `${Name}` and `${Name.Attribute}`.
fn substitute(text: &str, scope: &Scope) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        result.push_str(before);
        result.push_str(scope.refs.get(name).or_else(|| scope.attributes.get(name))?);
        rest = after;
    }
    result.push_str(rest);
    Some(result)
}
