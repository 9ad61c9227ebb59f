//! From an event to its deliveries, step by step, each step with its price.

use actionlayer_domain::{Message, MessageId, WebhookId, event::Entity, work::WebhookJob};
use actionlayer_service::{
    change::Change,
    events::webhooks::{NewWebhook, create_webhook},
    jobs::Job as _,
    relay::relay,
    threads::list_threads::list_threads,
    workspace::idempotency::Idempotency,
};
use actionlayer_store::{PageRequest, ThreadFilter, keys};
use axum::{Router, http::StatusCode};
use tokio::net::TcpListener;

use crate::{
    operations::{Price, mail, price},
    world::World,
};

/// An endpoint that answers everything in the same way: where it is.
async fn endpoint(status: StatusCode, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().fallback(move || async move { (status, body) });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn webhook(world: &World, url: String) -> WebhookId {
    let input = NewWebhook { url, events: vec!["*".to_owned()], description: None, active: None };
    create_webhook(&world.app, &world.caller, &Idempotency::NONE, input).await.unwrap().0.id
}

/// Counts what becomes of the event of a mail that came in.
pub(crate) async fn count(world: &World) -> Vec<Price> {
    let World { app, caller, .. } = world;
    let mut prices = Vec::new();
    let mut record = |operation| {
        let cost = app.store.meter().take();
        prices.push(price(operation, cost.round_trips, cost.requests, cost.read_units, cost.write_units));
    };
    let nobody = received(world, "before").await;
    app.store.meter().take();
    relay(app, &[nobody]).await.unwrap();
    record("make a mail known that no webhook waits for");
    let good = webhook(world, endpoint(StatusCode::OK, r#"{"ok":true}"#).await).await;
    let silent = webhook(world, endpoint(StatusCode::NO_CONTENT, "").await).await;
    let bad = webhook(world, endpoint(StatusCode::INTERNAL_SERVER_ERROR, "no").await).await;
    let change = received(world, "after").await;
    app.store.meter().take();
    relay(app, std::slice::from_ref(&change)).await.unwrap();
    record("make one known that three wait for");
    relay(app, &[change]).await.unwrap();
    record("make it known again");
    for (operation, webhook_id) in [
        ("deliver it, with an answer to keep", good),
        ("deliver it, with an empty answer", silent),
        ("deliver it to one that fails", bad),
        ("find that it was delivered before", good),
    ] {
        let job = WebhookJob::wake(caller.workspace_id, webhook_id);
        app.store.meter().take();
        job.run(app).await.unwrap();
        record(operation);
    }
    prices
}

/// What the stream carries after a mail came in.
pub(crate) async fn received(world: &World, id: &str) -> Change {
    let World { app, caller, .. } = world;
    world.receive(id, mail(id, None)).await;
    let page = PageRequest { limit: 1, offset: 0, cursor: None };
    let newest = list_threads(app, caller, ThreadFilter::default(), None, page).await.unwrap();
    let message_id: MessageId = newest.items[0].last_inbound_message_id.unwrap();
    let message = app.store.get::<Message>(&keys::message(caller.workspace_id, message_id)).await.unwrap().unwrap();
    let new = Some(Entity::Message(Box::new(message.value)));
    Change { old: None, new, revision: 1 }
}
