//! `/identities/{id}/channels`: where the approvers of an identity are asked.

use std::sync::Arc;

use actionlayer_domain::{
    Secret,
    channel::{ApprovalChannel, ApprovalChannels},
    notification::NotificationState,
};
use actionlayer_pages::screens::identities::Tested;
use actionlayer_service::{
    App, ServiceError,
    approvals::slack_install::install_link,
    identities::{
        read_identities::get_identity,
        test_notification::{self, test_notification},
        update_identity::{UpdateIdentity, update_identity},
    },
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::post,
};

use super::{
    answer::{refused, see_other},
    form::Form,
    identities::{Around, addresses, changed, identity_id, page},
};
use crate::SignedIn;

const ADDED: &str = "Saved. Send a test notification to see that it arrives.";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/identities/{id}/channels/email", post(add_email))
        .route("/identities/{id}/channels/slack", post(add_slack))
        .route("/identities/{id}/channels/telegram", post(add_telegram))
        .route("/identities/{id}/channels/remove", post(remove))
        .route("/identities/{id}/slack/install", post(install_slack))
        .route("/identities/{id}/test", post(test))
}

/// One more channel. A second list of addresses joins the first.
async fn add(app: &App, visitor: &SignedIn, id: &str, channel: Result<ApprovalChannel, ServiceError>) -> Response {
    let outcome = async {
        let (id, channel) = (identity_id(id)?, channel?);
        let mut channels = get_identity(app, &visitor.caller, id).await?.approval_channels;
        let known = channels.iter_mut().find_map(|known| match known {
            ApprovalChannel::Email { to } => Some(to),
            ApprovalChannel::Slack { .. } | ApprovalChannel::Telegram { .. } => None,
        });
        match (known, channel) {
            (Some(known), ApprovalChannel::Email { to }) => {
                known.extend(to.into_iter().filter(|address| !known.contains(address)).collect::<Vec<_>>());
            }
            (_, channel) => channels.push(channel),
        }
        let patch =
            UpdateIdentity { approval_channel: Some(Some(ApprovalChannels(channels))), ..UpdateIdentity::default() };
        update_identity(app, &visitor.caller, id, patch).await
    };
    let outcome = outcome.await;
    changed(app, visitor, id, outcome, ADDED, None).await
}

async fn add_email(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let channel = addresses(&form.several("to")).map(|to| ApprovalChannel::Email { to });
    add(&app, &visitor, &id, channel).await
}

async fn add_slack(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let secret = |name| form.given(name).map(|text| Secret::new(text.to_owned()));
    let channel = ApprovalChannel::Slack {
        channel: form.text("channel").trim().to_owned(),
        bot_token: secret("bot_token"),
        signing_secret: secret("signing_secret"),
        approvers: form.several("approvers"),
        callback_url: None,
    };
    add(&app, &visitor, &id, Ok(channel)).await
}

async fn add_telegram(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let channel = ApprovalChannel::Telegram {
        bot_token: Secret::new(form.text("bot_token").trim().to_owned()),
        chat_id: form.text("chat_id").trim().to_owned(),
        topic_id: None,
        approvers: form.several("approvers"),
    };
    add(&app, &visitor, &id, Ok(channel)).await
}

/// The form says which of how many it means: when others came or went meanwhile, none is removed.
async fn remove(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    const CHANGED: ServiceError = ServiceError::Conflict("the channels were changed meanwhile: look at them again");
    let outcome = async {
        let id = identity_id(&id)?;
        let mut channels = get_identity(&app, &visitor.caller, id).await?.approval_channels;
        let at = form.number("at").and_then(|at| usize::try_from(at).ok()).ok_or(CHANGED)?;
        let of = form.number("of").and_then(|of| usize::try_from(of).ok()).ok_or(CHANGED)?;
        if channels.len() != of || at >= of {
            return Err(CHANGED);
        }
        channels.remove(at);
        let patch =
            UpdateIdentity { approval_channel: Some(Some(ApprovalChannels(channels))), ..UpdateIdentity::default() };
        update_identity(&app, &visitor.caller, id, patch).await
    };
    let outcome = outcome.await;
    changed(&app, &visitor, &id, outcome, "Nobody is asked there any more.", None).await
}

async fn install_slack(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let link = async {
        // Its page is where this begins and where a refusal is shown.
        get_identity(&app, &visitor.caller, identity_id(&id)?).await?;
        install_link(&app, &visitor.caller).await
    };
    match link.await {
        Ok(link) => see_other(&link.url),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, Around { problem, ..Around::default() }).await
        }
    }
}

async fn test(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let tested = async { test_notification(&app, &visitor.caller, identity_id(&id)?).await };
    match tested.await {
        Ok(tested) => {
            let tested = tested.iter().map(words).collect();
            page(&app, &visitor, &id, StatusCode::OK, Around { tested, ..Around::default() }).await
        }
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, Around { problem, ..Around::default() }).await
        }
    }
}

fn words(tested: &test_notification::Tested) -> Tested {
    let place = format!("{} ({})", tested.recipient, tested.channel.in_words());
    let arrived = tested.state == NotificationState::Sent;
    let says = if arrived {
        "taken. Look whether it arrived.".to_owned()
    } else {
        [tested.error.as_deref(), tested.fix.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(": ")
    };
    Tested { place, arrived, says }
}
