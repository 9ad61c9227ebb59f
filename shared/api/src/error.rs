//! Errors as the caller sees them. The table in [`ApiError::from`] is the only place that knows which refusal is which
//! status and code.

use actionlayer_domain::{
    DraftRefusal, DraftStatus, Timestamp,
    draft::{Actor, FailureCode},
    rate::RateState,
};
use actionlayer_service::{FieldError, ServiceError, error::past_tense};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::ActorView;

/// A refusal: status, code, and what the caller can do about it.
///
/// As a response it is only a status and itself as an extension; [`crate::boundary`] writes the body, since only it
/// knows the request's id.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Refusal>);

#[derive(Debug, Clone)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    fix: Option<String>,
    details: Vec<FieldError>,
    decided: Option<Decided>,
    /// When to try again.
    retry_after_seconds: Option<u32>,
    /// Where a larger plan can be had.
    upgrade_url: Option<String>,
    /// What went wrong inside; for the log, never for the caller.
    cause: Option<String>,
}

#[derive(Debug, Clone)]
struct Decided {
    status: DraftStatus,
    by: Option<Actor>,
    at: Option<Timestamp>,
}

/// Why a request was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct Envelope<'a> {
    /// The word to branch on.
    error: &'a str,
    /// What is wrong, for people.
    message: &'a str,
    /// Names the request in the logs.
    request_id: &'a str,
    /// The next thing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fix: Option<&'a str>,
    /// The fields that cannot be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    details: Vec<Detail<'a>>,
    /// On `draft_not_pending`: what the draft is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    draft_status: Option<DraftStatus>,
    /// Who decided first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decided_by: Option<ActorView>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decided_at: Option<Timestamp>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_seconds: Option<u32>,
    /// On `plan_limit_reached`: where a larger plan can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    upgrade_url: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ErrorDetail)]
pub(crate) struct Detail<'a> {
    /// The path of the field, `to[1]` for example; empty for the request as a whole.
    field: &'a str,
    message: &'a str,
}

/// When a caller may try again after a 503.
const RETRY_AFTER_SECONDS: u32 = 1;

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Refusal {
            status,
            code,
            message: message.into(),
            fix: None,
            details: Vec::new(),
            decided: None,
            retry_after_seconds: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS),
            upgrade_url: None,
            cause: None,
        }))
    }

    /// The same refusal with another next thing to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.0.fix = Some(fix.into());
        self
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The word to branch on.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What went wrong inside, for the log.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// 400: the body is not JSON.
    pub(crate) fn invalid_json(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_json", message).fix("Send one JSON object, encoded as UTF-8.")
    }

    /// 413.
    pub(crate) fn payload_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The request body is over 6 MB.")
            .fix("Send a smaller body.")
    }

    /// 415.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The request body must be JSON.")
            .fix("Send the header `Content-Type: application/json`.")
    }

    /// 404 of a path that no route has.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this path.")
            .fix("Check the path; the API lies under `/v1`.")
    }

    /// 404 of an object, also for an id that cannot be one.
    pub fn no_such(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what} in this workspace."))
            .fix("Check the id, and that the API key belongs to the right workspace.")
    }

    /// 405.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not take this method.")
            .fix("Use one of the methods in the `Allow` header.")
    }

    /// 401 of a request without a usable `Authorization` header.
    pub fn no_credential() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "This request carries no API key.")
            .fix("Send the header `Authorization: Bearer nc_live_…` with a key of your workspace.")
    }

    /// 429: too many in this window.
    pub(crate) fn rate_limited(rate: RateState) -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            format!("More than {} requests of this kind in a minute.", rate.limit),
        )
        .fix("Wait for the seconds in `retry_after_seconds`, then send the request again.");
        error.0.retry_after_seconds = Some(rate.reset_seconds);
        error
    }

    /// 409: the first request with this key is not answered yet.
    pub fn idempotency_in_flight() -> Self {
        Self::conflict(
            "idempotency_in_flight",
            "A request with this Idempotency-Key is being carried out, or ended before it could be answered.",
        )
        .fix("Send the same request again in a moment; within a minute it is answered or carried out.")
    }

    /// 422: the key came with another request.
    pub fn idempotency_key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key came with another body, or with another API key, in the last 24 hours.",
        )
        .fix("Use a new Idempotency-Key for a new request.")
    }

    /// 422 with the fields that cannot be taken.
    pub fn validation(details: Vec<FieldError>) -> Self {
        // Some end in a sentence of their own.
        let unended = |only: &FieldError| only.message.trim_end_matches('.').to_owned();
        let message = match details.as_slice() {
            [only] if only.field.is_empty() => format!("The request {}.", unended(only)),
            [only] => format!("`{}` {}.", only.field, unended(only)),
            several => format!("{} fields cannot be taken.", several.len()),
        };
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message)
            .fix("Correct what `details` names and send the request again.");
        error.0.details = details;
        error
    }

    /// 500 with nothing in it; the cause is for the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong on our side; it was recorded under this request id.",
        )
        .fix("Try again; if it stays, report the request id.");
        error.0.cause = Some(cause.into());
        error
    }

    fn unavailable(cause: impl Into<String>) -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "A service this needs gave no answer in time. Nothing was promised.",
        )
        .fix("Read the object again to see its state, then repeat the request.");
        error.0.cause = Some(cause.into());
        error
    }

    fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    fn refused_draft(refusal: DraftRefusal) -> Self {
        const REWRITE: &str = "Read the thread again and submit a new draft.";
        match refusal {
            DraftRefusal::Decided { status, by, at } => {
                let by_whom = by.as_ref().map(|by| format!(" by {}", by.name)).unwrap_or_default();
                let when = at.map(|at| format!(" at {at}")).unwrap_or_default();
                let message = format!("The draft {}{by_whom}{when}.", past_tense(status));
                let mut error =
                    Self::conflict("draft_not_pending", message).fix("Read the draft; the first decision stands.");
                error.0.decided = Some(Decided { status, by, at });
                error
            }
            DraftRefusal::Superseded { seen, current } => Self::conflict(
                "conflict",
                format!("The request is about version {seen} of the draft, which is at version {current}."),
            )
            .fix("Read the draft and decide about its current version."),
            DraftRefusal::Stale => {
                Self::conflict("stale_draft", "Newer mail arrived in the thread after the draft was written.")
                    .fix("Reject the draft, read the thread again and submit a new one.")
            }
            DraftRefusal::Expired => {
                Self::conflict("draft_not_pending", "The draft expired before anybody decided.").fix(REWRITE)
            }
            DraftRefusal::AlreadySent => Self::conflict("already_sent", "The draft was sent already.")
                .fix("Nothing is left to do; see `sent_message_id` of the draft."),
            DraftRefusal::SendInProgress => Self::conflict("send_in_progress", "The draft is on its way.")
                .fix("Read the draft until its status is `sent`, `stale` or `failed`."),
            DraftRefusal::Failed(failure) => {
                let unknown = failure.as_ref().is_some_and(|f| f.code == FailureCode::OutcomeUnknown);
                Self::conflict(
                    "draft_not_pending",
                    "The draft failed, and a failed draft is never sent again by itself.",
                )
                .fix(if unknown {
                    "It may have left: ask the recipient, then submit a new draft if it did not."
                } else {
                    "See `failure` of the draft, then submit a new one."
                })
            }
            DraftRefusal::Rejected => Self::conflict("draft_not_pending", "The draft was rejected.").fix(REWRITE),
            DraftRefusal::ApprovalRequired => Self::approval_required(),
        }
    }

    fn approval_required() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "approval_required",
            "Nobody approved this draft yet, and this key may not send what nobody approved.",
        )
        .fix("Wait for a person to approve it: read the draft until its status is `approved`, then send it.")
    }

    /// The body, with the request's id.
    pub fn body(&self, request_id: &str) -> Vec<u8> {
        let Refusal { status: _, code, message, fix, details, decided, retry_after_seconds, upgrade_url, cause: _ } =
            &*self.0;
        let envelope = Envelope {
            error: code,
            message,
            request_id,
            fix: fix.as_deref(),
            details: details.iter().map(|d| Detail { field: &d.field, message: &d.message }).collect(),
            draft_status: decided.as_ref().map(|d| d.status),
            decided_by: decided.as_ref().and_then(|d| d.by.as_ref()).map(ActorView::of),
            decided_at: decided.as_ref().and_then(|d| d.at),
            retry_after_seconds: *retry_after_seconds,
            upgrade_url: upgrade_url.as_deref(),
        };
        // Strings, numbers and times only: this cannot fail, and an empty body is still the right status.
        serde_json::to_vec(&envelope).unwrap_or_default()
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound { what } => Self::no_such(what),
            ServiceError::Unauthorized => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "The API key is not valid, or was revoked.")
                    .fix("Check the key: `nc_live_` and 32 letters and digits, shown once when it was made.")
            }
            ServiceError::Forbidden { reason } => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", format!("Not allowed: {reason}."))
                    .fix("Use a key that may do it, or ask the owner of the workspace.")
            }
            ServiceError::ApprovalRequired => Self::approval_required(),
            ServiceError::Validation(details) => Self::validation(details),
            ServiceError::Draft(refusal) => Self::refused_draft(refusal),
            ServiceError::StaleDraft => Self::refused_draft(DraftRefusal::Stale),
            ServiceError::ColdSendBlocked => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "cold_send_blocked", "This identity may not start threads.")
                    .fix("Set `can_send_cold` of the identity to true, or reply in an existing thread.")
            }
            ServiceError::DomainNotVerified { missing } => {
                let mut error = Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "domain_not_verified",
                    if missing.is_empty() {
                        "All records of the domain were found, but SES has not verified it yet.".to_owned()
                    } else {
                        format!("The domain is not verified. Missing: {}.", missing.join(", "))
                    },
                )
                .fix("Add the missing records at the registrar, then POST /v1/domains/{id}/verify.");
                error.0.details =
                    missing.into_iter().map(|m| FieldError::new("domain_id", format!("missing {m}"))).collect();
                error
            }
            ServiceError::IdentitySuspended => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "identity_suspended", "The identity is suspended.")
                    .fix("Set its `status` to `active`, or use another identity.")
            }
            ServiceError::PlanLimit { reason, upgrade_url } => {
                let message = format!("{reason}, and they are used up.");
                let mut error = Self::new(StatusCode::PAYMENT_REQUIRED, "plan_limit_reached", message)
                    .fix("Take a larger plan at `upgrade_url`; use that is counted by the month is free again with the next.");
                error.0.upgrade_url = Some(upgrade_url);
                error
            }
            ServiceError::BillingNotConfigured => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "billing_not_configured",
                "No payment provider is set up in this deployment: its plan is what its operator set.",
            )
            .fix("Ask the operator, who sets the plan with the parameter `Plan` of the deployment."),
            ServiceError::WorkspaceExists => {
                Self::conflict("workspace_exists", "This deployment has its workspace already.")
                    .fix("Use the key that was shown when it was made, or one made with it.")
            }
            ServiceError::RecipientSuppressed(details) => {
                let named: Vec<_> = details.iter().map(|detail| detail.message.as_str()).collect();
                let mut error = Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "recipient_suppressed",
                    format!("Nothing is sent to a recipient any more: {}.", named.join("; ")),
                )
                .fix("Leave the address out; or, when it works again, DELETE /v1/suppressions/{address}.");
                error.0.details = details;
                error
            }
            ServiceError::Exists { what, id } => {
                Self::conflict("conflict", format!("There is such a {what} already: {id}."))
                    .fix(format!("Read or change the {what} with this id."))
            }
            ServiceError::Conflict(reason) => Self::conflict("conflict", format!("Not possible now: {reason}."))
                .fix("Read the object again and decide anew."),
            ServiceError::Unattended(declined) => Self::conflict(
                "conflict",
                format!("A rule approved it, no person did, and it may not leave so: {}", declined.sentence()),
            )
            .fix("Let a person approve and send it."),
            ServiceError::Contended => Self::unavailable("the same items kept changing"),
            ServiceError::Store(error) if error.retryable() => Self::unavailable(error.to_string()),
            ServiceError::Store(error) => Self::internal(error.to_string()),
            ServiceError::Upstream { .. } => Self::unavailable(error.to_string()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.0.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}
