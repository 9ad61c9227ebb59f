//! What each operation costs, counted on a real table: round trips and capacity units, to the last one.
#![allow(clippy::unwrap_used)]

mod operations;
mod schema;
mod world;

use operations::{Price, Steps, price};
use world::World;

/// Operation, round trips, requests, read units, write units. A change of these numbers is a change of the bill: see
/// docs/adr/0003 for why each is what it is.
#[rustfmt::skip]
const PRICES: [Price; 17] = [
    price("authenticate", 1, 1, 0.0, 1.0),
    price("receive a mail that begins a thread", 3, 6, 7.0, 18.0),
    price("list 20 threads", 1, 2, 3.0, 0.0),
    price("submit a draft", 2, 2, 4.0, 17.0),
    price("receive an answer that overtakes a draft", 5, 8, 10.0, 31.0),
    price("receive an answer", 4, 7, 9.0, 22.0),
    price("receive the same mail again", 1, 1, 2.0, 0.0),
    price("get a thread of 3 messages and a draft", 2, 3, 4.0, 0.0),
    price("submit a draft beside a stale one", 2, 2, 4.0, 17.0),
    price("relay 2 changes", 2, 3, 1.0, 9.0),
    price("relay them again", 2, 3, 1.0, 0.0),
    price("approve a draft", 2, 2, 1.0, 6.0),
    price("send a draft", 3, 5, 5.0, 22.0),
    price("hand a mail to SES and record it", 4, 4, 5.0, 56.0),
    price("find that it was handed over before", 2, 2, 5.0, 0.0),
    price("take in that SES took it", 1, 1, 1.0, 0.0),
    price("take in that it was delivered", 2, 2, 1.0, 2.0),
];

#[tokio::test]
async fn each_operation_costs_what_it_should() {
    let world = World::start().await;
    let counted = Steps::new(&world, "a").count().await;
    assert_eq!(counted, PRICES, "\n{}", operations::table(&counted));
}

#[tokio::test]
async fn the_price_does_not_grow_with_the_table() {
    let world = World::start().await;
    world.seed(600).await;
    let counted = Steps::new(&world, "a").count().await;
    assert_eq!(counted, PRICES, "\n{}", operations::table(&counted));
}
