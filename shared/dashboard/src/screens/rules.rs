//! `/rules`: what happens by itself.

use std::sync::Arc;

use actionlayer_domain::{Rule, RuleId, ThreadId, rule::Trigger};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        rule::{Considered, Shown, Tried, rule as rule_page},
        rule_form::{Added, RuleForm, rule_form},
        rules,
    },
};
use actionlayer_service::{
    App, ServiceError,
    rules::{
        edit_rules::{RuleFilter, UpdateRule, create_rule, delete_rule, get_rule, list_rules, update_rule},
        list_runs::list_runs,
        test_rules::{DryRun, Subject, test_rules},
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
    answer::{self, access, failed, only_total, page_request, refused, whole},
    form::{Asked, Form},
    rule_form::{as_json, edited, from_form, from_json, new_rule_of, typed_rule},
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/rules", get(list).post(create))
        .route("/rules/new", get(new))
        .route("/rules/{id}", get(show).post(save))
        .route("/rules/{id}/edit", get(edit))
        .route("/rules/{id}/active", post(set_active))
        .route("/rules/{id}/try", post(try_out))
        .route("/rules/{id}/delete", post(delete))
}

fn rule_id(text: &str) -> Result<RuleId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "rule" })
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    // A workspace has at most 200 of them.
    let mut all: Vec<Rule> = Vec::new();
    let mut request = whole();
    loop {
        let list = match list_rules(&app, &visitor.caller, RuleFilter::default(), &request).await {
            Ok(list) => list,
            Err(error) => return failed(&visitor, Section::Rules, &error),
        };
        all.extend(list.items);
        request.cursor = list.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    answer::page(&visitor, StatusCode::OK, &rules::rules(&all, access(&visitor), None, app.now()))
}

/// The form: for a new rule, or for the one at this path.
fn form_page(
    visitor: &SignedIn,
    path: Option<String>,
    form: Result<&RuleForm, &str>,
    added: Added,
    (status, problem): (StatusCode, Option<Problem>),
) -> Response {
    answer::page(visitor, status, &rule_form(path, form, added, access(visitor), problem))
}

const AS_IT_IS: (StatusCode, Option<Problem>) = (StatusCode::OK, None);

async fn new(visitor: SignedIn) -> Response {
    form_page(&visitor, None, Ok(&RuleForm::default()), Added::Nothing, AS_IT_IS)
}

async fn create(State(app): State<Arc<App>>, visitor: SignedIn, form: Form) -> Response {
    let mut typed = from_form(&form);
    if let Some(added) = edited(&form, &mut typed) {
        return form_page(&visitor, None, Ok(&typed), added, AS_IT_IS);
    }
    let made = async {
        let new = new_rule_of(&typed)?;
        create_rule(&app, &visitor.caller, &Idempotency::NONE, new).await
    };
    match made.await {
        Ok(rule) => told(&app, &format!("/rules/{}", rule.id), "The rule was created. Try it out."),
        Err(error) => form_page(&visitor, None, Ok(&typed), Added::Nothing, refused(&error)),
    }
}

async fn edit(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let read = async { get_rule(&app, &visitor.caller, rule_id(&id)?).await };
    match read.await {
        Ok(rule) => {
            let (typed, json) = (typed_rule(&rule), as_json(&rule));
            form_page(&visitor, Some(format!("/rules/{id}")), typed.as_ref().ok_or(&json), Added::Nothing, AS_IT_IS)
        }
        Err(error) => failed(&visitor, Section::Rules, &error),
    }
}

async fn save(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let path = format!("/rules/{id}");
    let mut typed = from_form(&form);
    if let Some(added) = edited(&form, &mut typed) {
        return form_page(&visitor, Some(path), Ok(&typed), added, AS_IT_IS);
    }
    let saved = async {
        // Whose it is comes before what it says.
        let id = get_rule(&app, &visitor.caller, rule_id(&id)?).await?.id;
        let new = new_rule_of(&typed)?;
        let patch = UpdateRule {
            name: Some(new.name),
            trigger: Some(new.trigger),
            priority: new.priority,
            active: new.active,
            conditions: Some(new.conditions.unwrap_or_default()),
            actions: Some(new.actions),
            stop_after_match: Some(new.stop_after_match.unwrap_or_default()),
        };
        update_rule(&app, &visitor.caller, id, patch).await
    };
    match saved.await {
        Ok(_) => told(&app, &path, "Saved."),
        Err(error @ ServiceError::NotFound { .. }) => failed(&visitor, Section::Rules, &error),
        Err(error) => {
            let shown = if typed.json.is_empty() { Ok(&typed) } else { Err(typed.json.as_str()) };
            form_page(&visitor, Some(path), shown, Added::Nothing, refused(&error))
        }
    }
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, asked: Asked) -> Response {
    page(&app, &visitor, &id, &asked, AS_IT_IS, None).await
}

async fn page(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    asked: &Asked,
    (status, problem): (StatusCode, Option<Problem>),
    tried: Option<&DryRun>,
) -> Response {
    let request = page_request(asked);
    let read = async {
        let id = rule_id(id)?;
        tokio::try_join!(get_rule(app, &visitor.caller, id), list_runs(app, &visitor.caller, id, &request))
    };
    match read.await {
        Ok((rule, runs)) => {
            let considered: Vec<_> = runs
                .items
                .iter()
                .map(|run| Considered { occasion: &run.occasion, verdict: &run.verdict, run: run.run.as_ref() })
                .collect();
            let tried = tried.map(|run| Tried {
                on: &run.context.thread.subject,
                evaluated: run.rules.first().and_then(|tried| tried.evaluated.as_ref()),
                results: run.rules.first().map_or(&[], |tried| &tried.results),
            });
            let view = Shown {
                rule: &rule,
                tried,
                considered: &considered,
                cursor: request.cursor.as_deref(),
                next_cursor: runs.next_cursor.as_deref(),
                access: access(visitor),
                now: app.now(),
            };
            answer::page(visitor, status, &rule_page(view, problem))
        }
        Err(error) => failed(visitor, Section::Rules, &error),
    }
}

async fn set_active(
    State(app): State<Arc<App>>,
    visitor: SignedIn,
    Path(id): Path<String>,
    asked: Asked,
    form: Form,
) -> Response {
    let active = form.text("active") == "yes";
    let changed = async {
        let patch = UpdateRule { active: Some(active), ..UpdateRule::default() };
        update_rule(&app, &visitor.caller, rule_id(&id)?, patch).await
    };
    match changed.await {
        Ok(rule) => {
            let done = if active { "The rule is on." } else { "The rule is off." };
            told(&app, &format!("/rules/{}", rule.id), done)
        }
        Err(error) => page(&app, &visitor, &id, &asked, refused(&error), None).await,
    }
}

const NOTHING_TO_TRY: ServiceError = ServiceError::Conflict("there is no conversation yet to try it on");

/// Tries a rule on a conversation, the one that is named or the newest, or at an event of the past. Changes nothing, so that
/// its answer is a page.
async fn try_out(
    State(app): State<Arc<App>>,
    visitor: SignedIn,
    Path(id): Path<String>,
    asked: Asked,
    form: Form,
) -> Response {
    let tried = async {
        let rule = get_rule(&app, &visitor.caller, rule_id(&id)?).await?;
        let subject = match form.given("event") {
            Some(text) => Subject::Event(text.parse().map_err(|error| ServiceError::invalid("event", error))?),
            None => conversation(&app, &visitor, &rule, form.given("thread")).await?,
        };
        let given = from_json(&as_json(&rule))?;
        test_rules(&app, &visitor.caller, subject, None, Some(given)).await
    };
    match tried.await {
        Ok(run) => page(&app, &visitor, &id, &asked, AS_IT_IS, Some(&run)).await,
        Err(error) => page(&app, &visitor, &id, &asked, refused(&error), None).await,
    }
}

async fn conversation(
    app: &App,
    visitor: &SignedIn,
    rule: &Rule,
    asked: Option<&str>,
) -> Result<Subject, ServiceError> {
    let thread = match asked {
        Some(text) => {
            let id = text.parse::<ThreadId>().map_err(|error| ServiceError::invalid("thread", error))?;
            find_thread(app, &visitor.caller, id).await?
        }
        None => {
            let newest = list_threads(app, &visitor.caller, ThreadFilter::default(), None, only_total()).await?;
            newest.items.into_iter().next().ok_or(NOTHING_TO_TRY)?
        }
    };
    // Of a conversation that was answered, it is not the newest message that came in.
    Ok(match thread.last_inbound_message_id {
        Some(id) if rule.trigger == Trigger::EmailReceived => Subject::Message(id),
        _ => Subject::Thread(thread.id),
    })
}

async fn delete(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, asked: Asked) -> Response {
    let deleted = async { delete_rule(&app, &visitor.caller, rule_id(&id)?).await };
    match deleted.await {
        Ok(()) => told(&app, "/rules", "The rule was deleted."),
        Err(error) => page(&app, &visitor, &id, &asked, refused(&error), None).await,
    }
}
