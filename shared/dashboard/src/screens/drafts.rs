//! `/drafts` and `/drafts/{id}`: what waits for a decision, and the decision.

use std::sync::Arc;

use actionlayer_domain::{DraftId, DraftStatus};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        draft::{DraftList, EarlierVersion, draft, drafts},
        mail_frame,
        review::Entered,
    },
};
use actionlayer_service::{
    App, ServiceError,
    approvals::decide_draft::{Choice, Decision, decide},
    drafts::{edit_draft::edit_as_approver, read_drafts, review_draft::review_draft, send_draft},
};
use actionlayer_store::DraftFilter;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, incomplete, mistake, only_total, page_request, refused},
    form::{Asked, Form},
    messages::frame,
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/drafts", get(list))
        .route("/drafts/{id}", get(show))
        .route("/drafts/{id}/html", get(html))
        .route("/drafts/{id}/approve", post(approve))
        .route("/drafts/{id}/reject", post(reject))
        .route("/drafts/{id}/edit", post(edit))
        .route("/drafts/{id}/send", post(send))
        .route("/drafts/{id}/notify", post(ask_again))
}

fn draft_id(text: &str) -> Result<DraftId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "draft" })
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    let status = match asked.text("status") {
        "" => Some(DraftStatus::Pending),
        text => DraftStatus::ALL.into_iter().find(|status| status.as_str() == text),
    };
    let request = page_request(&asked);
    let filter = |status| DraftFilter { status, ..DraftFilter::default() };
    let found = tokio::try_join!(
        read_drafts::list_drafts(&app, &visitor.caller, filter(status), request.clone()),
        read_drafts::list_drafts(&app, &visitor.caller, filter(Some(DraftStatus::Pending)), only_total()),
    );
    let (page, pending) = match found {
        Ok(found) => found,
        Err(error) => return failed(&visitor, Section::Drafts, &error),
    };
    let view = DraftList {
        status,
        drafts: &page.items,
        pending: pending.total,
        cursor: request.cursor.as_deref(),
        next_cursor: page.next_cursor.as_deref(),
        now: app.now(),
    };
    answer::page(&visitor, StatusCode::OK, &drafts(view, None))
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    match draft_id(&id) {
        Ok(id) => page(&app, &visitor, id, StatusCode::OK, None, Entered::default()).await,
        Err(error) => failed(&visitor, Section::Drafts, &error),
    }
}

/// The draft as it is now, under whatever is said above it.
async fn page(
    app: &App,
    visitor: &SignedIn,
    id: DraftId,
    status: StatusCode,
    problem: Option<Problem>,
    entered: Entered,
) -> Response {
    let read = tokio::try_join!(
        review_draft(app, &visitor.caller, id),
        read_drafts::list_draft_versions(app, &visitor.caller, id)
    );
    let (context, versions) = match read {
        Ok(read) => read,
        Err(error) => return failed(visitor, Section::Drafts, &error),
    };
    let earlier: Vec<_> = versions
        .iter()
        .map(|(version, body)| EarlierVersion {
            version: version.version,
            subject: version.subject.as_str(),
            body,
            replaced_at: version.replaced_at,
        })
        .collect();
    let screen = draft(&context.proposal(), &earlier, access(visitor), problem, entered, app.now());
    answer::page(visitor, status, &screen)
}

/// The draft with why a step was refused.
pub(super) async fn refused_page(app: &App, visitor: &SignedIn, id: DraftId, error: &ServiceError) -> Response {
    let (status, problem) = refused(error);
    page(app, visitor, id, status, problem, Entered::default()).await
}

/// The HTML of the version that the page around it shows, and of no other.
async fn html(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, asked: Asked) -> Response {
    let found = async {
        let context = review_draft(&app, &visitor.caller, draft_id(&id)?).await?;
        let is_shown = asked.text("version") == context.draft.version.to_string();
        let html = context.proposal().html().filter(|_| is_shown);
        html.ok_or(ServiceError::NotFound { what: "version of the draft" })
    };
    match found.await {
        Ok(html) => frame(mail_frame::outgoing(&html)),
        Err(error) => failed(&visitor, Section::Drafts, &error),
    }
}

/// A form that decides says which version its sender saw.
fn seen(form: &Form) -> Result<u32, (StatusCode, Option<Problem>)> {
    form.number("version").ok_or_else(|| {
        mistake("That form was not complete", "It did not say which version you saw, so nothing was decided.")
    })
}

const SENDING: &str = "Approved, and on its way.";

async fn approve(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let id = match draft_id(&id) {
        Ok(id) => id,
        Err(error) => return failed(&visitor, Section::Drafts, &error),
    };
    let version = match seen(&form) {
        Ok(version) => version,
        Err((status, problem)) => return page(&app, &visitor, id, status, problem, Entered::default()).await,
    };
    let decided = match form.text("action") {
        "approve" => {
            let decision = Decision { choice: Choice::Approve, version: Some(version) };
            (decide(&app, &visitor.caller, id, &decision).await, "Approved. Its author sends it.")
        }
        "approve_and_send" if form.has("answer_again") => {
            (send_draft::send_draft(&app, &visitor.caller, id, Some(version), true).await, SENDING)
        }
        "approve_and_send" => {
            let decision = Decision { choice: Choice::ApproveAndSend, version: Some(version) };
            (decide(&app, &visitor.caller, id, &decision).await, SENDING)
        }
        _ => {
            let (status, problem) = incomplete();
            return page(&app, &visitor, id, status, problem, Entered::default()).await;
        }
    };
    match decided {
        (Ok((draft, _)), done) => told(&app, &format!("/threads/{}#draft-{id}", draft.thread_id), done),
        (Err(error), _) => refused_page(&app, &visitor, id, &error).await,
    }
}

async fn reject(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let id = match draft_id(&id) {
        Ok(id) => id,
        Err(error) => return failed(&visitor, Section::Drafts, &error),
    };
    let reason = form.given("reason").map(str::to_owned);
    let entered = Entered { reason: reason.clone(), edit: None };
    let version = match seen(&form) {
        Ok(version) => version,
        Err((status, problem)) => return page(&app, &visitor, id, status, problem, entered).await,
    };
    let decision = Decision { choice: Choice::Reject { reason }, version: Some(version) };
    match decide(&app, &visitor.caller, id, &decision).await {
        Ok((draft, _)) => told(&app, &format!("/threads/{}", draft.thread_id), "Rejected. It will not be sent."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, id, status, problem, entered).await
        }
    }
}

async fn edit(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let id = match draft_id(&id) {
        Ok(id) => id,
        Err(error) => return failed(&visitor, Section::Drafts, &error),
    };
    let (subject, text) = (form.text("subject").to_owned(), form.text("text").to_owned());
    let entered = Entered { reason: None, edit: Some((subject.clone(), text.clone())) };
    let version = match seen(&form) {
        Ok(version) => version,
        Err((status, problem)) => return page(&app, &visitor, id, status, problem, entered).await,
    };
    let edited = async {
        let (before, _) = read_drafts::get_draft(&app, &visitor.caller, id).await?;
        let subject = Some(subject.as_str()).filter(|subject| *subject != before.subject.as_str());
        edit_as_approver(&app, &visitor.caller, id, version, subject, &text).await
    };
    match edited.await {
        Ok((draft, _)) => told(&app, &format!("/drafts/{}", draft.id), "Saved as a new version. Nothing was sent."),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(&app, &visitor, id, status, problem, entered).await
        }
    }
}

async fn send(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let id = match draft_id(&id) {
        Ok(id) => id,
        Err(error) => return failed(&visitor, Section::Drafts, &error),
    };
    let version = match seen(&form) {
        Ok(version) => version,
        Err((status, problem)) => return page(&app, &visitor, id, status, problem, Entered::default()).await,
    };
    match send_draft::send_draft(&app, &visitor.caller, id, Some(version), form.has("answer_again")).await {
        Ok((draft, _)) => told(&app, &format!("/threads/{}", draft.thread_id), "It is on its way."),
        Err(error) => refused_page(&app, &visitor, id, &error).await,
    }
}

async fn ask_again(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    let id = match draft_id(&id) {
        Ok(id) => id,
        Err(error) => return failed(&visitor, Section::Drafts, &error),
    };
    match send_draft::notify_draft(&app, &visitor.caller, id).await {
        Ok((draft, _)) => told(&app, &format!("/drafts/{}", draft.id), "The approvers are being asked again."),
        Err(error) => refused_page(&app, &visitor, id, &error).await,
    }
}
