//! Changes as the table's stream carries them.

use actionlayer_domain::{Draft, Message, Thread, event::Entity};

pub use crate::totals::TotalsChange;
use crate::{
    Record, StoreError,
    record::{kind, row},
};

/// Reads an image of the stream. `None` for kinds of items that nothing follows from.
pub fn entity(image: serde_dynamo::Item) -> Result<Option<Entity>, StoreError> {
    let image = image.into();
    Ok(match kind(&image) {
        Thread::KIND => Some(Entity::Thread(Box::new(row(image)?.value))),
        Draft::KIND => Some(Entity::Draft(Box::new(row(image)?.value))),
        Message::KIND => Some(Entity::Message(Box::new(row(image)?.value))),
        _ => None,
    })
}
