//! `POST /v1/rules/test`: what rules would do. Nothing is changed.

use actionlayer_domain::{
    Draft, DraftBody, DraftId, Message, MessageBody, MessageId, Rule, Thread, ThreadId,
    message::Direction,
    rule::{self, Evaluated, Trigger},
};

use crate::{
    App, Caller, FieldError, ServiceError,
    drafts::read_drafts::get_draft,
    rules::{
        edit_rules::{NewRule, build},
        rule_context::RuleContext,
    },
    threads::{get_thread::get_thread, messages::get_message, resolve},
};

/// What rules are tried on.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// The newest message of a thread, or its newest draft.
    Thread(ThreadId),
    /// A message.
    Message(MessageId),
    /// A draft.
    Draft(DraftId),
}

/// A rule and what it would do.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The rule.
    pub rule: Rule,
    /// What its conditions come to; none when an earlier match stops everything.
    pub evaluated: Option<Evaluated>,
}

/// What would happen.
#[derive(Debug)]
pub struct DryRun {
    /// What was supposed to have happened.
    pub trigger: Trigger,
    /// To what.
    pub context: RuleContext,
    /// The rules that wait for it, in the order they are considered.
    pub rules: Vec<Tried>,
}

/// Tries the workspace's active rules, or the one that is given, as if the trigger had just happened to the subject. By
/// itself a message came in or left, and a draft was created.
pub async fn test_rules(
    app: &App,
    caller: &Caller,
    subject: Subject,
    trigger: Option<Trigger>,
    given: Option<NewRule>,
) -> Result<DryRun, ServiceError> {
    let is_given = given.is_some();
    let rules = match given {
        Some(new) => {
            let mut rule = build(app, caller, new).map_err(inside_rule)?;
            // To try it is to consider it.
            rule.active = true;
            vec![rule]
        }
        None => app.store.rules(caller.workspace_id).await?.into_iter().map(|row| row.value).collect(),
    };
    let (field, trigger) = match rules.as_slice() {
        [only] if is_given => ("rule.trigger", Some(only.trigger)),
        _ => ("trigger", trigger),
    };
    let Found { thread, message, draft } = find(app, caller, subject, trigger).await?;
    let trigger = match (trigger, &message) {
        (Some(trigger), _) => trigger,
        (None, _) if matches!(subject, Subject::Draft(_)) => Trigger::DraftCreated,
        (None, Some((message, _))) if message.direction == Direction::Outbound => Trigger::EmailSent,
        (None, _) => Trigger::EmailReceived,
    };
    let direction = message.as_ref().map(|(message, _)| message.direction);
    let lacks = match trigger {
        Trigger::EmailReceived if direction != Some(Direction::Inbound) => Some("a message that came in"),
        Trigger::EmailSent | Trigger::EmailDelivered if direction != Some(Direction::Outbound) => {
            Some("a message that went out")
        }
        trigger if trigger.is_about_a_draft() && draft.is_none() => Some("a draft"),
        _ => None,
    };
    if let Some(lacks) = lacks {
        return Err(ServiceError::invalid(
            field,
            format!("`{}` is about {lacks}: choose another subject", trigger.as_str()),
        ));
    }
    let context = RuleContext::read(app, caller.workspace_id, thread, message, draft).await?;
    let considered = rule::run(&rules, trigger, &context.facts());
    let tried = considered.into_iter().map(|c| Tried { rule: c.rule.clone(), evaluated: c.evaluated }).collect();
    Ok(DryRun { trigger, context, rules: tried })
}

/// Names what is wrong with the rule where it stands in this request.
fn inside_rule(error: ServiceError) -> ServiceError {
    match error {
        ServiceError::Validation(fields) => ServiceError::Validation(
            fields.into_iter().map(|field| FieldError::new(format!("rule.{}", field.field), field.message)).collect(),
        ),
        other => other,
    }
}

struct Found {
    thread: Thread,
    message: Option<(Message, MessageBody)>,
    draft: Option<(Draft, DraftBody)>,
}

/// What the subject is, with what belongs to it: a draft with the message it answers, or became; mail that left with the
/// draft it was.
async fn find(app: &App, caller: &Caller, subject: Subject, trigger: Option<Trigger>) -> Result<Found, ServiceError> {
    match subject {
        Subject::Thread(id) => {
            let mut detail = get_thread(app, caller, id, Some(1)).await?;
            let message = detail.messages.pop();
            if !trigger.is_some_and(Trigger::is_about_a_draft) {
                return with_its_draft(app, caller, detail.thread, message).await;
            }
            match detail.drafts.into_iter().next() {
                Some(draft) => with_its_message(app, caller, detail.thread, draft, trigger).await,
                None => Ok(Found { thread: detail.thread, message, draft: None }),
            }
        }
        Subject::Message(id) => {
            let (message, body) = get_message(app, caller, id).await?;
            let thread = resolve::visible(app, caller, message.thread_id).await?.value;
            with_its_draft(app, caller, thread, Some((message, body))).await
        }
        Subject::Draft(id) => {
            let (draft, body) = get_draft(app, caller, id).await?;
            let thread = resolve::visible(app, caller, draft.thread_id).await?.value;
            with_its_message(app, caller, thread, (draft, body), trigger).await
        }
    }
}

async fn with_its_draft(
    app: &App,
    caller: &Caller,
    thread: Thread,
    message: Option<(Message, MessageBody)>,
) -> Result<Found, ServiceError> {
    let draft = match message.as_ref().and_then(|(message, _)| message.draft_id) {
        Some(id) => Some(get_draft(app, caller, id).await?),
        None => None,
    };
    Ok(Found { thread, message, draft })
}

async fn with_its_message(
    app: &App,
    caller: &Caller,
    thread: Thread,
    draft: (Draft, DraftBody),
    trigger: Option<Trigger>,
) -> Result<Found, ServiceError> {
    let id = match trigger {
        Some(Trigger::EmailSent | Trigger::EmailDelivered) => draft.0.outbound_message_id,
        _ => draft.0.based_on_message_id,
    };
    let message = match id {
        Some(id) => Some(get_message(app, caller, id).await?),
        None => None,
    };
    Ok(Found { thread, message, draft: Some(draft) })
}
