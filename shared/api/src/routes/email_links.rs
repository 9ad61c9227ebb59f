//! The links of approval mails. GET and HEAD change nothing, whoever sends them: link scanners open every link of a mail. A
//! decision is about the version the link was made for, by the approver it was made for, and dies with the first decision.
//! Whatever goes wrong is a page a person can read, under the status a program can.

pub(super) mod answer;
mod sender;

use std::sync::Arc;

use actionlayer_domain::DraftRefusal;
use actionlayer_pages::{
    approval::{Around, MAX_REASON_CHARS, PageUse, proposal_page},
    outcome::Outcome,
};
use actionlayer_service::{
    App, ServiceError,
    approvals::{
        approval_page::{ApprovalView, LinkProblem, Standing, Surroundings, edit_by_link, open_link, surroundings},
        decide_draft::{self, Choice, Decision},
    },
};
use axum::{
    Form, Router,
    extract::{
        DefaultBodyLimit, Path, State,
        rejection::{FormRejection, PathRejection},
    },
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use self::answer::{of_problem, of_refusal, of_service_error, outcome, page};

/// More than a form with the longest text needs, however it is encoded.
const MAX_FORM_BYTES: usize = 4 * 1024 * 1024;

/// The link is the credential, and opens this one draft only. Not part of the documented API.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        // `get` answers HEAD as well.
        .route("/callbacks/email/{token}", get(open).post(decide))
        .route("/callbacks/senders/{token}", get(sender::open).post(sender::decide))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
}

/// What the page's forms post.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    action: Action,
    #[serde(default)]
    reason: String,
    subject: Option<String>,
    text: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Approve,
    ApproveAndSend,
    Reject,
    Edit,
}

/// The last part of the path, if it is text at all.
type Token = Result<Path<String>, PathRejection>;

async fn follow(app: &App, token: Token) -> Result<ApprovalView, LinkProblem> {
    match token {
        Ok(Path(token)) => open_link(app, &token).await,
        Err(_) => Err(LinkProblem::Unknown),
    }
}

/// `GET` and `HEAD`: reads and shows.
pub(crate) async fn open(State(app): State<Arc<App>>, token: Token) -> Response {
    let link = match follow(&app, token).await {
        Ok(link) => link,
        Err(problem) => return of_problem(&problem),
    };
    let page_use = match link.standing(app.now()) {
        Standing::Open | Standing::Stale => PageUse::Decide,
        Standing::ReadOnly => PageUse::Read,
        Standing::Closed(refusal) => return of_refusal(&refusal),
    };
    match surroundings(&app, &link).await {
        Ok(Surroundings { conversation, siblings }) => {
            let around = Around { conversation: &conversation, siblings: &siblings };
            page(StatusCode::OK, proposal_page(&link.context.proposal(), around, page_use))
        }
        Err(error) => of_service_error(&error),
    }
}

/// `POST`: decides, if nobody has.
pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    token: Token,
    form: Result<Form<Decide>, FormRejection>,
) -> Response {
    let wish = match form {
        Ok(Form(form)) => match form.wish() {
            Some(wish) => wish,
            None => return outcome(StatusCode::UNPROCESSABLE_ENTITY, &Outcome::BadForm),
        },
        Err(rejection) => return outcome(rejection.status(), &Outcome::BadForm),
    };
    let link = match follow(&app, token).await {
        Ok(link) => link,
        Err(problem) => return of_problem(&problem),
    };
    match (link.standing(app.now()), wish) {
        (Standing::Open, Wish::Edit { subject, text }) => save(&app, &link, &subject, &text).await,
        (Standing::Open, Wish::Decide(choice)) | (Standing::Stale, Wish::Decide(choice @ Choice::Reject { .. })) => {
            record(&app, &link, choice).await
        }
        (Standing::Stale, _) => of_refusal(&DraftRefusal::Stale),
        (Standing::Closed(refusal), _) => of_refusal(&refusal),
        (Standing::ReadOnly, _) => outcome(StatusCode::FORBIDDEN, &Outcome::ReadOnly),
    }
}

/// What somebody wants with a draft.
enum Wish {
    Decide(Choice),
    Edit { subject: String, text: String },
}

impl Decide {
    /// `None` when something is missing, or too long.
    fn wish(self) -> Option<Wish> {
        Some(match self.action {
            Action::Approve => Wish::Decide(Choice::Approve),
            Action::ApproveAndSend => Wish::Decide(Choice::ApproveAndSend),
            Action::Reject => Wish::Decide(Choice::Reject { reason: reason(&self.reason).ok()? }),
            Action::Edit => Wish::Edit { subject: self.subject?, text: self.text? },
        })
    }
}

/// Hands the decision to the use case, which checks everything again in the write itself.
async fn record(app: &App, link: &ApprovalView, choice: Choice) -> Response {
    let Some(caller) = link.caller() else { return outcome(StatusCode::FORBIDDEN, &Outcome::ReadOnly) };
    let decision = Decision { choice, version: Some(link.token.version) };
    match decide_draft::decide(app, &caller, link.token.draft_id, &decision).await {
        Ok((draft, _)) => {
            let told = match decision.choice {
                Choice::Approve => Outcome::Approved(&draft),
                Choice::ApproveAndSend => Outcome::ApprovedAndQueued(&draft),
                Choice::Reject { .. } => Outcome::Rejected(&draft),
            };
            outcome(StatusCode::OK, &told)
        }
        Err(error) => of_service_error(&error),
    }
}

/// Saves another subject and text, and goes on to the page of that version.
async fn save(app: &App, link: &ApprovalView, subject: &str, text: &str) -> Response {
    // Browsers send line ends as CR LF.
    let text = text.replace("\r\n", "\n");
    match edit_by_link(app, link, subject.trim(), &text).await {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(ServiceError::Validation(_)) => outcome(StatusCode::UNPROCESSABLE_ENTITY, &Outcome::BadForm),
        Err(error) => of_service_error(&error),
    }
}

struct TooLong;

/// The reason as typed; browsers send line ends as CR LF.
fn reason(typed: &str) -> Result<Option<String>, TooLong> {
    let reason = typed.replace("\r\n", "\n");
    let reason = reason.trim();
    if reason.chars().count() > MAX_REASON_CHARS {
        return Err(TooLong);
    }
    Ok((!reason.is_empty()).then(|| reason.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_reason_is_trimmed_and_bounded() {
        assert!(matches!(reason(" \r\n "), Ok(None)));
        assert_eq!(reason(" too\r\nlong ").ok().flatten().as_deref(), Some("too\nlong"));
        assert!(reason(&"ä".repeat(MAX_REASON_CHARS)).is_ok());
        assert!(reason(&"ä".repeat(MAX_REASON_CHARS + 1)).is_err());
    }
}
