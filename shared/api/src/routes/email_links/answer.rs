//! The one table from outcomes to status and page.

use actionlayer_domain::DraftRefusal;
use actionlayer_pages::{
    outcome::{Outcome, outcome_page},
    policy,
};
use actionlayer_service::{ServiceError, approvals::approval_page::LinkProblem};
use axum::{
    Extension,
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use crate::WrongGuess;

/// What every page says about itself: load nothing, tell nobody where you came from, keep it out of indexes. The
/// boundary adds `Cache-Control: no-store` and `X-Content-Type-Options: nosniff`.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, policy::APPROVAL),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

pub(crate) fn page(status: StatusCode, html: String) -> Response {
    (status, HEADERS, Html(html)).into_response()
}

pub(crate) fn outcome(status: StatusCode, outcome: &Outcome<'_>) -> Response {
    page(status, outcome_page(outcome))
}

pub(crate) fn of_problem(problem: &LinkProblem) -> Response {
    match problem {
        LinkProblem::Unknown => {
            (Extension(WrongGuess), outcome(StatusCode::NOT_FOUND, &Outcome::UnknownLink)).into_response()
        }
        LinkProblem::Expired => outcome(StatusCode::GONE, &Outcome::LinkExpired),
        LinkProblem::NoLongerApprover => outcome(StatusCode::FORBIDDEN, &Outcome::NoLongerApprover),
        LinkProblem::Service(error) => of_service_error(error),
    }
}

pub(crate) fn of_refusal(refusal: &DraftRefusal) -> Response {
    let status = match refusal {
        DraftRefusal::Expired => StatusCode::GONE,
        DraftRefusal::Decided { .. }
        | DraftRefusal::Superseded { .. }
        | DraftRefusal::Stale
        | DraftRefusal::AlreadySent
        | DraftRefusal::SendInProgress
        | DraftRefusal::Failed(_)
        | DraftRefusal::Rejected
        | DraftRefusal::ApprovalRequired => StatusCode::CONFLICT,
    };
    outcome(status, &Outcome::Refused(refusal))
}

pub(crate) fn of_service_error(error: &ServiceError) -> Response {
    match error {
        ServiceError::Draft(refusal) => of_refusal(refusal),
        ServiceError::StaleDraft => of_refusal(&DraftRefusal::Stale),
        ServiceError::ApprovalRequired => of_refusal(&DraftRefusal::ApprovalRequired),
        ServiceError::NotFound { .. } => outcome(StatusCode::NOT_FOUND, &Outcome::UnknownLink),
        ServiceError::IdentitySuspended => outcome(StatusCode::UNPROCESSABLE_ENTITY, &Outcome::IdentitySuspended),
        ServiceError::PlanLimit { .. } => outcome(StatusCode::PAYMENT_REQUIRED, &Outcome::PlanLimit),
        ServiceError::RecipientSuppressed(_) => {
            outcome(StatusCode::UNPROCESSABLE_ENTITY, &Outcome::RecipientSuppressed)
        }
        // None of these is about the draft or the link: something of ours is in the way.
        ServiceError::Unauthorized
        | ServiceError::Forbidden { .. }
        | ServiceError::Validation(_)
        | ServiceError::ColdSendBlocked
        | ServiceError::DomainNotVerified { .. }
        | ServiceError::BillingNotConfigured
        | ServiceError::WorkspaceExists
        | ServiceError::Exists { .. }
        | ServiceError::Conflict(_)
        | ServiceError::Unattended(_)
        | ServiceError::Contended
        | ServiceError::Store(_)
        | ServiceError::Upstream { .. } => {
            tracing::error!(%error, "a link could not be followed");
            outcome(StatusCode::SERVICE_UNAVAILABLE, &Outcome::Unavailable)
        }
    }
}
