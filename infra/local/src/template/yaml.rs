//! YAML to JSON, with `CloudFormation`'s tags in their long form: `!Ref X` becomes `{"Ref": "X"}`.

use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};

use super::TemplateError;

pub(super) fn parse(text: &str) -> Result<Value, TemplateError> {
    let mut documents = YamlOwned::load_from_str(text).map_err(|error| TemplateError::Yaml(error.to_string()))?;
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => value(document),
        _ => Err(TemplateError::Yaml("there must be one document".to_owned())),
    }
}

fn value(node: YamlOwned) -> Result<Value, TemplateError> {
    Ok(match node {
        YamlOwned::Value(ScalarOwned::Null) => Value::Null,
        YamlOwned::Value(ScalarOwned::Boolean(flag)) => Value::Bool(flag),
        YamlOwned::Value(ScalarOwned::Integer(number)) => json!(number),
        YamlOwned::Value(ScalarOwned::FloatingPoint(number)) => json!(number.0),
        YamlOwned::Value(ScalarOwned::String(text)) => Value::String(text),
        YamlOwned::Sequence(items) => Value::Array(items.into_iter().map(value).collect::<Result<_, _>>()?),
        YamlOwned::Mapping(entries) => {
            let mut object = Map::new();
            for (key, entry) in entries {
                let YamlOwned::Value(ScalarOwned::String(key)) = key else {
                    return Err(TemplateError::Yaml(format!("a key is no text: {key:?}")));
                };
                object.insert(key, value(entry)?);
            }
            Value::Object(object)
        }
        YamlOwned::Tagged(tag, node) => tagged(&tag.suffix, value(*node)?),
        other @ (YamlOwned::Representation(..) | YamlOwned::Alias(_) | YamlOwned::BadValue) => {
            return Err(TemplateError::Yaml(format!("unsupported: {other:?}")));
        }
    })
}

fn tagged(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref" | "Condition", value) => json!({ tag: value }),
        // `!GetAtt A.B.C` is the attribute `B.C` of `A`.
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.').unwrap_or((&text, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (tag, value) => json!({ format!("Fn::{tag}"): value }),
    }
}
