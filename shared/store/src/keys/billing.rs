//! Keys of who pays.

use super::Key;

/// A customer at Stripe.
pub fn stripe_customer(customer_id: &str) -> Key {
    Key::new(format!("STRIPE#{customer_id}"), "CUSTOMER")
}

/// An event of Stripe's that was dealt with.
pub fn stripe_event(event_id: &str) -> Key {
    Key::new(format!("STRIPE#{event_id}"), "EVENT")
}
