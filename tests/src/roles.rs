//! Roles, judged by what was asked under them.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_local::{calls::Call, roles::Asked, template::Template};

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

/// Judges the roles of a template.
pub fn judge(template: &Template, calls: &BTreeSet<Call>) -> Judged {
    let mut judged = Judged::default();
    let of_lambda = template.functions.values().flat_map(|function| template.calls_of_lambda(function));
    let all: BTreeSet<Call> = calls.iter().cloned().chain(of_lambda).collect();
    // An action on a resource of a statement, and whether it was asked. A shared policy counts once for all.
    let mut allowed: BTreeMap<String, bool> = BTreeMap::new();
    for (function, grants) in &template.grants {
        let mut asked: Vec<Asked> = Vec::new();
        for call in all.iter().filter(|call| call.function == *function) {
            let this = Asked::from(call);
            if !grants.iter().any(|grant| grant.statement.is_about(&this)) {
                judged.missing.push(format!("{function}: {} on {} {:?}", call.action, call.resource, call.context));
            }
            asked.push(this);
        }
        for grant in grants {
            for action in &grant.statement.actions {
                for resource in &grant.statement.resources {
                    let only = grant.statement.only(action, resource);
                    let whose = if grant.is_shared { &grant.policy } else { function };
                    let used = allowed.entry(format!("{whose}: {action} on {resource}")).or_default();
                    *used |= asked.iter().any(|asked| only.is_about(asked));
                }
            }
        }
    }
    judged.used = allowed.values().filter(|used| **used).count();
    judged.unused = allowed.into_iter().filter(|(_, used)| !used).map(|(line, _)| line).collect();
    judged
}

#[cfg(test)]
mod tests {
    use actionlayer_local::{
        roles::{Condition, Operator, Statement},
        template::Grant,
    };

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
        let condition = |pattern: &str| Condition {
            operator: Operator::AllLike,
            key: "dynamodb:LeadingKeys".to_owned(),
            values: vec![pattern.to_owned()],
        };
        let statement = Statement {
            allows: true,
            actions: vec![action.to_owned()],
            resources: vec![resource.to_owned()],
            conditions: leading.map(condition).into_iter().collect(),
        };
        Grant { policy: "test".to_owned(), is_shared: false, statement }
    }

    fn allows(grant: &Grant, call: &Call) -> bool {
        grant.statement.is_about(&Asked::from(call))
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
