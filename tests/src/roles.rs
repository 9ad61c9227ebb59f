//! Roles, judged by what was asked under them.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_local::{
    calls::Call,
    template::{Grant, Template},
};

/// What is wrong with roles.
#[derive(Debug, Default)]
pub struct Judged {
    /// What a function asked and its role does not allow.
    pub missing: Vec<String>,
    /// What a role allows and nobody asked: an action on a resource; of policies that many roles have, what none of them asked.
    pub unused: Vec<String>,
    /// How many actions on resources are allowed and were asked.
    pub used: usize,
}

/// Conditions about what only AWS knows: the tags of what is there. They are taken to hold.
const KNOWN_TO_AWS: &str = "aws:ResourceTag/";

/// Judges the roles of a template.
pub fn judge(template: &Template, calls: &BTreeSet<Call>) -> Judged {
    let mut judged = Judged::default();
    let of_lambda = template.functions.values().flat_map(|function| template.calls_of_lambda(function));
    let all: BTreeSet<Call> = calls.iter().cloned().chain(of_lambda).collect();
    // An action on a resource of a statement, and whether it was asked. A shared policy counts once for all.
    let mut allowed: BTreeMap<String, bool> = BTreeMap::new();
    for (function, grants) in &template.grants {
        let asked: Vec<&Call> = all.iter().filter(|call| call.function == *function).collect();
        for call in &asked {
            if !grants.iter().any(|grant| allows(grant, call)) {
                judged.missing.push(format!("{function}: {} on {} {:?}", call.action, call.resource, call.context));
            }
        }
        for grant in grants {
            for action in &grant.actions {
                for resource in &grant.resources {
                    let (actions, resources) = (vec![action.clone()], vec![resource.clone()]);
                    let only = Grant { actions, resources, ..grant.clone() };
                    let whose = if grant.is_shared { &grant.policy } else { function };
                    let used = allowed.entry(format!("{whose}: {action} on {resource}")).or_default();
                    *used |= asked.iter().any(|call| allows(&only, call));
                }
            }
        }
    }
    judged.used = allowed.values().filter(|used| **used).count();
    judged.unused = allowed.into_iter().filter(|(_, used)| !used).map(|(line, _)| line).collect();
    judged
}

fn allows(grant: &Grant, call: &Call) -> bool {
    grant.actions.iter().any(|action| matches(action, &call.action))
        && grant.resources.iter().any(|resource| matches(resource, &call.resource))
        && grant.conditions.iter().all(|(operator, keys)| {
            keys.iter()
                .all(|(key, wanted)| key.starts_with(KNOWN_TO_AWS) || holds(operator, wanted, call.context.get(key)))
        })
}

/// Whether a condition holds. See "IAM JSON policy elements: Condition operators".
///
/// # Panics
/// For an operator that nobody needed so far: it must not be passed over.
fn holds(operator: &str, wanted: &[String], found: Option<&Vec<String>>) -> bool {
    let one = |value: &String| match operator.rsplit(':').next() {
        Some("StringEquals") => wanted.contains(value),
        Some("StringNotLike") => !wanted.iter().any(|pattern| matches(pattern, value)),
        Some("StringLike" | "ArnLike") => wanted.iter().any(|pattern| matches(pattern, value)),
        _ => panic!("the operator {operator} is not known here"),
    };
    match found {
        // Of many values all must match; of none there is nothing against it.
        found if operator.starts_with("ForAllValues:") => found.is_none_or(|values| values.iter().all(one)),
        Some(values) => values.iter().any(one),
        None => false,
    }
}

/// Whether a text matches a pattern with `*` for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(begin) else { return false };
    (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(action: &str, resource: &str, leading: Option<&str>) -> Call {
        let context = leading.map(|key| ("dynamodb:LeadingKeys".to_owned(), vec![key.to_owned()]));
        Call {
            function: "send".to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: context.into_iter().collect(),
        }
    }

    fn grant(action: &str, resource: &str, leading: Option<&str>) -> Grant {
        let condition = |pattern: &str| {
            let keys = BTreeMap::from([("dynamodb:LeadingKeys".to_owned(), vec![pattern.to_owned()])]);
            ("ForAllValues:StringLike".to_owned(), keys)
        };
        Grant {
            policy: "test".to_owned(),
            is_shared: false,
            actions: vec![action.to_owned()],
            resources: vec![resource.to_owned()],
            conditions: leading.map(condition).into_iter().collect(),
        }
    }

    #[test]
    fn a_statement_allows_what_it_says_and_no_more() {
        let bodies = grant("s3:GetObject", "MailBucket/bodies/*", None);
        assert!(allows(&bodies, &call("s3:GetObject", "MailBucket/bodies/0/0", None)));
        assert!(!allows(&bodies, &call("s3:PutObject", "MailBucket/bodies/0/0", None)));
        assert!(!allows(&bodies, &call("s3:GetObject", "MailBucket/bodiesX", None)));
        let of_workspaces = grant("dynamodb:*", "MailTable", Some("WS#*"));
        assert!(allows(&of_workspaces, &call("dynamodb:GetItem", "MailTable", Some("WS#0"))));
        assert!(!allows(&of_workspaces, &call("dynamodb:GetItem", "MailTable", Some("USER#0"))));
    }

    #[test]
    fn what_is_missing_and_what_is_unused_is_said() {
        let mut template = Template::parse(actionlayer_local::template::TEMPLATE).expect("the template");
        template.functions.clear();
        template.grants =
            BTreeMap::from([("send".to_owned(), vec![grant("s3:GetObject", "MailBucket/bodies/*", None)])]);
        let calls = BTreeSet::from([call("sqs:SendMessage", "SendQueue", None)]);
        let judged = judge(&template, &calls);
        assert_eq!(judged.missing, ["send: sqs:SendMessage on SendQueue {}"]);
        assert_eq!(judged.unused, ["send: s3:GetObject on MailBucket/bodies/*"]);
        assert_eq!(judged.used, 0);
    }
}
