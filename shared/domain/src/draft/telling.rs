//! Who writes to the channels of a draft.

use serde::{Deserialize, Serialize};

use super::Draft;
use crate::{
    Timestamp,
    notification::{Notification, find, record},
};

/// That one worker writes to the draft's channels. Another one that comes by in the meantime leaves it to that one, which
/// looks at the draft again before it is done: so that two of them cannot overtake each other in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// Tells two workers apart.
    pub nonce: u64,
    /// When it counts as dead.
    pub until: Timestamp,
}

impl Draft {
    /// Records what a worker told, and gives the channels back that it had. `before` are the notifications as they were when
    /// it took them.
    ///
    /// A worker that was slower than [`Telling::until`] is taken for dead, and another one has the channels. Then nobody knows
    /// whose words a message has: it counts as showing none, so that it is written again by whoever looks next.
    pub fn told(&mut self, told: &[Notification], before: &[Notification], telling: Telling) {
        let is_mine = self.telling.is_some_and(|current| current.nonce == telling.nonce);
        for notification in told {
            let is_as_it_was = find(before, notification) == find(&self.notifications, notification);
            let shown = notification.shown.clone().filter(|_| is_mine && is_as_it_was);
            record(&mut self.notifications, Notification { shown, ..notification.clone() });
        }
        if is_mine {
            self.telling = None;
        }
    }
}
