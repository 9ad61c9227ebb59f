//! What requests to the table and the bucket cost, so that a test can hold an operation to its price.

use aws_sdk_dynamodb::types::ConsumedCapacity;
use std::sync::atomic::{AtomicU64, Ordering};

/// Adds up requests, round trips and consumed capacity. Units are kept in tenths, since an eventually consistent read
/// costs half.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    /// The longest chain of requests so far, of which each began after the one before had ended.
    longest_chain: AtomicU64,
    /// The longest such chain of requests that have ended.
    longest_ended: AtomicU64,
    read_tenths: AtomicU64,
    write_tenths: AtomicU64,
    blob_puts: AtomicU64,
    blob_gets: AtomicU64,
}

/// What some requests cost together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Requests to the table, those that were refused included.
    pub requests: u64,
    /// How often somebody had to wait for the table: the longest chain of requests of which each began after the one before
    /// had ended. Requests that were under way together are one. Means something only while one operation runs at a time.
    pub round_trips: u64,
    /// Read request units.
    pub read_units: f64,
    /// Write request units. A refused write costs units too, but its answer does not say how many.
    pub write_units: f64,
    /// Requests that put something into the bucket.
    pub blob_puts: u64,
    /// Requests that read something from it.
    pub blob_gets: u64,
}

/// A request under way. Dropped without a price, it was refused or nobody waited for it.
pub(crate) struct Trip<'a> {
    meter: &'a Meter,
    place_in_chain: u64,
}

impl Drop for Trip<'_> {
    fn drop(&mut self) {
        self.meter.longest_ended.fetch_max(self.place_in_chain, Ordering::Relaxed);
    }
}

impl Trip<'_> {
    /// It read, at this price.
    pub(crate) fn read<'a>(self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.meter.read_tenths.fetch_add(tenths(consumed), Ordering::Relaxed);
    }

    /// It wrote, at this price.
    pub(crate) fn wrote<'a>(self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.meter.write_tenths.fetch_add(tenths(consumed), Ordering::Relaxed);
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "units are small and never negative")]
fn tenths<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> u64 {
    consumed.into_iter().map(|c| (c.capacity_units().unwrap_or(0.0) * 10.0).round() as u64).sum()
}

impl Meter {
    /// A request begins.
    pub(crate) fn trip(&self) -> Trip<'_> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let place_in_chain = self.longest_ended.load(Ordering::Relaxed) + 1;
        self.longest_chain.fetch_max(place_in_chain, Ordering::Relaxed);
        Trip { meter: self, place_in_chain }
    }

    /// Something is put into the bucket.
    pub(crate) fn put_blob(&self) {
        self.blob_puts.fetch_add(1, Ordering::Relaxed);
    }

    /// Something is read from the bucket.
    pub(crate) fn got_blob(&self) {
        self.blob_gets.fetch_add(1, Ordering::Relaxed);
    }

    /// What was spent since the last call.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub fn take(&self) -> Cost {
        self.longest_ended.store(0, Ordering::Relaxed);
        Cost {
            requests: self.requests.swap(0, Ordering::Relaxed),
            round_trips: self.longest_chain.swap(0, Ordering::Relaxed),
            read_units: self.read_tenths.swap(0, Ordering::Relaxed) as f64 / 10.0,
            write_units: self.write_tenths.swap(0, Ordering::Relaxed) as f64 / 10.0,
            blob_puts: self.blob_puts.swap(0, Ordering::Relaxed),
            blob_gets: self.blob_gets.swap(0, Ordering::Relaxed),
        }
    }
}
