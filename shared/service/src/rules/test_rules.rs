//! `POST /v1/rules/test`: what rules would do. Nothing is changed.

use actionlayer_domain::{
    Draft, DraftBody, DraftId, EventId, Message, MessageBody, MessageId, Rule, Thread, ThreadId,
    event::Event,
    message::Direction,
    rule::{self, ActionResult, Evaluated, Occasion, RuleEvent, Trigger},
};
use actionlayer_store::keys;

use crate::{
    App, Caller, FieldError, ServiceError,
    drafts::read_drafts::get_draft,
    rules::{
        edit_rules::{CreateRule, build},
        foresee::foresee,
        rule_context::{RuleContext, message_of},
    },
    threads::{get_thread::get_thread, messages::get_message, resolve},
};

/// What rules are tried on.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// The newest message of a thread, or its newest draft.
    Thread(ThreadId),
    Message(MessageId),
    Draft(DraftId),
    /// What an event was about, as things stood when it happened.
    Event(EventId),
}

/// A rule and what it would do.
#[derive(Debug, Clone)]
pub struct Tried {
    pub rule: Rule,
    /// What its conditions come to; none when an earlier match stops everything.
    pub evaluated: Option<Evaluated>,
    /// What each of its actions would come to now; nothing unless it matched.
    pub results: Vec<ActionResult>,
}

/// What would happen.
#[derive(Debug)]
pub struct DryRun {
    /// What was supposed to have happened.
    pub trigger: Trigger,
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
    given: Option<CreateRule>,
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
    if let Subject::Event(id) = subject {
        return at_event(app, caller, id, trigger.map(|trigger| (field, trigger)), &rules).await;
    }
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
    let context = RuleContext::read(app, caller.workspace_id, thread, message, draft, None, app.now()).await?;
    let now = app.now();
    let event = RuleEvent {
        workspace_id: caller.workspace_id,
        event_id: EventId::generate(now, app.entropy()),
        trigger,
        at: now,
        thread_id: context.thread.id,
        message_id: context.message.as_ref().map(|message| message.id),
        draft_id: context.draft.as_ref().map(|draft| draft.id),
        version: context.draft.as_ref().map(|draft| draft.version),
    };
    tried(app, caller, event, context, &rules).await
}

/// What rules would do at an event of the past: they look at how things stood then, and what their actions would come to is
/// told as things are now.
async fn at_event(
    app: &App,
    caller: &Caller,
    id: EventId,
    trigger: Option<(&str, Trigger)>,
    rules: &[Rule],
) -> Result<DryRun, ServiceError> {
    const NOT_FOUND: ServiceError = ServiceError::NotFound { what: "event" };
    let row = app.store.get::<Event>(&keys::event(caller.workspace_id, id.time(), id)).await?;
    let row = row.filter(|row| row.value.what.identity_id().is_some_and(|identity| caller.sees(identity)));
    let event = row.ok_or(NOT_FOUND)?.value;
    let Some(event) = RuleEvent::of(&event) else {
        return Err(ServiceError::invalid("event_id", "must be an event that rules wait for, and that no rule caused"));
    };
    if let Some((field, trigger)) = trigger
        && trigger != event.trigger
    {
        let message = format!("must be `{}`, which is what happened", event.trigger.as_str());
        return Err(ServiceError::invalid(field, message));
    }
    let known = app.store.rule_occasion(caller.workspace_id, event.trigger, id).await?.map(|row| row.value);
    let then = known.as_ref().map(|occasion| occasion.thread.clone());
    let mut context = RuleContext::at(app, &event, then).await?.ok_or(NOT_FOUND)?;
    if let Some(occasion) = known {
        context.contact = occasion.contact;
    }
    tried(app, caller, event, context, rules).await
}

async fn tried(
    app: &App,
    caller: &Caller,
    event: RuleEvent,
    context: RuleContext,
    rules: &[Rule],
) -> Result<DryRun, ServiceError> {
    let trigger = event.trigger;
    let considered: Vec<(Rule, Option<Evaluated>)> = rule::run(rules, trigger, &context.facts())
        .into_iter()
        .map(|considered| (considered.rule.clone(), considered.evaluated))
        .collect();
    let occasion = Occasion {
        event,
        thread: context.then.clone(),
        contact: context.contact.clone(),
        verdicts: Vec::new(),
        considered_at: app.now(),
    };
    let mut all = Vec::with_capacity(considered.len());
    for (rule, evaluated) in considered {
        let mut results = Vec::new();
        if evaluated.as_ref().is_some_and(|evaluated| evaluated.holds) {
            for action in &rule.actions {
                results.push(foresee(app, caller, &occasion, &context, action).await?);
            }
        }
        all.push(Tried { rule, evaluated, results });
    }
    Ok(DryRun { trigger, context, rules: all })
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
        // Read by itself.
        Subject::Event(_) => Err(ServiceError::NotFound { what: "event" }),
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
    let message = match message_of(&draft.0, trigger) {
        Some(id) => Some(get_message(app, caller, id).await?),
        None => None,
    };
    Ok(Found { thread, message, draft: Some(draft) })
}
