//! `/rules`: what happens by itself.

use std::sync::Arc;

use actionlayer_domain::{Rule, RuleId, ThreadId, rule::Trigger};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        rules::{self, RuleForm, Tried},
    },
};
use actionlayer_service::{
    App, ServiceError,
    rules::{
        edit_rules::{RuleFilter, RulePatch, create_rule, delete_rule, get_rule, list_rules, update_rule},
        test_rules::{Subject, test_rules},
    },
    threads::{get_thread::find_thread, list_threads::list_threads},
    workspace::idempotency::Idempotency,
};
use actionlayer_store::ThreadFilter;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, only_total, refused, whole},
    form::Form,
    rule_form::{from_form, from_json, new_rule_of},
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/rules", get(list).post(create))
        .route("/rules/{id}", get(show).post(save))
        .route("/rules/{id}/active", post(set_active))
        .route("/rules/{id}/try", post(try_out))
        .route("/rules/{id}/delete", post(delete))
}

fn rule_id(text: &str) -> Result<RuleId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "rule" })
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    list_page(&app, &visitor, StatusCode::OK, &RuleForm::default(), None).await
}

async fn list_page(
    app: &App,
    visitor: &SignedIn,
    status: StatusCode,
    form: &RuleForm,
    problem: Option<Problem>,
) -> Response {
    // A workspace has at most 200 of them.
    let mut all: Vec<Rule> = Vec::new();
    let mut request = whole();
    loop {
        let list = match list_rules(app, &visitor.caller, RuleFilter::default(), &request).await {
            Ok(list) => list,
            Err(error) => return failed(visitor, Section::Rules, &error),
        };
        all.extend(list.items);
        request.cursor = list.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    answer::page(visitor, status, &rules::rules(&all, form, access(visitor), problem, app.now()))
}

async fn create(State(app): State<Arc<App>>, visitor: SignedIn, form: Form) -> Response {
    let typed = from_form(&form);
    let made = async {
        let new = new_rule_of(&typed)?;
        create_rule(&app, &visitor.caller, &Idempotency::NONE, new).await
    };
    match made.await {
        Ok(rule) => told(&app, &format!("/rules/{}", rule.id), "The rule was created. Try it out."),
        Err(error) => {
            let (status, problem) = refused(&error);
            list_page(&app, &visitor, status, &typed, problem).await
        }
    }
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    page(&app, &visitor, &id, StatusCode::OK, None, None).await
}

async fn page(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    status: StatusCode,
    json: Option<&str>,
    problem: Option<Problem>,
) -> Response {
    let read = async { get_rule(app, &visitor.caller, rule_id(id)?).await };
    match read.await {
        Ok(rule) => {
            let screen = rules::rule(&rule, json, None, access(visitor), problem, app.now());
            answer::page(visitor, status, &screen)
        }
        Err(error) => failed(visitor, Section::Rules, &error),
    }
}

async fn save(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let json = form.text("json");
    let saved = async {
        let new = from_json(json)?;
        let patch = RulePatch {
            name: Some(new.name),
            trigger: Some(new.trigger),
            priority: new.priority,
            active: new.active,
            conditions: Some(new.conditions.unwrap_or_default()),
            actions: Some(new.actions),
            stop_after_match: Some(new.stop_after_match.unwrap_or_default()),
        };
        update_rule(&app, &visitor.caller, rule_id(&id)?, patch).await
    };
    match saved.await {
        Ok(rule) => told(&app, &format!("/rules/{}", rule.id), "Saved."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, Some(json), problem).await
        }
    }
}

async fn set_active(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let active = form.text("active") == "yes";
    let changed = async {
        let patch = RulePatch { active: Some(active), ..RulePatch::default() };
        update_rule(&app, &visitor.caller, rule_id(&id)?, patch).await
    };
    match changed.await {
        Ok(rule) => {
            let done = if active { "The rule is on." } else { "The rule is off." };
            told(&app, &format!("/rules/{}", rule.id), done)
        }
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, None, problem).await
        }
    }
}

const NOTHING_TO_TRY: ServiceError = ServiceError::Conflict("there is no conversation yet to try it on");

/// Tries a rule on a conversation: the one that is named, or the newest. Changes nothing, so that its answer is a page.
async fn try_out(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let tried = async {
        let rule = get_rule(&app, &visitor.caller, rule_id(&id)?).await?;
        let thread = match form.given("thread") {
            Some(text) => {
                let id = text.parse::<ThreadId>().map_err(|error| ServiceError::invalid("thread", error))?;
                find_thread(&app, &visitor.caller, id).await?
            }
            None => {
                let newest = list_threads(&app, &visitor.caller, ThreadFilter::default(), None, only_total()).await?;
                newest.items.into_iter().next().ok_or(NOTHING_TO_TRY)?
            }
        };
        // Of a conversation that was answered, it is not the newest message that came in.
        let subject = match thread.last_inbound_message_id {
            Some(id) if rule.trigger == Trigger::EmailReceived => Subject::Message(id),
            _ => Subject::Thread(thread.id),
        };
        let given = from_json(&serde_json::to_string(&rule_as_given(&rule)).unwrap_or_default())?;
        let run = test_rules(&app, &visitor.caller, subject, None, Some(given)).await?;
        Ok::<_, ServiceError>((rule, run))
    };
    match tried.await {
        Ok((rule, run)) => {
            let outcome = Tried {
                on: &run.context.thread.subject,
                evaluated: run.rules.first().and_then(|tried| tried.evaluated.as_ref()),
            };
            let screen = rules::rule(&rule, None, Some(outcome), access(&visitor), None, app.now());
            answer::page(&visitor, StatusCode::OK, &screen)
        }
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, None, problem).await
        }
    }
}

/// The rule as its maker would give it.
fn rule_as_given(rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "name": rule.name,
        "trigger": rule.trigger,
        "conditions": rule.conditions.form(),
        "actions": rule.actions,
    })
}

async fn delete(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let deleted = async { delete_rule(&app, &visitor.caller, rule_id(&id)?).await };
    match deleted.await {
        Ok(()) => told(&app, "/rules", "The rule was deleted."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, None, problem).await
        }
    }
}
