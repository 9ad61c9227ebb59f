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
        send_draft::send_draft,
        submit_draft::{SubmitDraft, submit_draft},
    },
    identities::read_identities::get_identity,
    threads::{
        get_thread::{find_thread, get_thread},
        update_thread::{ThreadPatch, update_thread},
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
    let identity = match get_identity(app, caller, detail.thread.identity_id).await {
        Ok(identity) => Some(identity),
        Err(ServiceError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
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
    match send_draft(&app, &visitor.caller, draft.id, Some(draft.version), false).await {
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
    let input = SubmitDraft {
        thread_id: Some(found.id),
        identity_id: found.identity_id,
        based_on_message_id: Some(based_on.map_err(|_| ServiceError::NotFound { what: "message" })?),
        to: Vec::new(),
        subject: None,
        body_text: Some(typed.text.clone()),
        body_html: None,
        subject_override: None,
        cc: form.several("cc"),
        bcc: Vec::new(),
        rationale: None,
        metadata: None,
        attachments: Vec::new(),
        quote_history: typed.quote,
    };
    submit_draft(app, &visitor.caller, &Idempotency::NONE, input).await
}

async fn set_state(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let (patch, done) = match form.text("action") {
        "reviewed" => (ThreadPatch { needs_review: Some(false), ..ThreadPatch::default() }, "Marked as reviewed."),
        "review" => (ThreadPatch { needs_review: Some(true), ..ThreadPatch::default() }, "Marked for review."),
        "close" => {
            let status = Some(ThreadStatus::Closed);
            (
                ThreadPatch { status, needs_review: Some(false), ..ThreadPatch::default() },
                "Closed. New mail opens it again.",
            )
        }
        "reopen" => (ThreadPatch { status: Some(ThreadStatus::Open), ..ThreadPatch::default() }, "Opened again."),
        _ => {
            let (status, problem) = incomplete();
            return page(&app, &visitor, &id, status, problem, None).await;
        }
    };
    change(&app, &visitor, &id, patch, done).await
}

async fn set_tags(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, form: Form) -> Response {
    let patch = ThreadPatch { tags: Some(form.several_phrases("tags")), ..ThreadPatch::default() };
    change(&app, &visitor, &id, patch, "The tags were saved.").await
}

async fn change(app: &App, visitor: &SignedIn, id: &str, patch: ThreadPatch, done: &str) -> Response {
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
