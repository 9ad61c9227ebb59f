//! Whether conditions hold, and which rules apply.

use super::ConditionForm;
use super::{
    Conditions, Facts, Op, Operator, Rule, Trigger,
    condition::{Condition, Group, Operand, Test},
    fact::Fact,
    read::pattern,
};

/// Conditions with what they came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// Whether it holds.
    pub holds: bool,
    /// The condition as it is written; a group without its conditions, which follow.
    pub condition: ConditionForm,
    /// Of a group: its conditions.
    pub conditions: Vec<Evaluated>,
}

/// A rule and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered<'r> {
    pub rule: &'r Rule,
    /// Its conditions; none when an earlier match had stopped everything.
    pub evaluated: Option<Evaluated>,
}

impl Considered<'_> {
    /// Whether its actions are to be carried out.
    pub fn matched(&self) -> bool {
        self.evaluated.as_ref().is_some_and(|evaluated| evaluated.holds)
    }
}

/// Considers the active rules of a trigger, the lowest priority first and the older of two first, until one matches that
/// stops.
pub fn run<'r>(rules: &'r [Rule], trigger: Trigger, facts: &Facts<'_>) -> Vec<Considered<'r>> {
    let mut waiting: Vec<_> = rules.iter().filter(|rule| rule.active && rule.trigger == trigger).collect();
    waiting.sort_by_key(|rule| (rule.priority, rule.id));
    let mut stopped = false;
    let considered = waiting.into_iter().map(|rule| {
        let evaluated = (!stopped).then(|| rule.conditions.evaluate(facts));
        let considered = Considered { rule, evaluated };
        stopped |= considered.matched() && rule.stop_after_match;
        considered
    });
    considered.collect()
}

impl Conditions {
    /// Whether they hold, each by itself and all together.
    pub fn evaluate(&self, facts: &Facts<'_>) -> Evaluated {
        self.0.evaluate(facts)
    }
}

impl Group {
    fn evaluate(&self, facts: &Facts<'_>) -> Evaluated {
        let conditions: Vec<_> = self
            .conditions
            .iter()
            .map(|condition| match condition {
                Condition::Group(group) => group.evaluate(facts),
                Condition::Test(test) => Evaluated {
                    holds: test.holds(&facts.of(&test.field)),
                    condition: test.form(),
                    conditions: Vec::new(),
                },
            })
            .collect();
        let holds = match self.operator {
            Operator::And => conditions.iter().all(|condition| condition.holds),
            Operator::Or => conditions.iter().any(|condition| condition.holds),
            Operator::Not => !conditions.iter().any(|condition| condition.holds),
        };
        let condition = ConditionForm { operator: Some(self.operator), ..ConditionForm::default() };
        Evaluated { holds, condition, conditions }
    }
}

impl Test {
    fn holds(&self, fact: &Fact<'_>) -> bool {
        match (self.op, &self.value) {
            (Op::Exists, Operand::Flag(exists)) => (*fact != Fact::Absent) == *exists,
            (Op::Equals, value) => equals(fact, value),
            (Op::NotEquals, value) => !equals(fact, value),
            (Op::Contains, value) => contains(fact, value),
            (Op::NotContains, value) => !contains(fact, value),
            (Op::In, Operand::List(values)) => values.iter().any(|value| match fact {
                Fact::Texts(_) => contains(fact, value),
                _ => equals(fact, value),
            }),
            (Op::StartsWith, Operand::Text(value)) => {
                let value = value.to_lowercase();
                any_text(fact, |text| text.to_lowercase().starts_with(&value))
            }
            (Op::EndsWith, Operand::Text(value)) => {
                let value = value.to_lowercase();
                any_text(fact, |text| text.to_lowercase().ends_with(&value))
            }
            (Op::Matches, Operand::Text(value)) => {
                pattern(value).is_ok_and(|pattern| any_text(fact, |text| pattern.is_match(text)))
            }
            (Op::Gt, Operand::Number(value)) => matches!(fact, Fact::Number(number) if number > value),
            (Op::Lt, Operand::Number(value)) => matches!(fact, Fact::Number(number) if number < value),
            // Reading refuses these.
            (Op::Exists | Op::In | Op::StartsWith | Op::EndsWith | Op::Matches | Op::Gt | Op::Lt, _) => false,
        }
    }
}

#[allow(clippy::float_cmp, reason = "both were written down: equal means the very same")]
fn equals(fact: &Fact<'_>, value: &Operand) -> bool {
    match (fact, value) {
        (Fact::Text(text), Operand::Text(value)) => same(text, value),
        (Fact::Flag(flag), Operand::Flag(value)) => flag == value,
        (Fact::Number(number), Operand::Number(value)) => number == value,
        _ => false,
    }
}

/// A text holds a part of itself; a list holds its members.
fn contains(fact: &Fact<'_>, value: &Operand) -> bool {
    match (fact, value) {
        (Fact::Text(text), Operand::Text(value)) => text.to_lowercase().contains(&value.to_lowercase()),
        (Fact::Texts(texts), Operand::Text(value)) => texts.iter().any(|text| same(text, value)),
        _ => false,
    }
}

fn any_text(fact: &Fact<'_>, holds: impl Fn(&str) -> bool) -> bool {
    match fact {
        Fact::Text(text) => holds(text),
        Fact::Texts(texts) => texts.iter().any(|text| holds(text)),
        Fact::Absent | Fact::Flag(_) | Fact::Number(_) | Fact::Other => false,
    }
}

/// Without case, in any script that has one.
fn same(one: &str, other: &str) -> bool {
    one == other || one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}
