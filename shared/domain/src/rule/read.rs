//! Reading conditions as they were written, or saying all that is wrong with them.

use serde_json::Value;

use super::{
    ConditionForm, Conditions, Field, Op, Operator, Problem,
    condition::{Condition, Group, Operand, Test},
    field::Kind,
};

/// Groups may lie this deep in each other.
pub const MAX_DEPTH: usize = 5;
/// A rule may ask this many things.
const MAX_LEAVES: usize = 50;
/// A text to compare with.
const MAX_TEXT_BYTES: usize = 1_024;
/// What `in` compares with.
const MAX_CHOICES: usize = 100;
/// The length of a pattern, and what it may grow to once compiled: matching takes time linear in the text, and this
/// bounds the factor.
const MAX_PATTERN_BYTES: usize = 512;
const MAX_COMPILED_PATTERN_BYTES: usize = 1 << 20;
/// The patterns of one rule.
const MAX_PATTERNS: usize = 10;
/// Everything together, as JSON.
const MAX_CONDITIONS_BYTES: usize = 16 * 1_024;
/// Numbers up to here are exact.
const MAX_NUMBER: f64 = 9_007_199_254_740_991.0;

/// A pattern, ready to be searched for, or why it cannot be. Linear in what is searched (`regex` knows no backtracking).
pub(super) fn pattern(text: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(text)
        .case_insensitive(true)
        .size_limit(MAX_COMPILED_PATTERN_BYTES)
        .nest_limit(20)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                "is too large once compiled: use fewer or smaller repetitions".to_owned()
            }
            _ => "must be a regular expression without look-around and back-references".to_owned(),
        })
}

impl Conditions {
    /// Reads what was written at `conditions`, or says all that is wrong with it.
    pub fn read(form: &ConditionForm) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { leaves: 0, patterns: 0, compile: true, problems: Vec::new() };
        if serde_json::to_vec(form).map_or(usize::MAX, |json| json.len()) > MAX_CONDITIONS_BYTES {
            reader.refuse("conditions", "must be at most 16 KB long in all");
            return Err(reader.problems);
        }
        reader.whole(form)
    }

    /// Reads what was stored, and tried before.
    pub(super) fn read_again(form: &ConditionForm) -> Result<Self, Vec<Problem>> {
        Reader { leaves: 0, patterns: 0, compile: false, problems: Vec::new() }.whole(form)
    }
}

struct Reader {
    leaves: usize,
    patterns: usize,
    /// Patterns are tried: not those that were stored, which were tried before.
    compile: bool,
    problems: Vec<Problem>,
}

impl Reader {
    fn whole(mut self, form: &ConditionForm) -> Result<Conditions, Vec<Problem>> {
        if form.field.is_some() || form.op.is_some() || form.value.is_some() {
            self.refuse("conditions", "must be a group: {\"operator\": \"AND\", \"conditions\": […]}");
        }
        let group = self.group(form, "conditions", 1);
        if self.leaves > MAX_LEAVES {
            self.refuse("conditions", format!("must be at most {MAX_LEAVES} in all, not {}", self.leaves));
        }
        if self.patterns > MAX_PATTERNS {
            self.refuse("conditions", format!("may hold `matches` {MAX_PATTERNS} times, not {}", self.patterns));
        }
        match group {
            Some(group) if self.problems.is_empty() => Ok(Conditions(group)),
            _ => Err(self.problems),
        }
    }

    fn refuse(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::new(path, message));
    }

    fn condition(&mut self, form: &ConditionForm, path: &str, depth: usize) -> Option<Condition> {
        let is_group = form.operator.is_some() || form.conditions.is_some();
        let is_test = form.field.is_some() || form.op.is_some() || form.value.is_some();
        if is_group && is_test {
            self.refuse(path, "must have either `operator` and `conditions`, or `field`, `op` and `value`");
            return None;
        }
        if is_group {
            self.group(form, path, depth).map(Condition::Group)
        } else {
            self.test(form, path).map(Condition::Test)
        }
    }

    fn group(&mut self, form: &ConditionForm, path: &str, depth: usize) -> Option<Group> {
        if depth > MAX_DEPTH {
            self.refuse(path, format!("lies too deep: groups may lie {MAX_DEPTH} deep in each other"));
            return None;
        }
        if form.operator.is_none() {
            self.refuse(format!("{path}.operator"), "is required: `AND`, `OR` or `NOT`");
        }
        let Some(forms) = &form.conditions else {
            self.refuse(format!("{path}.conditions"), "is required");
            return None;
        };
        // A rule without conditions always matches; of an empty alternative, or of nothing that may not hold, nobody knows
        // what is meant.
        if forms.is_empty() && (depth > 1 || form.operator.is_some_and(|operator| operator != Operator::And)) {
            self.refuse(format!("{path}.conditions"), "must not be empty");
        }
        let mut conditions = Vec::with_capacity(forms.len());
        for (i, inner) in forms.iter().enumerate() {
            conditions.extend(self.condition(inner, &format!("{path}.conditions[{i}]"), depth + 1));
        }
        Some(Group { operator: form.operator?, conditions })
    }

    fn test(&mut self, form: &ConditionForm, path: &str) -> Option<Test> {
        self.leaves += 1;
        let field = match form.field.as_deref().map(Field::named) {
            Some(Ok(field)) => Some(field),
            Some(Err(message)) => {
                self.refuse(format!("{path}.field"), message);
                None
            }
            None => {
                self.refuse(format!("{path}.field"), "is required");
                None
            }
        };
        let Some(op) = form.op else {
            self.refuse(format!("{path}.op"), "is required");
            return None;
        };
        let field = field?;
        let kind = field.kind();
        if !kind.ops().contains(&op) {
            let ops: Vec<_> = kind.ops().iter().map(|op| format!("`{}`", op.as_str())).collect();
            self.refuse(
                format!("{path}.op"),
                format!("must be one of {}, since `{}` is {}", ops.join(", "), field.name(), kind.noun()),
            );
            return None;
        }
        match self.operand(kind, op, form.value.as_ref()) {
            Ok(value) => Some(Test { field, op, value }),
            Err(message) => {
                self.refuse(format!("{path}.value"), message);
                None
            }
        }
    }

    /// What a field of that kind is compared with by that operator.
    fn operand(&mut self, kind: Kind, op: Op, value: Option<&Value>) -> Result<Operand, String> {
        match (op, value) {
            (Op::Exists, None) => Ok(Operand::Flag(true)),
            (Op::Exists, Some(Value::Bool(exists))) => Ok(Operand::Flag(*exists)),
            (Op::Exists, Some(_)) => Err("must be true or false, or left out for true".into()),
            (_, None) => Err("is required".into()),
            (Op::In, Some(Value::Array(list))) if (1..=MAX_CHOICES).contains(&list.len()) => {
                list.iter().map(|value| one(kind, value)).collect::<Result<_, _>>().map(Operand::List)
            }
            (Op::In, Some(_)) => Err(format!("must be a list of 1 to {MAX_CHOICES} values")),
            (Op::Gt | Op::Lt, Some(value)) => one(Kind::Number, value),
            (Op::Matches, Some(value)) => {
                self.patterns += 1;
                let text = text(value)?;
                if text.len() > MAX_PATTERN_BYTES {
                    return Err(format!("must be at most {MAX_PATTERN_BYTES} bytes long"));
                }
                // More than may be there are refused anyway, and not tried.
                if self.compile && self.patterns <= MAX_PATTERNS {
                    pattern(&text)?;
                }
                Ok(Operand::Text(text))
            }
            (Op::Contains | Op::NotContains, Some(value)) => match kind {
                Kind::Choices(words) => one(Kind::Choice(words), value),
                _ => text(value).map(Operand::Text),
            },
            (Op::StartsWith | Op::EndsWith, Some(value)) => text(value).map(Operand::Text),
            (Op::Equals | Op::NotEquals, Some(value)) => one(kind, value),
        }
    }
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.is_empty() && text.len() <= MAX_TEXT_BYTES => Ok(text.clone()),
        _ => Err("must be a text of 1 byte to 1 KB".into()),
    }
}

/// One value of that kind.
fn one(kind: Kind, value: &Value) -> Result<Operand, String> {
    match (kind, value) {
        (Kind::Anything, Value::Bool(_)) => one(Kind::Flag, value),
        (Kind::Anything, Value::Number(_)) => one(Kind::Number, value),
        (Kind::Anything, Value::String(_)) | (Kind::Text | Kind::Texts, _) => text(value).map(Operand::Text),
        (Kind::Anything, _) => Err("must be a text, a number, true or false".into()),
        (Kind::Flag, Value::Bool(flag)) => Ok(Operand::Flag(*flag)),
        (Kind::Flag, _) => Err("must be true or false".into()),
        (Kind::Number, Value::Number(number)) => match number.as_f64() {
            Some(number) if number.abs() <= MAX_NUMBER => Ok(Operand::Number(number)),
            _ => Err("must be a number below 2^53".into()),
        },
        (Kind::Number, _) => Err("must be a number".into()),
        (Kind::Choice(words) | Kind::Choices(words), _) => {
            let known = value.as_str().and_then(|text| words.iter().find(|word| word.eq_ignore_ascii_case(text)));
            known.map(|word| Operand::Text((*word).to_owned())).ok_or_else(|| {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("must be one of {}", words.join(", "))
            })
        }
        (Kind::Id, _) => match value.as_str().map(str::parse::<crate::IdentityId>) {
            Some(Ok(id)) => Ok(Operand::Text(id.to_string())),
            _ => Err(crate::ids::InvalidId.to_string()),
        },
    }
}
