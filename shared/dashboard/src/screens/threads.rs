//! `/threads/{id}`: the conversation, and what is done about it.

use std::sync::Arc;

use actionlayer_domain::{Draft, MessageId, ThreadId, thread::ThreadStatus};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        thread::{Conversation, OwnAnswer, is_open, thread},
    },
};
use actionlayer_service::{
    App, ServiceError,
    drafts::{
        review_draft::review_draft,
        send_draft::{Sending, send_draft},
        submit_draft::{NewDraft, submit_draft},
    },
    identities::read_identities::get_identity,
    input::Addresses,
    rules::list_thread_runs::list_thread_runs,
    threads::{
        get_thread::{find_thread, get_thread},
        update_thread::{UpdateThread, update_thread},
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
    answer::{self, access, failed, incomplete, refused},
    drafts,
    form::Form,
};
use crate::{SignedIn, accounts::told};

/// How much of a conversation a screen shows.
const MESSAGES: u8 = 20;
/// So many runs of rules are shown in it.
const RUNS: u16 = 50;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/threads/{id}", get(show))
        .route("/threads/{id}/answer", post(post_answer))
        .route("/threads/{id}/state", post(set_state))
        .route("/threads/{id}/tags", post(set_tags))
}

/// An id from an address; what cannot be one names nothing.
fn thread_id(text: &str) -> Result<ThreadId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "conversation" })
}

async fn show(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>) -> Response {
    page(&app, &visitor, &id, StatusCode::OK, None, None).await
}

/// The conversation as it is now, under whatever is said above it.
async fn page(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    status: StatusCode,
    problem: Option<Problem>,
    answer: Option<OwnAnswer>,
) -> Response {
    match try_page(app, visitor, id, status, problem, answer).await {
        Ok(response) => response,
        Err(error) => failed(visitor, Section::Inbox, &error),
    }
}

async fn try_page(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    status: StatusCode,
    problem: Option<Problem>,
    answer: Option<OwnAnswer>,
) -> Result<Response, ServiceError> {
    let caller = &visitor.caller;
    let detail = get_thread(app, caller, thread_id(id)?, Some(MESSAGES)).await?;
    let (identity, runs) = tokio::join!(
        get_identity(app, caller, detail.thread.identity_id),
        list_thread_runs(app, caller, &detail.thread, RUNS),
    );
    let identity = match identity {
        Ok(identity) => Some(identity),
        Err(ServiceError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let runs = runs?;
    let drafts: Vec<Draft> = detail.drafts.into_iter().map(|(draft, _)| draft).collect();
    let mut open = Vec::new();
    if identity.is_some() {
        for draft in drafts.iter().filter(|draft| is_open(draft)) {
            open.push(review_draft(app, caller, draft.id).await?);
        }
    }
    let proposals: Vec<_> = open.iter().map(|context| context.proposal()).collect();
    let view = Conversation {
        thread: &detail.thread,
        identity: identity.as_ref(),
        contact: detail.contact.as_ref(),
        messages: &detail.messages,
        messages_total: detail.messages_total,
        drafts: &drafts,
        runs: &runs,
        open: &proposals,
        access: access(visitor),
        now: app.now(),
    };
    Ok(answer::page(visitor, status, &thread(view, problem, answer)))
}

/// An answer that the visitor wrote: a draft as an agent's is, which its author may approve at once.
async fn post_answer(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let typed =
        OwnAnswer { text: form.text("text").to_owned(), cc: form.text("cc").to_owned(), quote: form.has("quote") };
    let submitted = submit(&app, &visitor, &id, &form, &typed).await;
    let (draft, _) = match submitted {
        Ok(submitted) => submitted,
        Err(error) => {
            let (status, problem) = refused(&error);
            return page(&app, &visitor, &id, status, problem, Some(typed)).await;
        }
    };
    if form.text("action") != "send" || draft.send_state.is_some() {
        return told(
            &app,
            &format!("/threads/{}#draft-{}", draft.thread_id, draft.id),
            "The draft was saved. It waits for approval.",
        );
    }
    match send_draft(&app, &visitor.caller, draft.id, Sending { version: Some(draft.version), answer_again: false })
        .await
    {
        Ok(_) => told(&app, &format!("/threads/{}", draft.thread_id), "It is on its way."),
        // It was saved: its own page has it, with why it could not be sent.
        Err(error) => drafts::refused_page(&app, &visitor, draft.id, &error).await,
    }
}

async fn submit(
    app: &App,
    visitor: &SignedIn,
    id: &str,
    form: &Form,
    typed: &OwnAnswer,
) -> Result<(Draft, actionlayer_domain::DraftBody), ServiceError> {
    let found = find_thread(app, &visitor.caller, thread_id(id)?).await?;
    let based_on = form.text("based_on").parse::<MessageId>();
    let input = NewDraft {
        thread_id: Some(found.id),
        identity_id: found.identity_id,
        based_on_message_id: Some(based_on.map_err(|_| ServiceError::NotFound { what: "message" })?),
        to: None,
        subject: None,
        body_text: Some(typed.text.clone()),
        body_html: None,
        subject_override: None,
        cc: Some(Addresses(form.several("cc"))),
        bcc: None,
        rationale: None,
        metadata: None,
        attachments: None,
        quote_history: typed.quote,
    };
    submit_draft(app, &visitor.caller, &Idempotency::NONE, input).await
}

async fn set_state(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let (patch, done) = match form.text("action") {
        "reviewed" => (UpdateThread { needs_review: Some(false), ..UpdateThread::default() }, "Marked as reviewed."),
        "review" => (UpdateThread { needs_review: Some(true), ..UpdateThread::default() }, "Marked for review."),
        "close" => {
            let status = Some(ThreadStatus::Closed);
            (
                UpdateThread { status, needs_review: Some(false), ..UpdateThread::default() },
                "Closed. New mail opens it again.",
            )
        }
        "reopen" => (UpdateThread { status: Some(ThreadStatus::Open), ..UpdateThread::default() }, "Opened again."),
        _ => {
            let (status, problem) = incomplete();
            return page(&app, &visitor, &id, status, problem, None).await;
        }
    };
    change(&app, &visitor, &id, patch, done).await
}

async fn set_tags(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let patch = UpdateThread { tags: Some(form.several_phrases("tags")), ..UpdateThread::default() };
    change(&app, &visitor, &id, patch, "The tags were saved.").await
}

async fn change(app: &App, visitor: &SignedIn, id: &str, patch: UpdateThread, done: &str) -> Response {
    let changed = match thread_id(id) {
        Ok(id) => update_thread(app, &visitor.caller, id, patch).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(thread) => told(app, &format!("/threads/{}", thread.id), done),
        Err(error) => {
            let (status, problem) = refused(&error);
            page(app, visitor, id, status, problem, None).await
        }
    }
}
