//! The queues (being written).
