//! What requests to the table cost, so that a test can hold an operation to its price.

use aws_sdk_dynamodb::types::ConsumedCapacity;
use std::sync::atomic::{AtomicU64, Ordering};

/// Adds up round trips and consumed capacity. Units are kept in tenths, since an eventually consistent read costs half.
#[derive(Debug, Default)]
pub struct Meter {
    round_trips: AtomicU64,
    read_tenths: AtomicU64,
    write_tenths: AtomicU64,
}

/// What some requests cost together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Requests to the table.
    pub round_trips: u64,
    /// Read request units.
    pub read_units: f64,
    /// Write request units.
    pub write_units: f64,
}

impl Meter {
    pub(crate) fn record<'a>(&self, read: bool, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "units are small and never negative"
        )]
        let tenths: u64 = consumed.into_iter().map(|c| (c.capacity_units().unwrap_or(0.0) * 10.0).round() as u64).sum();
        let counter = if read { &self.read_tenths } else { &self.write_tenths };
        counter.fetch_add(tenths, Ordering::Relaxed);
    }

    /// What was spent since the last call.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub fn take(&self) -> Cost {
        Cost {
            round_trips: self.round_trips.swap(0, Ordering::Relaxed),
            read_units: self.read_tenths.swap(0, Ordering::Relaxed) as f64 / 10.0,
            write_units: self.write_tenths.swap(0, Ordering::Relaxed) as f64 / 10.0,
        }
    }
}
