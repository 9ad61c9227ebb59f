//! Changes as the table's stream carries them.

use actionlayer_domain::{
    Draft, Message, Rule, SendingDomain, Suppression, Thread, Webhook, WebhookDelivery,
    contact::{Contact, HeldInbound, SenderNotice},
    erasure::Erasure,
    event::Entity,
    rule::RuleRun,
};

use crate::{
    Record, StoreError,
    record::{Item, kind, row},
};

/// Reads an image of the stream: the entity, and how often its item was written by then. `None` for kinds of items that
/// nothing follows from.
pub fn entity(image: serde_dynamo::Item) -> Result<Option<(Entity, u64)>, StoreError> {
    fn read<T: Record>(image: Item, entity: fn(Box<T>) -> Entity) -> Result<Option<(Entity, u64)>, StoreError> {
        row(image).map(|row| Some((entity(Box::new(row.value)), row.revision)))
    }
    let image = image.into();
    match kind(&image) {
        Thread::KIND => read(image, Entity::Thread),
        Draft::KIND => read(image, Entity::Draft),
        Message::KIND => read(image, Entity::Message),
        HeldInbound::KIND => read(image, Entity::Held),
        SenderNotice::KIND => read(image, Entity::SenderNotice),
        Contact::KIND => read(image, Entity::Contact),
        Suppression::KIND => read(image, Entity::Suppression),
        SendingDomain::KIND => read(image, Entity::Domain),
        Webhook::KIND => read(image, Entity::Webhook),
        WebhookDelivery::KIND => read(image, Entity::Delivery),
        Rule::KIND => read(image, Entity::Rule),
        RuleRun::KIND => read(image, Entity::RuleRun),
        Erasure::KIND => read(image, Entity::Erasure),
        _ => Ok(None),
    }
}
