//! The OpenAPI document, made from the handlers and types themselves.
//!
//! **How to add an operation.** Annotate the handler and hand it to `operations!`; there is no second list of routes, so a
//! handler without an annotation is one nobody can call. The function's name is the `operationId`, the first line of its
//! doc comment the summary, the rest the description.
//!
//! ```ignore
//! /// Submits a draft.
//! ///
//! /// Its approvers are asked; nothing is sent.
//! #[utoipa::path(
//!     post, path = "/v1/drafts", tag = "Drafts",
//!     request_body = NewDraft,                          // left out when the body is `OptionalJsonBody<NoFields>`
//!     responses((status = 201, description = "The draft, pending.", body = DraftView)),
//!     extensions(("x-errors" = json!(["stale_draft"]))) // only codes that are this operation's own
//! )]
//! pub(crate) async fn submit_draft(…)
//!
//! // A list takes `List<ThreadView>` as its body and Paging before its own parameters; {id} is a parameter, too.
//!     params(Paging, ("status" = Option<ThreadStatus>, Query, description = "Only threads in this state.")),
//!     params(("id" = ThreadId, Path, description = "The thread.")),
//!
//! // the same file
//! operations! {
//!     list_drafts, submit_draft; // one line for each path
//! }
//! ```
//!
//! Requests derive `Deserialize, ToSchema` with `#[serde(deny_unknown_fields)]`; views derive `Serialize, ToSchema`. Doc
//! comments on fields become descriptions, `#[schema(examples("…"))]` examples. A request whose required fields alone
//! would be refused (`body_text` or `body_html`) carries `#[schema(example = json!({…}))]`: every example is tried. A field of a view that may be *absent*
//! (`skip_serializing_if`) carries `#[schema(nullable = false)]`, one that may be `null` nothing. Enums of the domain
//! derive `ToSchema`; newtypes over text get a line in the domain's `schema.rs`.
//!
//! **What [`document`] adds, so that nobody writes it by hand.** From the method: `Idempotency-Key` and its errors on a
//! POST, 400, 413 and 415 where a body may come, 403 where something changes (not for `("x-reads" = json!(true))`, a POST
//! that changes nothing). From ids in the path or the body, or a list by identity: 404. From the security (`security(())`
//! for none): 401. On everything: 422 (no unknown parameter is taken), 429, 500, 503 (429 and 503 not for
//! `("x-static" = json!(true))`, which asks nobody), the headers. A new code goes into [`codes::CODES`] with its status.
//!
//! `cargo run -p actionlayer-local -- openapi infra/openapi.json` writes the document; a test fails when it is not what
//! the code says. Other tests call every operation of it, so that what is written here is also true.

mod codes;
mod complete;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use utoipa::{IntoParams, OpenApi, PartialSchema as _, ToSchema as _};

use crate::{
    error::{Detail, Envelope},
    routes,
};

/// The parameters of every list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query::page` takes")]
pub struct Paging {
    /// How many to give at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// How many to pass over; further than 1000 only with `cursor`.
    #[param(minimum = 0, maximum = 1000, default = 0)]
    offset: Option<u32>,
    /// `next_cursor` of the page before, with the same filters. Not together with `offset`.
    cursor: Option<String>,
}

/// What stands at the top; the operations come from the routes.
#[derive(OpenApi)]
#[openapi(tags(
    (name = "Workspace", description = "The tenant, its first key and its settings."),
    (name = "API keys", description = "Keys and what they may do."),
    (name = "Domains", description = "Domains that mail is sent from and received at, and their DNS records."),
    (name = "Identities", description = "Mailboxes of agents."),
    (name = "Threads", description = "Conversations."),
    (name = "Messages", description = "Mail that came or went, its raw bytes and its files."),
    (name = "Drafts", description = "What an agent wants to send, until a person has decided."),
    (name = "Emails", description = "Mail that goes out without a draft."),
    (name = "Uploads", description = "Files to send."),
    (name = "Contacts", description = "People mail is exchanged with."),
    (name = "Pending senders", description = "Mail held back until somebody decides about its sender."),
    (name = "Suppressions", description = "Addresses that nothing is sent to any more."),
    (name = "Rules", description = "What happens by itself."),
    (name = "Webhooks", description = "Where events are delivered."),
    (name = "Events", description = "What happened in the last 30 days."),
    (name = "Billing", description = "The plan and what is left of it."),
    (name = "Document", description = "This document."),
))]
struct Head;

const DESCRIPTION: &str = "\
A mailbox for an AI agent, with a person in front of every send: mail arrives and is threaded, the agent reads it and \
submits a draft, a person approves it, and only then exactly one mail goes out.

Every request carries `Authorization: Bearer <key>`. Bodies are JSON objects; a field or query parameter that is not \
documented is refused by name. Times are RFC 3339 in UTC, ids are UUIDs. Every response has an `X-Request-Id`; every \
error has the same body, with the word to branch on in `error` and the next thing to do in `fix`. A path that exists, \
with another method, is 405 `method_not_allowed` with `Allow`. Another workspace's objects are 404.";

/// The whole document, as `infra/openapi.json` holds it.
pub fn document() -> Value {
    let mut whole = Head::openapi();
    for described in routes::described() {
        whole.merge(described);
    }
    // Strings, numbers and lists only: this cannot fail, and a test would see an empty document.
    let mut document = serde_json::to_value(whole).unwrap_or_default();
    document["info"] = json!({
        "title": "ActionLayer",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["servers"] = json!([{ "url": "/", "description": "The deployment this document was read from." }]);
    let schema = |schema| serde_json::to_value(schema).unwrap_or_default();
    document["components"]["schemas"][Envelope::name().as_ref()] = schema(Envelope::schema());
    document["components"]["schemas"][Detail::name().as_ref()] = schema(Detail::schema());
    complete::complete(&mut document);
    document
}
