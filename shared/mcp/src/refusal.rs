//! Refusals as models read them: the API's codes and words, with the next thing to do said in tools.

use actionlayer_api::{ApiError, Noted, RequestId};
use http::request::Parts;
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock},
};
use serde_json::Value;

/// What to do next, where the API's own words speak of requests.
fn fix(code: &str) -> Option<&'static str> {
    Some(match code {
        "validation_error" => "Correct the arguments that `details` names and call the tool again.",
        "not_found" => {
            "Use an id from list_threads, list_drafts, list_identities or list_contacts. What this key may not see does not exist for it."
        }
        "forbidden" => {
            "This key may not do that, and trying again will not help. Tell the person you work for what is needed."
        }
        "approval_required" => {
            "A person decides about this draft. Do other work and call get_draft later; call send_draft once its status is `approved`. Do not submit it again."
        }
        "stale_draft" => {
            "Newer mail arrived. Call reject_draft for this draft, read the thread again with get_thread, and submit a new draft that takes the newer mail into account."
        }
        "draft_not_pending" => {
            "Call get_draft to see who decided and why. The first decision stands; if the answer is still needed, read the thread again and submit a new draft."
        }
        "already_sent" => "Nothing is left to do: this draft was sent, and it is never sent twice.",
        "send_in_progress" => "It is on its way. Call get_draft later; its status becomes `sent`, `stale` or `failed`.",
        "conflict" => "Read the object again (get_draft, get_thread) and decide on what it says now.",
        "cold_send_blocked" => {
            "This identity may only answer mail that came in. Use submit_draft with a thread_id, or ask the owner to allow cold mail."
        }
        "identity_suspended" => {
            "Nothing is sent as this identity. Use another one from list_identities, or tell the person you work for."
        }
        "recipient_suppressed" => {
            "Mail to this address bounced or was called spam, so nothing is sent to it. Leave the address out, or tell the person you work for."
        }
        "plan_limit_reached" => "The plan allows no more mail in this period. Tell the person you work for.",
        "idempotency_in_flight" => {
            "The same call is being carried out. Call get_thread in a moment: its drafts show what came of it."
        }
        "idempotency_key_reused" => "Use a new idempotency_key for a new draft.",
        "rate_limited" => "Wait for `retry_after_seconds`, then call the tool again.",
        "internal_error" | "unavailable" => {
            "Read the object to see what came of the call, then call the tool again. If it stays so, report the `request_id`."
        }
        _ => return None,
    })
}

/// The same refusal, said for a model.
pub(crate) fn for_model(error: ApiError) -> ApiError {
    match fix(error.code()) {
        Some(fix) => error.fix(fix),
        None => error,
    }
}

fn body(error: &ApiError, parts: &Parts) -> Vec<u8> {
    error.body(parts.extensions.get::<RequestId>().map_or("unknown", RequestId::as_str))
}

/// A refusal as the result of a tool. It is text, since what is structured must be what the tool's schema says.
pub(crate) fn result(error: &ApiError, parts: &Parts) -> CallToolResult {
    let body = body(&for_model(error.clone()), parts);
    CallToolResult::error(vec![ContentBlock::text(String::from_utf8_lossy(&body))])
}

/// A refusal of anything that is no tool.
pub(crate) fn protocol_error(error: ApiError, parts: &Parts) -> ErrorData {
    let error = for_model(error);
    let data: Option<Value> = serde_json::from_slice(&body(&error, parts)).ok();
    let message = data.as_ref().and_then(|data| data["message"].as_str()).unwrap_or("refused").to_owned();
    match error.status().as_u16() {
        404 => ErrorData::resource_not_found(message, data),
        500.. => ErrorData::internal_error(message, data),
        _ => ErrorData::invalid_params(message, data),
    }
}

/// Notes for the log what was asked, and why it was refused.
pub(crate) fn note(parts: &Parts, operation: &'static str, refused: Option<&ApiError>) {
    if let Some(noted) = parts.extensions.get::<Noted>() {
        noted.note(operation, refused.cloned());
    }
}
