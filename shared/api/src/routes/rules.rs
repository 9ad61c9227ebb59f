//! Rules.

use std::sync::Arc;

use actionlayer_domain::{DraftId, EventId, MessageId, RuleId, ThreadId, rule::Trigger};
use actionlayer_service::{
    App, FieldError,
    rules::{
        edit_rules::{self, CreateRule, RuleFilter, UpdateRule},
        list_runs,
        test_rules::{self as dry_run, Subject},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiError, Authenticated, Id, JsonBody, List, NoQuery, OnceOnly, Query,
    openapi::Paging,
    views::{RuleRunView, RuleTestView, RuleView},
};

operations! {
    list_rules, create_rule;
    test_rules;
    get_rule, update_rule, delete_rule;
    list_rule_runs;
}

/// Create a rule
///
/// It is checked as a whole: that its fields are known when its trigger happens, its operators fit its fields, and its
/// actions can follow. Text compares without case; a field that is not there equals and contains nothing.
///
/// **When something happens**, the active rules that wait for it are considered once: the lowest priority first, of two the
/// older. All look at how things stood then, so that no rule sees what an earlier one changed. The actions of each match are
/// carried out in order, each once. What a rule caused fires no rule.
///
/// **What leaves because of a rule** goes to the one proven author of a mail without safety flags that no machine wrote, without
/// copies and files, at most 10 times a day in a thread, 20 to a person and 500 from an identity; a draft that does not fit waits
/// for a person. `GET /v1/rules/{id}/runs` says what it did and why not. A rule that matches more than 60 times in a minute, or
/// fails 20 times in a row, is switched off, and the owners are told. Try a rule with `POST /v1/rules/test` first.
#[utoipa::path(
    post, path = "/v1/rules", tag = "Rules",
    request_body = CreateRule,
    responses((status = 201, description = "The rule.", body = RuleView)),
    extensions(("x-errors" = json!(["plan_limit_reached", "conflict"])))
)]
pub(crate) async fn create_rule(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    OnceOnly(idempotency): OnceOnly,
    _: NoQuery,
    JsonBody(rule): JsonBody<CreateRule>,
) -> Result<(StatusCode, Json<RuleView>), ApiError> {
    let rule = edit_rules::create_rule(&app, &caller, &idempotency, rule).await?;
    Ok((StatusCode::CREATED, Json(RuleView::of(rule))))
}

/// List rules
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/rules", tag = "Rules",
    params(
        Paging,
        ("trigger" = Option<Trigger>, Query, description = "Only rules that wait for this."),
        ("active" = Option<bool>, Query, description = "Only rules that are considered, or only the others."),
    ),
    responses((status = 200, description = "A page of rules.", body = List<RuleView>))
)]
pub(crate) async fn list_rules(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    mut query: Query,
) -> Result<Json<List<RuleView>>, ApiError> {
    let request = query.page();
    let filter = RuleFilter { trigger: query.choice::<Trigger>("trigger"), active: query.flag("active") };
    query.finish()?;
    let page = edit_rules::list_rules(&app, &caller, filter, &request).await?;
    Ok(Json(List::of(page, &request, RuleView::of)))
}

/// Retrieve a rule
#[utoipa::path(
    get, path = "/v1/rules/{id}", tag = "Rules",
    params(("id" = RuleId, Path, description = "The rule.")),
    responses((status = 200, description = "The rule.", body = RuleView))
)]
pub(crate) async fn get_rule(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<RuleId>,
    _: NoQuery,
) -> Result<Json<RuleView>, ApiError> {
    Ok(Json(RuleView::of(edit_rules::get_rule(&app, &caller, id).await?)))
}

/// Update a rule
///
/// What it is then is checked as a whole.
#[utoipa::path(
    patch, path = "/v1/rules/{id}", tag = "Rules",
    params(("id" = RuleId, Path, description = "The rule.")),
    request_body = UpdateRule,
    responses((status = 200, description = "The rule as it is now.", body = RuleView))
)]
pub(crate) async fn update_rule(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<RuleId>,
    _: NoQuery,
    JsonBody(patch): JsonBody<UpdateRule>,
) -> Result<Json<RuleView>, ApiError> {
    Ok(Json(RuleView::of(edit_rules::update_rule(&app, &caller, id, patch).await?)))
}

/// Delete a rule
#[utoipa::path(
    delete, path = "/v1/rules/{id}", tag = "Rules",
    params(("id" = RuleId, Path, description = "The rule.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_rule(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<RuleId>,
    _: NoQuery,
) -> Result<StatusCode, ApiError> {
    edit_rules::delete_rule(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List runs of a rule
///
/// The events of the last 30 days that it was considered for, newest first: whether it matched, or why not, and what became of
/// each of its actions. `total` counts the events that rules with its trigger were considered for.
#[utoipa::path(
    get, path = "/v1/rules/{id}/runs", tag = "Rules",
    params(("id" = RuleId, Path, description = "The rule."), Paging),
    responses((status = 200, description = "A page of runs.", body = List<RuleRunView>))
)]
pub(crate) async fn list_rule_runs(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<RuleId>,
    mut query: Query,
) -> Result<Json<List<RuleRunView>>, ApiError> {
    let request = query.page();
    query.finish()?;
    let page = list_runs::list_runs(&app, &caller, id, &request).await?;
    Ok(Json(List::of(page, &request, RuleRunView::of)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "message_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab" }))]
pub(crate) struct TestRules {
    /// Its newest message, or for a trigger about drafts its newest draft.
    thread_id: Option<ThreadId>,
    message_id: Option<MessageId>,
    draft_id: Option<DraftId>,
    /// What an event of the last 30 days was about, as things stood when it happened.
    event_id: Option<EventId>,
    /// What is supposed to have happened: `email.received` or `email.sent` for a message, `draft.created` for a draft,
    /// unless it says otherwise.
    trigger: Option<Trigger>,
    /// The rule to try instead of the active ones of the workspace.
    rule: Option<CreateRule>,
}

/// Test rules
///
/// Shows what rules would do with a thread, a message, a draft or at an event, whether each condition holds, and what each action
/// would come to now. Give exactly one of the four. Nothing is changed.
#[utoipa::path(
    post, path = "/v1/rules/test", tag = "Rules",
    request_body = TestRules,
    responses((status = 200, description = "The rules that would be considered, in order.", body = RuleTestView)),
    extensions(("x-reads" = json!(true)))
)]
pub(crate) async fn test_rules(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(body): JsonBody<TestRules>,
) -> Result<Json<RuleTestView>, ApiError> {
    let TestRules { thread_id, message_id, draft_id, event_id, trigger, rule } = body;
    let subject = match (thread_id, message_id, draft_id, event_id) {
        (Some(id), None, None, None) => Subject::Thread(id),
        (None, Some(id), None, None) => Subject::Message(id),
        (None, None, Some(id), None) => Subject::Draft(id),
        (None, None, None, Some(id)) => Subject::Event(id),
        _ => {
            let message = "give exactly one of `thread_id`, `message_id`, `draft_id` and `event_id`";
            return Err(ApiError::validation(vec![FieldError::new("thread_id", message)]));
        }
    };
    if trigger.is_some() && rule.is_some() {
        let message = "is for the rules of the workspace: this rule has its own";
        return Err(ApiError::validation(vec![FieldError::new("trigger", message)]));
    }
    let given = rule.is_some();
    let run = dry_run::test_rules(&app, &caller, subject, trigger, rule).await?;
    Ok(Json(RuleTestView::of(run, given)))
}
