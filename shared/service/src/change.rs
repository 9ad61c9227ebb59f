//! A change of the table, as the stream carries it.

use actionlayer_domain::event::Entity;

/// A change of one item.
#[derive(Debug, Clone)]
pub struct Change {
    /// The item before; none when it was created.
    pub old: Option<Entity>,
    /// The item after; none when it was removed.
    pub new: Option<Entity>,
    /// How often the item was written, this change included.
    pub revision: u64,
}
