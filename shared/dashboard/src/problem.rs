//! Refusals as screens: the one table from outcomes to status and words.

use actionlayer_pages::dashboard::{Frame, Problem, render};
use actionlayer_service::{ServiceError, error::past_tense};
use axum::{
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

/// Something that was not done or cannot be shown.
#[derive(Debug, Clone)]
pub struct Refused {
    status: StatusCode,
    headline: String,
    sentences: Vec<String>,
    way_on: Option<(String, String)>,
    frame: Option<Box<Frame>>,
}

impl Refused {
    /// With what is the matter, and what that means.
    pub fn new(status: StatusCode, headline: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { status, headline: headline.into(), sentences: vec![sentence.into()], way_on: None, frame: None }
    }

    /// The same within what stands around the screens of whoever asked.
    #[must_use]
    pub fn within(self, frame: Frame) -> Self {
        Self { frame: Some(Box::new(frame)), ..self }
    }

    /// The same with where to go on.
    #[must_use]
    pub fn way_on(self, path: impl Into<String>, words: impl Into<String>) -> Self {
        Self { way_on: Some((path.into(), words.into())), ..self }
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        let sentence = "It may have been removed, or it belongs to another workspace of yours.";
        Self::new(StatusCode::NOT_FOUND, "There is nothing here", sentence).way_on("/", "Go to the inbox")
    }
}

impl From<ServiceError> for Refused {
    fn from(error: ServiceError) -> Self {
        let (status, headline, sentence): (StatusCode, &str, String) = match &error {
            ServiceError::NotFound { .. } => return Self::not_found(),
            ServiceError::Unauthorized => {
                let sentence = "Sign in again; nothing was changed.";
                return Self::new(StatusCode::UNAUTHORIZED, "Your session is over", sentence).way_on("/sign-in", "Sign in");
            }
            ServiceError::Forbidden { .. } => (
                StatusCode::FORBIDDEN,
                "Your role does not allow this",
                "Nothing was changed. An owner of the workspace can do it, or give you another role under Settings, Users.".into(),
            ),
            ServiceError::Validation(errors) => {
                let sentences = errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
                return Self { sentences, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "That cannot be taken", "") };
            }
            ServiceError::Draft(actionlayer_domain::DraftRefusal::Decided { status, .. }) => (
                StatusCode::CONFLICT,
                "Somebody was first",
                format!("The draft {} already. Nothing was changed by you.", past_tense(*status)),
            ),
            ServiceError::Draft(_) | ServiceError::StaleDraft | ServiceError::ApprovalRequired => (
                StatusCode::CONFLICT,
                "The draft does not allow that any more",
                "Look at it again: it was decided, changed or overtaken in the meantime. Nothing was changed by you.".into(),
            ),
            ServiceError::ColdSendBlocked => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "This identity may not write first",
                "Switch cold outbound on for the identity, or answer a mail of theirs.".into(),
            ),
            ServiceError::DomainNotVerified { missing } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "The domain is not verified",
                format!("Missing: {}. Add the records at your registrar; they are looked for every 30 seconds.", missing.join(", ")),
            ),
            ServiceError::IdentitySuspended => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "The identity is suspended",
                "Nothing leaves from it. Resume it on its page first.".into(),
            ),
            ServiceError::PlanLimit { reason, .. } => {
                (StatusCode::PAYMENT_REQUIRED, "The plan allows no more", format!("{reason}. A larger plan has room for it."))
            }
            ServiceError::BillingNotConfigured => (
                StatusCode::CONFLICT,
                "There is no billing here",
                "This deployment has no payment provider. Whoever runs it decides about the plan.".into(),
            ),
            ServiceError::RecipientSuppressed(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Nothing is sent to a recipient",
                "Mail to them bounced, or they complained. Remove them under Suppressions if that is settled.".into(),
            ),
            ServiceError::WorkspaceExists => (StatusCode::CONFLICT, "There is a workspace already", "Nothing was changed.".into()),
            ServiceError::Exists { what, .. } => {
                (StatusCode::CONFLICT, "There is one already", format!("Such a {what} exists. Nothing was changed."))
            }
            ServiceError::Conflict(reason) => (StatusCode::CONFLICT, "That does not go together", format!("Not done: {reason}.")),
            ServiceError::Contended | ServiceError::Store(_) | ServiceError::Upstream { .. } => {
                tracing::error!(%error, "a screen could not be shown");
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Something of ours is in the way",
                    "Try again in a moment. If you did something, look first whether it was done.".into(),
                )
            }
        };
        Self::new(status, headline, sentence)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut frame = self.frame.map_or_else(Frame::default, |frame| *frame);
        frame.title.clone_from(&self.headline);
        let problem = Problem { frame, headline: self.headline, sentences: self.sentences, way_on: self.way_on };
        (self.status, Html(render(&problem))).into_response()
    }
}

/// Whether somebody looks at the answer.
fn is_for_people(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Says that there is no such page, or that it takes no such request, as a page to people and as the API does to programs.
pub(crate) async fn for_people(request: Request, next: Next) -> Response {
    let by_people = is_for_people(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !(by_people && is_json && (status.is_client_error() || status.is_server_error())) {
        return response;
    }
    let refused = match status {
        StatusCode::NOT_FOUND => Refused::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => {
            Refused::new(status, "This is no page", "It only takes a form. Go back to where the form is.")
                .way_on("/", "Go to the inbox")
        }
        _ => Refused::new(status, "Something of ours is in the way", "Try again in a moment."),
    };
    // The id of the request, and whatever else was said about it, stays.
    let (mut parts, _) = response.into_parts();
    let (page, body) = refused.into_response().into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(page.headers);
    Response::from_parts(parts, body)
}
