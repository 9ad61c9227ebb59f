//! Events.

use actionlayer_api::ApiError;
use actionlayer_domain::{IdentityId, event::EventType};
use actionlayer_service::events::list_events;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Call;
use crate::{
    answer::{ListOf, value},
    input::{page, read},
    views::EventView,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetEvents {
    /// Only events of this type.
    #[serde(rename = "type")]
    event_type: Option<EventType>,
    /// Only events about this identity.
    identity_id: Option<IdentityId>,
    /// How many to give at most; 20 if it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

pub(crate) async fn get_events(call: Call) -> Result<Value, ApiError> {
    let input: GetEvents = read(call.arguments.clone())?;
    let mut request = page(input.limit, None, input.cursor)?;
    loop {
        let page =
            list_events::list_events(&call.app, &call.caller, input.event_type, input.identity_id, &request).await?;
        let list = ListOf::new(page, &request, EventView::of).untrusted();
        match list.too_long() {
            Some(fewer) => request.limit = fewer,
            None => return value(&list),
        }
    }
}
