//! `/identities`: the mailboxes. Their channels are in [`channels`](super::channels).

use std::sync::Arc;

use actionlayer_domain::{
    DomainId, EmailAddress, HeaderText, Identity, IdentityId, LocalPart,
    channel::{ApprovalChannel, ApprovalChannels},
    identity::IdentityStatus,
    sending_domain::DomainStatus,
};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        identities::{self, IdentityForm, Shown, Tested},
    },
};
use actionlayer_service::{
    App, ServiceError,
    approvals::{connect, slack_install},
    domains::read_domains::list_domains,
    identities::{
        create_identity::{NewIdentity, create_identity},
        read_identities::{IdentityFilter, delete_identity, get_identity, list_identities},
        test_email::send_test_email,
        update_identity::{UpdateIdentity, update_identity},
    },
    workspace::idempotency::Idempotency,
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, incomplete, refused, whole},
    form::{Asked, Form},
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/identities", get(list).post(create))
        .route("/identities/new", get(new))
        .route("/identities/{id}", get(show).post(save))
        .route("/identities/{id}/status", post(set_status))
        .route("/identities/{id}/test-mail", post(test_mail))
        .route("/identities/{id}/delete", post(delete))
}

pub(super) fn identity_id(text: &str) -> Result<IdentityId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "identity" })
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    let read = tokio::try_join!(
        async { list_identities(&app, &visitor.caller, IdentityFilter::default(), &whole()).await },
        async { list_domains(&app, &visitor.caller, &whole()).await },
    );
    match read {
        Ok((list, domains)) => {
            let has_verified = domains.items.iter().any(|domain| domain.status == DomainStatus::Verified);
            let screen = identities::identities(&list.items, has_verified, access(&visitor), None, app.now());
            answer::page(&visitor, StatusCode::OK, &screen)
        }
        Err(error) => failed(&visitor, Section::Identities, &error),
    }
}

async fn new(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    let form = IdentityForm { domain_id: asked.text("domain").to_owned(), ..IdentityForm::default() };
    let approver = visitor.user.email.to_string();
    new_page(&app, &visitor, StatusCode::OK, &form, &approver, None).await
}

async fn new_page(
    app: &App,
    visitor: &SignedIn,
    status: StatusCode,
    form: &IdentityForm,
    approver: &str,
    problem: Option<Problem>,
) -> Response {
    match list_domains(app, &visitor.caller, &whole()).await {
        Ok(mut list) => {
            list.items.retain(|domain| domain.status == DomainStatus::Verified);
            let screen = identities::new_identity(&list.items, form, approver, problem);
            answer::page(visitor, status, &screen)
        }
        Err(error) => failed(visitor, Section::Identities, &error),
    }
}

/// What a form about an identity says.
fn typed(form: &Form) -> IdentityForm {
    IdentityForm {
        domain_id: form.text("domain_id").to_owned(),
        local_part: form.text("local_part").trim().to_lowercase(),
        display_name: form.text("display_name").trim().to_owned(),
        reply_to: form.text("reply_to").trim().to_owned(),
        signature: form.text("signature").trim_end().to_owned(),
        can_send_cold: form.has("can_send_cold"),
        auto_approve: form.has("auto_approve"),
    }
}

fn header(field: &'static str, text: &str) -> Result<HeaderText, ServiceError> {
    HeaderText::parse(text).map_err(|error| ServiceError::invalid(field, error))
}

fn reply_to(typed: &IdentityForm) -> Result<Option<EmailAddress>, ServiceError> {
    let given = Some(typed.reply_to.as_str()).filter(|text| !text.is_empty());
    given.map(|text| text.parse().map_err(|error| ServiceError::invalid("reply_to_email", error))).transpose()
}

/// Addresses from one field.
pub(super) fn addresses(texts: &[String]) -> Result<Vec<EmailAddress>, ServiceError> {
    let parse = |text: &String| text.parse().map_err(|error| ServiceError::invalid("to", format!("{text}: {error}")));
    texts.iter().map(parse).collect()
}

fn creation(form: &Form, typed: &IdentityForm) -> Result<NewIdentity, ServiceError> {
    let approvers = addresses(&form.several("approvers"))?;
    let domain_id = typed.domain_id.parse::<DomainId>();
    Ok(NewIdentity {
        domain_id: domain_id.map_err(|_| ServiceError::NotFound { what: "domain" })?,
        local_part: typed
            .local_part
            .parse::<LocalPart>()
            .map_err(|error| ServiceError::invalid("local_part", error))?,
        display_name: header("display_name", &typed.display_name)?,
        assistant_id: None,
        reply_to_email: reply_to(typed)?,
        signature_text: Some(typed.signature.clone()).filter(|text| !text.is_empty()),
        signature_html: None,
        thread_history_depth: None,
        approval_channel: (!approvers.is_empty())
            .then(|| ApprovalChannels(vec![ApprovalChannel::Email { to: approvers }])),
        can_send_cold: Some(typed.can_send_cold),
        auto_approve_replies: Some(typed.auto_approve),
    })
}

async fn create(State(app): State<Arc<App>>, visitor: SignedIn, form: Form) -> Response {
    let typed = typed(&form);
    let made = async { create_identity(&app, &visitor.caller, creation(&form, &typed)?).await };
    match made.await {
        Ok(identity) => told(
            &app,
            &format!("/identities/{}", identity.id),
            &format!("{} receives mail from now on.", identity.email_address),
        ),
        Err(error) => {
            let (status, problem) = refused(&error);
            new_page(&app, &visitor, status, &typed, form.text("approvers"), problem).await
        }
    }
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    page(&app, &visitor, &id, StatusCode::OK, Around::default()).await
}

/// What is shown around an identity because of what was just done.
#[derive(Default)]
pub(super) struct Around {
    pub(super) problem: Option<Problem>,
    pub(super) typed: Option<IdentityForm>,
    pub(super) tested: Vec<Tested>,
}

/// The identity as it is now.
pub(super) async fn page(app: &App, visitor: &SignedIn, id: &str, status: StatusCode, around: Around) -> Response {
    let read = async {
        let mut identity = get_identity(app, &visitor.caller, identity_id(id)?).await?;
        let team = match (&app.settings.slack_app, access(visitor).administer) {
            (Some(_), true) => slack_install::installation(app, &visitor.caller).await?,
            _ => None,
        };
        show_secrets_masked(app, &mut identity);
        Ok::<_, ServiceError>((identity, team))
    };
    let (identity, team) = match read.await {
        Ok(read) => read,
        Err(error) => return failed(visitor, Section::Identities, &error),
    };
    let form = around.typed.unwrap_or_else(|| IdentityForm::of(&identity));
    let view = Shown {
        identity: &identity,
        form: &form,
        tested: &around.tested,
        has_slack_app: app.settings.slack_app.is_some(),
        slack_team: team.as_ref().map(|team| team.team_name.as_str()),
        access: access(visitor),
        own_address: visitor.user.email.as_str(),
        public_url: &app.settings.public_url,
    };
    answer::page(visitor, status, &identities::identity(view, around.problem))
}

fn show_secrets_masked(app: &App, identity: &mut Identity) {
    let workspace = identity.workspace_id;
    for channel in &mut identity.approval_channels {
        *channel = connect::shown(channel, workspace, &app.settings.public_url);
    }
}

/// What came of a change of an identity: onwards, or its page again with why not.
pub(super) async fn changed(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    outcome: Result<Identity, ServiceError>,
    done: &str,
    typed: Option<IdentityForm>,
) -> Response {
    match outcome {
        Ok(identity) => told(app, &format!("/identities/{}", identity.id), done),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(app, visitor, id, status, Around { problem, typed, tested: Vec::new() }).await
        }
    }
}

async fn save(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let typed = typed(&form);
    let saved = async {
        let patch = UpdateIdentity {
            display_name: Some(header("display_name", &typed.display_name)?),
            reply_to_email: Some(reply_to(&typed)?),
            signature_text: Some(Some(typed.signature.clone()).filter(|text| !text.is_empty())),
            can_send_cold: Some(typed.can_send_cold),
            auto_approve_replies: Some(typed.auto_approve),
            ..UpdateIdentity::default()
        };
        update_identity(&app, &visitor.caller, identity_id(&id)?, patch).await
    };
    let outcome = saved.await;
    changed(&app, &visitor, &id, outcome, "Saved.", Some(typed)).await
}

async fn set_status(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let (status, done) = match form.text("status") {
        "suspended" => (IdentityStatus::Suspended, "Suspended: it receives and sends nothing."),
        "active" => (IdentityStatus::Active, "Switched on again."),
        _ => {
            let (status, problem) = incomplete();
            return page(&app, &visitor, &id, status, Around { problem, ..Around::default() }).await;
        }
    };
    let patch = UpdateIdentity { status: Some(status), ..UpdateIdentity::default() };
    let outcome = async { update_identity(&app, &visitor.caller, identity_id(&id)?, patch).await };
    let outcome = outcome.await;
    changed(&app, &visitor, &id, outcome, done, None).await
}

async fn test_mail(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let sent = async {
        let to = form.given("to");
        send_test_email(&app, &visitor.caller, &Idempotency::NONE, identity_id(&id)?, to).await
    };
    match sent.await {
        Ok((message, _)) => told(&app, &format!("/threads/{}", message.thread_id), "A test mail is on its way."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, Around { problem, ..Around::default() }).await
        }
    }
}

async fn delete(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let deleted = async { delete_identity(&app, &visitor.caller, identity_id(&id)?).await };
    match deleted.await {
        Ok(rules) if rules.is_empty() => told(&app, "/identities", "The identity was deleted. Its conversations stay."),
        Ok(rules) => {
            let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
            let said = format!(
                "The identity was deleted. Its conversations stay. Rules that name it, and cannot be carried out any more: {}.",
                names.join(", ")
            );
            told(&app, "/identities", &said)
        }
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, &id, status, Around { problem, ..Around::default() }).await
        }
    }
}
