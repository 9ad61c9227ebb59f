//! The links of approval mails. GET and HEAD change nothing, whoever sends them: link scanners open every link of a mail. A
//! decision is about the version the link was made for, by the approver it was made for, and dies with the first decision.
//! Whatever goes wrong is a page a person can read, under the status a program can.

pub(super) mod answer;

use std::sync::Arc;

use actionlayer_domain::DraftRefusal;
use actionlayer_pages::{
    approval::{MAX_REASON_CHARS, PageUse, proposal_page},
    outcome::Outcome,
};
use actionlayer_service::{
    App,
    approvals::{
        approval_page::{ApprovalView, LinkProblem, Standing, open_link},
        decide_draft::{self, Decision},
    },
};
use axum::{
    Form, Router,
    extract::{
        DefaultBodyLimit, Path, State,
        rejection::{FormRejection, PathRejection},
    },
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use self::answer::{of_problem, of_refusal, of_service_error, outcome, page};

/// More than a form with the longest reason needs, however it is encoded.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// The link is the credential, and opens this one draft only. Not part of the documented API.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    Router::new()
        // `get` answers HEAD as well.
        .route("/callbacks/email/{token}", get(open).post(decide))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .into()
}

/// What the page's forms post.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    action: Action,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Approve,
    ApproveAndSend,
    Reject,
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
    match link.standing(app.now()) {
        Standing::Open | Standing::Stale => {
            page(StatusCode::OK, proposal_page(&link.context.proposal(), PageUse::Decide))
        }
        Standing::ReadOnly => page(StatusCode::OK, proposal_page(&link.context.proposal(), PageUse::Read)),
        Standing::Closed(refusal) => of_refusal(&refusal),
    }
}

/// `POST`: decides, if nobody has.
pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    token: Token,
    form: Result<Form<Decide>, FormRejection>,
) -> Response {
    let (action, reason) = match form {
        Ok(Form(form)) => match reason(&form.reason) {
            Ok(reason) => (form.action, reason),
            Err(TooLong) => return outcome(StatusCode::UNPROCESSABLE_ENTITY, &Outcome::BadForm),
        },
        Err(rejection) => return outcome(rejection.status(), &Outcome::BadForm),
    };
    let link = match follow(&app, token).await {
        Ok(link) => link,
        Err(problem) => return of_problem(&problem),
    };
    match (link.standing(app.now()), action) {
        (Standing::Open, _) | (Standing::Stale, Action::Reject) => record(&app, &link, action, reason).await,
        (Standing::Stale, Action::Approve | Action::ApproveAndSend) => of_refusal(&DraftRefusal::Stale),
        (Standing::Closed(refusal), _) => of_refusal(&refusal),
        (Standing::ReadOnly, _) => outcome(StatusCode::FORBIDDEN, &Outcome::ReadOnly),
    }
}

/// Hands the decision to the use case, which checks everything again in the write itself.
async fn record(app: &App, link: &ApprovalView, action: Action, reason: Option<String>) -> Response {
    let decision = match action {
        Action::Approve => Decision::Approve,
        Action::ApproveAndSend => Decision::ApproveAndSend,
        Action::Reject => Decision::Reject { reason },
    };
    let token = &link.token;
    let version = Some(token.version);
    let Some(actor) = link.actor() else { return outcome(StatusCode::FORBIDDEN, &Outcome::ReadOnly) };
    let decided = decide_draft::decide(app, token.workspace_id, token.draft_id, &actor, version, &decision).await;
    match decided {
        Ok((draft, _)) => {
            let told = match action {
                Action::Approve => Outcome::Approved(&draft),
                Action::ApproveAndSend => Outcome::ApprovedAndQueued(&draft),
                Action::Reject => Outcome::Rejected(&draft),
            };
            outcome(StatusCode::OK, &told)
        }
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
