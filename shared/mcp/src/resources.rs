//! Resources: what a client may put before a model without a tool being called.

use std::sync::Arc;

use actionlayer_api::{ApiError, views::WorkspaceView};
use actionlayer_domain::{
    DraftId, Identity, Plan, Timestamp, key::Permission, plan::Limits, thread::MAX_UNATTENDED_SENDS_A_DAY,
    unattended::MAX_TO_ONE_PERSON_A_DAY,
};
use actionlayer_service::{
    App, Caller, billing::get_subscription::get_subscription, drafts::read_drafts::get_draft,
    outbound::unattended::left_today, workspace::update_workspace::get_workspace,
};
use rmcp::model::{JsonObject, Resource, ResourceTemplate};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    answer::value,
    tools::{Call, drafts, people, threads},
    views::Moment,
};

const JSON: &str = "application/json";

pub(crate) fn all() -> Vec<Resource> {
    let resource = |uri: &str, name: &str, title: &str, description: &str| {
        Resource::new(uri, name).with_title(title).with_description(description).with_mime_type(JSON)
    };
    vec![
        resource("workspace://current", "workspace", "Current workspace", "The workspace's name and settings."),
        resource(
            "identities://active",
            "identities",
            "Active identities",
            "The addresses that mail is received at and sent as.",
        ),
        resource("threads://recent", "recent_threads", "Recent threads", "The 20 threads with the newest messages."),
        resource(
            "policy://sending",
            "sending_policy",
            "Sending policy",
            "What this key may do, who approves, and what may still be sent.",
        ),
    ]
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template = |uri: &str, name: &str, title: &str, description: &str| {
        ResourceTemplate::new(uri, name).with_title(title).with_description(description).with_mime_type(JSON)
    };
    vec![
        template("thread://{id}", "thread", "A thread", "A conversation with its newest messages and its drafts."),
        template("draft://{id}", "draft", "A draft", "A draft with its text, and what became of it."),
    ]
}

pub(crate) async fn read(
    app: &Arc<App>,
    caller: &Caller,
    waits: &Arc<Semaphore>,
    uri: &str,
) -> Result<Value, ApiError> {
    let call = |arguments: Value| Call {
        app: Arc::clone(app),
        caller: caller.clone(),
        secret: String::new(),
        waits: Arc::clone(waits),
        arguments: arguments.as_object().cloned().unwrap_or_else(JsonObject::new),
    };
    match uri.split_once("://") {
        Some(("workspace", "current")) => value(&WorkspaceView::of(get_workspace(app, caller).await?)),
        Some(("identities", "active")) => {
            people::list_identities(call(json!({"status": "active", "limit": 100}))).await
        }
        Some(("threads", "recent")) => threads::list_threads(call(json!({"limit": 20}))).await,
        Some(("policy", "sending")) => value(&sending_policy(app, caller).await?),
        Some(("thread", id)) if !id.is_empty() => threads::get_thread(call(json!({"thread_id": id}))).await,
        Some(("draft", id)) if !id.is_empty() => {
            let id: DraftId = id.parse().map_err(|_| ApiError::no_such("draft"))?;
            let (draft, body) = get_draft(app, caller, id).await?;
            value(&drafts::shown(&draft, &body, 0))
        }
        _ => Err(ApiError::no_such("resource")),
    }
}

/// What may be sent, and by whom it is decided.
#[derive(Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a thing of its own that a key may do")]
struct SendingPolicy {
    role: &'static str,
    may_read: bool,
    may_submit_drafts: bool,
    /// Drafts that a person approved.
    may_send_approved_drafts: bool,
    /// Drafts that nobody approved.
    may_send_pending_drafts: bool,
    may_approve: bool,
    /// The identities this key sees; all of them when empty.
    identity_ids: Vec<String>,
    who_approves: &'static str,
    plan: Plan,
    limits: Limits,
    emails_sent_this_period: u64,
    /// `null` where the plan has no limit.
    emails_left_this_period: Option<u64>,
    period_ends_at: Option<Moment>,
    /// Answers that leave a thread in a day without a person, where the owner of an identity lets them.
    unattended_answers_per_thread_and_day: u32,
    /// To one person, from all identities.
    unattended_answers_per_person_and_day: u32,
    /// How many more each active identity may send so today.
    unattended_answers_left_today: Vec<LeftToday>,
    max_recipients_per_message: u32,
    max_attachments_bytes: u32,
    /// Calls a minute; `null` where they are not counted.
    rate_limits: Option<RateLimits>,
    now: Moment,
}

#[derive(Serialize)]
struct LeftToday {
    identity_id: String,
    email: String,
    left: u32,
}

#[derive(Serialize)]
struct RateLimits {
    reads_a_minute: u32,
    writes_a_minute: u32,
}

async fn sending_policy(app: &App, caller: &Caller) -> Result<SendingPolicy, ApiError> {
    let subscription = get_subscription(app, caller).await?;
    let left_today = left_today(app, caller).await?;
    let left = |(identity, left): (Identity, u32)| LeftToday {
        identity_id: identity.id.to_string(),
        email: identity.email_address.to_string(),
        left,
    };
    let may = |permission| caller.may(permission);
    let now: Timestamp = app.now();
    Ok(SendingPolicy {
        role: caller.authority.as_str(),
        may_read: may(Permission::Read),
        may_submit_drafts: may(Permission::Draft),
        may_send_approved_drafts: may(Permission::Draft),
        may_send_pending_drafts: may(Permission::Approve),
        may_approve: may(Permission::Approve),
        identity_ids: caller.identity_ids().iter().map(ToString::to_string).collect(),
        who_approves: if may(Permission::Approve) {
            "A person: one of the identity's approvers, or whoever told you to use this key to approve."
        } else {
            "A person: one of the identity's approvers, or the owner. This key cannot."
        },
        plan: subscription.plan,
        limits: subscription.limits,
        emails_sent_this_period: subscription.emails_sent,
        emails_left_this_period: subscription
            .limits
            .emails_per_period
            .map(|cap| cap.saturating_sub(subscription.emails_sent)),
        period_ends_at: subscription.current_period_end.map(Moment),
        unattended_answers_per_thread_and_day: MAX_UNATTENDED_SENDS_A_DAY,
        unattended_answers_per_person_and_day: MAX_TO_ONE_PERSON_A_DAY,
        unattended_answers_left_today: left_today.into_iter().map(left).collect(),
        max_recipients_per_message: 50,
        max_attachments_bytes: 25 * 1024 * 1024,
        rate_limits: app
            .settings
            .rate_limits
            .map(|limits| RateLimits { reads_a_minute: limits.reads, writes_a_minute: limits.writes }),
        now: Moment(now),
    })
}
