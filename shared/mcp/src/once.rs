//! A call that is repeated makes nothing twice: by a key of the caller's for a day, or by its arguments for a minute.

use actionlayer_api::ApiError;
use actionlayer_service::{
    FieldError,
    workspace::idempotency::{self, Answer, Begun, Idempotency, Request},
};
use actionlayer_store::{AnswerHead, IdempotencyScope};
use rmcp::model::JsonObject;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tools::Call;

const MAX_KEY_BYTES: usize = 255;
const WINDOW_SECONDS: i64 = 60;

/// What became of a call.
pub(crate) enum Outcome {
    /// It was carried out.
    Now(Value),
    /// It had been before, and gave this.
    Before(Value),
}

/// Carries a call out, or gives what it gave when it came before. Only what succeeded is given again: after a refusal the
/// world may have changed.
pub(crate) async fn once(
    call: &Call,
    tool: &'static str,
    key: Option<&str>,
    run: impl AsyncFnOnce(Idempotency) -> Result<Value, ApiError>,
) -> Result<Outcome, ApiError> {
    let scope = IdempotencyScope::Workspace(call.caller.workspace_id);
    let body = effect(&call.arguments);
    let route = format!("MCP {tool}");
    let with = Request {
        scope: &scope,
        sender: Some(call.caller.actor().id),
        route: &route,
        key: "",
        body: &body,
        secret: &call.secret,
    };
    let key = match key {
        Some(key) if (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|b| (b' '..=b'~').contains(&b)) => {
            key.to_owned()
        }
        Some(_) => {
            let expected = "must be 1 to 255 printable ASCII characters";
            return Err(ApiError::validation(vec![FieldError::new("idempotency_key", expected)]));
        }
        None => {
            let arguments = hex::encode(Sha256::digest([call.caller.actor().id.as_bytes(), &body].concat()));
            let minute = call.app.now().unix_seconds().div_euclid(WINDOW_SECONDS);
            let [now, before] = [minute, minute - 1].map(|minute| format!("arguments {minute} {arguments}"));
            // A minute from the call, not until the full minute.
            let recent =
                idempotency::claimed_within(&call.app, &Request { key: &before, ..with.clone() }, WINDOW_SECONDS)
                    .await?;
            if recent { before } else { now }
        }
    };
    let request = Request { key: &key, ..with };
    let begun = idempotency::begin(&call.app, &request).await?;
    let claim = match begun {
        Begun::Run(claim) => claim,
        Begun::Replay(answer) => {
            let value = serde_json::from_slice(&answer.body).map_err(|error| ApiError::internal(error.to_string()))?;
            return Ok(Outcome::Before(value));
        }
        Begun::InFlight => return Err(ApiError::idempotency_in_flight()),
        Begun::Reused => return Err(ApiError::idempotency_key_reused()),
    };
    let outcome = run(claim.idempotency.clone()).await;
    let kept = match &outcome {
        Ok(value) => {
            let head = AnswerHead { status: 200, headers: Vec::new() };
            let answer = Answer { head, body: serde_json::to_vec(value).unwrap_or_default() };
            idempotency::record(&call.app, &claim, &request, &answer).await
        }
        Err(_) => idempotency::release(&call.app, &claim).await,
    };
    if let Err(error) = kept {
        // What was done is done, and the caller is told so. Sent again, it is in flight until its lease ends.
        tracing::error!(%error, "the answer to a call was not recorded");
    }
    outcome.map(Outcome::Now)
}

/// The arguments of a call without what does not belong to its effect.
fn effect(arguments: &JsonObject) -> Vec<u8> {
    let mut arguments = arguments.clone();
    arguments.remove("idempotency_key");
    // Maps of JSON are sorted by name: the same arguments are the same bytes.
    serde_json::to_vec(&arguments).unwrap_or_default()
}
