//! Waiting for mail.

use std::time::Duration;

use actionlayer_api::ApiError;
use actionlayer_domain::{IdentityId, MessageId, Thread, ThreadId};
use actionlayer_service::threads::{get_thread::find_thread, list_threads::list_threads, messages::get_message};
use actionlayer_store::{PageRequest, ThreadFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Call;
use crate::{
    answer::{MAX_RESULT_BYTES, NOTICE, size, value},
    input::{invalid, read},
    views::{MessageView, Reading, ThreadSummary},
};

/// Below every timeout between the caller and us.
const MAX_WAIT_SECONDS: u64 = 20;
/// When to look, in seconds from the beginning: waiting costs six reads at most.
const LOOKS: [u64; 6] = [0, 2, 5, 9, 14, 20];
/// Threads that are looked at. Whatever just got mail is the newest.
const LOOK_AT: u32 = 20;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitForMessage {
    /// Wait for mail in this thread only.
    thread_id: Option<ThreadId>,
    /// Wait for mail to this identity only.
    identity_id: Option<IdentityId>,
    /// The newest message you know of: anything after it counts. Without it, only mail that arrives from now on does.
    after_message_id: Option<MessageId>,
    /// How long to wait at most; 20 if it is left out.
    #[schema(minimum = 1, maximum = 20)]
    timeout_seconds: Option<u64>,
}

/// What came while it was waited for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Waited {
    /// Whether mail came.
    arrived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thread: Option<ThreadSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<MessageView>,
    /// Pass it to the next call, so that nothing in between is missed.
    after_message_id: MessageId,
    /// What to do next.
    next: &'static str,
}

pub(crate) async fn wait_for_message(call: Call) -> Result<Value, ApiError> {
    let input: WaitForMessage = read(call.arguments.clone())?;
    let timeout = input.timeout_seconds.unwrap_or(MAX_WAIT_SECONDS);
    if !(1..=MAX_WAIT_SECONDS).contains(&timeout) {
        return Err(invalid("timeout_seconds", "must be from 1 to 20"));
    }
    let after = input.after_message_id.unwrap_or_else(|| MessageId::earliest(call.app.now()));
    let looks = LOOKS.into_iter().filter(|at| *at < timeout).chain([timeout]);
    // With a place to wait in, it is waited for; without one it is looked once.
    let place = call.waits.try_acquire();
    let mut waited = 0;
    for at in looks {
        if at > waited && place.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(at - waited)).await;
        waited = at;
        if let Some((thread, id)) = look(&call, &input, after).await? {
            return arrived(&call, thread, id).await;
        }
    }
    value(&Waited {
        arrived: false,
        notice: None,
        thread: None,
        message: None,
        after_message_id: after,
        next: match place {
            Ok(_) => "No mail came. Call it again with this `after_message_id` to go on waiting, or do other work.",
            Err(_) => {
                "Too many calls wait already. Do other work, and call it again with this `after_message_id` in a minute."
            }
        },
    })
}

/// The first message after `after`, of those that are the newest of their thread.
async fn look(call: &Call, input: &WaitForMessage, after: MessageId) -> Result<Option<(Thread, MessageId)>, ApiError> {
    let threads = if let Some(id) = input.thread_id {
        vec![find_thread(&call.app, &call.caller, id).await?]
    } else {
        let filter = ThreadFilter { identity_id: input.identity_id, ..ThreadFilter::default() };
        let request = PageRequest { limit: LOOK_AT, offset: 0, cursor: None };
        list_threads(&call.app, &call.caller, filter, None, request).await?.items
    };
    let newer = threads.into_iter().filter_map(|thread| {
        let id = thread.last_inbound_message_id.filter(|id| *id > after)?;
        Some((thread, id))
    });
    Ok(newer
        .filter(|(thread, _)| input.identity_id.is_none_or(|id| thread.identity_id == id))
        .min_by_key(|(_, id)| *id))
}

async fn arrived(call: &Call, thread: Thread, id: MessageId) -> Result<Value, ApiError> {
    let (message, body) = get_message(&call.app, &call.caller, id).await?;
    let view = |max_characters| {
        MessageView::of(message.clone(), &body, Reading { whole: false, from_character: 0, max_characters })
    };
    let mut shown = Waited {
        arrived: true,
        notice: Some(NOTICE),
        thread: Some(ThreadSummary::of(thread)),
        message: Some(view(6_000)),
        after_message_id: id,
        next: "Call get_thread to read the conversation, then submit_draft if it needs an answer.",
    };
    let mut characters = 6_000;
    while size(&shown) > MAX_RESULT_BYTES && characters > 100 {
        characters /= 2;
        shown.message = Some(view(characters));
    }
    value(&shown)
}
