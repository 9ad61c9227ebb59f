//! The one table from refusals to status and words for a person at a screen.

use actionlayer_channels::{legible::moment, named, refusal_sentence};
use actionlayer_domain::{DraftRefusal, DraftStatus};
use actionlayer_pages::screens::Problem;
use actionlayer_service::{FieldError, ServiceError};
use axum::http::StatusCode;

/// The status of the answer, and what it says.
pub(crate) fn words(error: &ServiceError) -> (StatusCode, Problem) {
    let (status, title, sentences) = sentences(error);
    if status.is_server_error() {
        tracing::error!(%error, "a screen could not be shown, or a form not be taken");
    }
    (status, Problem { title, sentences })
}

fn sentences(error: &ServiceError) -> (StatusCode, String, Vec<String>) {
    let say = |status, title: &str, sentence: &str| (status, title.to_owned(), vec![sentence.to_owned()]);
    match error {
        ServiceError::NotFound { what } => say(
            StatusCode::NOT_FOUND,
            &format!("There is no such {what} here"),
            "It was deleted, or belongs to another workspace.",
        ),
        ServiceError::Unauthorized => {
            say(StatusCode::UNAUTHORIZED, "You are signed out", "Sign in again; what you typed was not saved.")
        }
        ServiceError::Forbidden { .. } | ServiceError::ApprovalRequired => say(
            StatusCode::FORBIDDEN,
            "Your role does not allow this",
            "Viewers read, approvers decide, and owners do everything. An owner of the workspace can change your role.",
        ),
        ServiceError::Validation(fields) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "That cannot be taken yet".to_owned(),
            fields.iter().map(field_sentence).collect(),
        ),
        ServiceError::Draft(refusal) => refused(refusal),
        ServiceError::StaleDraft => refused(&DraftRefusal::Stale),
        ServiceError::Unattended(declined) => {
            say(StatusCode::CONFLICT, "A person has to look at this first", declined.sentence())
        }
        ServiceError::ColdSendBlocked => say(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This identity may not write first",
            "It only answers. An owner can allow it under Identities, “May start conversations”.",
        ),
        ServiceError::DomainNotVerified { missing } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The domain is not verified yet".to_owned(),
            if missing.is_empty() {
                vec![
                    "All records were found, but SES has not verified the domain yet. Try again in a few minutes."
                        .to_owned(),
                ]
            } else {
                vec![format!("Add what is missing at your registrar, then check again: {}.", missing.join(", "))]
            },
        ),
        ServiceError::IdentitySuspended => say(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This identity is suspended",
            "Nothing can be sent from it. An owner can switch it on again under Identities.",
        ),
        ServiceError::PlanLimit { reason, .. } => say(
            StatusCode::PAYMENT_REQUIRED,
            "The plan allows no more",
            &format!("{reason}, and they are used up. See Usage for what is left and when it begins anew."),
        ),
        ServiceError::BillingNotConfigured => say(
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is nobody to pay here",
            "The plan of this deployment is what its operator set.",
        ),
        ServiceError::WorkspaceExists => {
            say(StatusCode::CONFLICT, "There is a workspace already", "Ask its owner to invite you.")
        }
        ServiceError::RecipientSuppressed(fields) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "A recipient gets no more mail".to_owned(),
            fields
                .iter()
                .map(|field| format!("{}.", capital(&field.message)))
                .chain([
                    "Nothing was sent. Leave the address out, or take it off the list under Suppressions.".to_owned()
                ])
                .collect(),
        ),
        ServiceError::Exists { what, .. } => {
            say(StatusCode::CONFLICT, &format!("There is such a {what} already"), "Change that one instead.")
        }
        ServiceError::Conflict(reason) => {
            say(StatusCode::CONFLICT, "Not possible now", &format!("{}. Nothing was changed.", capital(reason)))
        }
        ServiceError::Contended => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "Somebody else was faster, several times",
            "Nothing was changed. Try again in a moment.",
        ),
        ServiceError::Store(_) => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "Something of ours failed",
            "Look at what is shown now before you try again: it may or may not have happened.",
        ),
        ServiceError::Upstream { service, .. } => {
            say(StatusCode::SERVICE_UNAVAILABLE, &format!("{service} gave no answer"), "Try again in a moment.")
        }
    }
}

fn refused(refusal: &DraftRefusal) -> (StatusCode, String, Vec<String>) {
    let title = match refusal {
        DraftRefusal::Decided { status, by: Some(by), at } => {
            let verb = if *status == DraftStatus::Rejected { "rejected" } else { "approved" };
            let at = at.map(|at| format!(" on {}", moment(at))).unwrap_or_default();
            return (
                StatusCode::CONFLICT,
                format!("{} {verb} it first", capital(&named(by))),
                vec![format!("It was {verb}{at}. The first decision counts; yours changed nothing.")],
            );
        }
        DraftRefusal::Superseded { seen, current } => {
            return (
                StatusCode::CONFLICT,
                "It changed since you looked".to_owned(),
                vec![format!(
                    "You saw version {seen}, and there is version {current} now. Nothing was decided: read it below, then decide."
                )],
            );
        }
        DraftRefusal::Decided { by: None, .. } => "Somebody decided first",
        DraftRefusal::Stale => "The conversation went on",
        DraftRefusal::Expired => "Too late",
        DraftRefusal::AlreadySent => "It was sent already",
        DraftRefusal::SendInProgress => "It is on its way",
        DraftRefusal::Failed(_) => "Sending it failed",
        DraftRefusal::Rejected => "It was rejected",
        DraftRefusal::ApprovalRequired => "Somebody has to approve it first",
    };
    (StatusCode::CONFLICT, title.to_owned(), vec![refusal_sentence(refusal)])
}

/// A field as the form calls it, with what is wrong.
fn field_sentence(error: &FieldError) -> String {
    let message = &error.message;
    if error.field.is_empty() {
        return format!("{}.", capital(message));
    }
    let name = match error.field.split(['[', '.']).next().unwrap_or_default() {
        "body_text" | "text" => "The text",
        "body_html" => "The HTML",
        "subject" | "subject_override" => "The subject",
        "local_part" => "The part before the @",
        "display_name" => "The display name",
        "domain" | "domain_id" => "The domain",
        "reply_to_email" => "The reply address",
        "to" => "The recipient",
        "cc" => "The copies",
        "reason" => "The reason",
        "approval_channel" | "approval_channels" => "The approval channel",
        "signature_text" => "The signature",
        "signature_html" => "The HTML of the signature",
        "email" => "The address",
        "name" => "The name",
        "url" => "The address",
        "events" => "The events",
        "tags" => "A tag",
        "q" => "The search",
        "cursor" => "This page of the list",
        other => return format!("{}: {message}.", capital(&other.replace('_', " "))),
    };
    format!("{name} {message}.")
}

/// A sentence begins with a capital.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
