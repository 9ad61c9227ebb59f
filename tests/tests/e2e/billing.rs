//! Plans that are paid for: what is paid is asked of Stripe, whatever its events say, and however often.

mod by_browser;

use std::fmt::Write as _;

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{
    Letter, Person, World, eventually,
    payer::{SELLS_PLANS, STRIPE_WEBHOOK_SECRET},
    world::{array, id},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

const DAY_SECONDS: u32 = 24 * 3600;

#[tokio::test]
async fn a_plan_is_paid_for_and_what_waited_comes_in() {
    let world = World::selling(json!({})).await;
    let free = world.subscription().await;
    assert_eq!((&free["plan"], &free["plan_status"]), (&json!("builder_pack"), &json!("active")));
    for n in 0..51 {
        world.receive(&Letter::from(&format!("c{n}@customer.test"))).await;
    }
    let held = eventually("one mail too many", async || {
        let held = world.owner.get("/v1/inbound/pending").await.expect(200);
        (held["total"] == 1).then_some(held)
    })
    .await;
    assert_eq!(held["data"][0]["reason"], "plan_limit");
    let domain = json!({"domain": "more.novacore.test"});
    let refused = world.owner.post("/v1/domains", domain.clone()).await.refused(402, "plan_limit_reached");
    assert!(refused["upgrade_url"].as_str().unwrap().ends_with("/billing"), "{refused}");

    let page = world.checkout("pro").await;
    // Twice pressed it is the same page; a card that is declined, and a page that is left, change nothing.
    assert_eq!(world.checkout("pro").await, page);
    assert_eq!(world.press_at_stripe(&page, "card=declined").await.status, 200);
    assert_eq!(world.subscription().await["plan"], "builder_pack");
    let paid = world.press_at_stripe(&page, "card=works").await;
    assert!(paid.header("location").ends_with("/billing?checkout=done"), "{}", paid.header("location"));
    let pro = world.until_subscription("plan", "pro").await;
    assert_eq!((&pro["plan_status"], &pro["limits"]["max_domains"]), (&json!("active"), &json!(3)));
    assert_eq!(pro["inbound_received_this_period"], 0, "its month begins when it is paid");
    let (start, end) = (pro["current_period_start"].as_str().unwrap(), pro["current_period_end"].as_str().unwrap());
    assert!(start < end && start[..10] != end[..10], "{pro}");
    world.owner.post("/v1/domains", domain).await.expect(201);
    eventually("the mail to come in", async || {
        world.sweep().await;
        (world.owner.get("/v1/inbound/pending").await.expect(200)["total"] == 0).then_some(())
    })
    .await;

    // A second subscription would be paid as well.
    let refused = world.owner.post("/v1/billing/checkout", json!({"plan": "agency"})).await.refused(409, "conflict");
    assert!(refused["message"].as_str().unwrap().contains("portal"), "{refused}");
    // Of the larger plan the month is the same, so that what was used of it counts.
    world.change_at_stripe("price=price_local_agency").await;
    let agency = world.until_subscription("plan", "agency").await;
    assert_eq!(agency["current_period_start"], pro["current_period_start"]);
    assert_eq!(agency["inbound_received_this_period"], 1);
}

#[tokio::test]
async fn only_owners_pay() {
    let world = World::selling(json!({})).await;
    for role in ["agent", "read", "automation"] {
        let key = world.key(role).await;
        key.post("/v1/billing/checkout", json!({"plan": "pro"})).await.refused(403, "forbidden");
        key.post_empty("/v1/billing/portal").await.refused(403, "forbidden");
    }
    world.owner.post_empty("/v1/billing/portal").await.refused(409, "conflict");
    assert_eq!(world.stripe().await["customers"], json!([]));
    // The other workspace of the deployment pays for itself alone.
    let other = world.new_workspace("Other").await;
    world.pay("pro").await;
    assert_eq!(other.get("/v1/billing/subscription").await.expect(200)["plan"], "builder_pack");
    other.post_empty("/v1/billing/portal").await.refused(409, "conflict");
}

#[tokio::test]
async fn a_failed_payment_leaves_a_week() {
    let world = World::selling(json!({})).await;
    world.pay("pro").await;
    let customer = world.stripe().await["customers"][0]["id"].clone();
    world.order_stripe(json!({"customer": customer, "card_works": false})).await;
    world.advance(32 * DAY_SECONDS).await;
    let overdue = world.until_subscription("plan_status", "past_due").await;
    assert_eq!(overdue["plan"], "pro", "for a week");
    world.advance(6 * DAY_SECONDS).await;
    assert_eq!(world.subscription().await["plan"], "pro");
    world.advance(2 * DAY_SECONDS).await;
    let fallen = world.subscription().await;
    assert_eq!((&fallen["plan"], &fallen["plan_status"]), (&json!("builder_pack"), &json!("past_due")));
    // It can still be paid, so there is nothing new to begin.
    world.owner.post("/v1/billing/checkout", json!({"plan": "pro"})).await.refused(409, "conflict");
    assert_eq!(world.press_at_stripe(&world.portal().await, "card=works").await.status, 303);
    world.until_subscription("plan_status", "active").await;
    assert_eq!(world.subscription().await["plan"], "pro");

    // Nobody pays any more: in the end it is over, and can be begun anew.
    world.order_stripe(json!({"customer": customer, "card_works": false})).await;
    world.advance(31 * DAY_SECONDS).await;
    world.advance(16 * DAY_SECONDS).await;
    world.until_subscription("plan_status", "canceled").await;
    assert_eq!(world.subscription().await["plan"], "builder_pack");
    world.order_stripe(json!({"customer": customer, "card_works": true})).await;
    world.pay("agency").await;
    assert_eq!(world.stripe().await["customers"].as_array().unwrap().len(), 1, "the same customer");
}

#[tokio::test]
async fn what_is_given_up_ends_with_its_period() {
    let world = World::selling(json!({})).await;
    world.pay("pro").await;
    world.change_at_stripe("act=cancel").await;
    world.advance(20 * DAY_SECONDS).await;
    assert_eq!(world.subscription().await["plan"], "pro", "paid to the end");
    world.advance(12 * DAY_SECONDS).await;
    let ended = world.until_subscription("plan_status", "canceled").await;
    assert_eq!(ended["plan"], "builder_pack");
}

/// A body and the header that Stripe would send with it.
fn signed(body: &Value, secret: &str, at: i64) -> (Vec<u8>, String) {
    let body = body.to_string().into_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&[format!("{at}.").as_bytes(), &body].concat());
    let mut header = format!("t={at},v1=");
    for byte in mac.finalize().into_bytes() {
        _ = write!(header, "{byte:02x}");
    }
    (body, header)
}

#[tokio::test]
async fn events_in_any_order_however_often_and_of_anybody() {
    let world = World::selling(json!({})).await;
    world.order_stripe(json!({"holds_events": true})).await;
    let page = world.checkout("pro").await;
    world.press_at_stripe(&page, "card=works").await;
    // It was paid, and nobody said so: whoever asks for another is not sold a second one.
    world.owner.post("/v1/billing/checkout", json!({"plan": "pro"})).await.refused(409, "conflict");
    assert_eq!(world.subscription().await["plan"], "pro", "since it was asked");
    world.change_at_stripe("price=price_local_agency").await;
    world.change_at_stripe("act=cancel").await;
    world.change_at_stripe("act=resume").await;
    let told = world.stripe().await;
    let mut ids: Vec<&str> = array(&told["events"]).iter().map(id).collect();
    assert!(ids.len() >= 5, "{told}");
    let deliver = async |events: &[&str], times: u8, signed_seconds_ago: i64| {
        let order = json!({"events": events, "times": times, "signed_seconds_ago": signed_seconds_ago});
        let answered = world.anyone.post("/local/stripe/deliver", order).await.expect(200);
        array(&answered["answered"]).iter().map(|status| status.as_u64().unwrap()).collect::<Vec<_>>()
    };
    // Signed long ago, it may be somebody's repetition.
    assert!(deliver(&ids, 1, 301).await.iter().all(|status| *status == 401));
    assert_eq!(world.subscription().await["plan"], "pro");
    ids.reverse();
    assert!(deliver(&ids, 2, 0).await.iter().all(|status| *status == 200));
    let now = world.subscription().await;
    assert_eq!((&now["plan"], &now["plan_status"]), (&json!("agency"), &json!("active")));
    // An old event says nothing about how it is now.
    assert!(deliver(&ids[ids.len() - 1..], 3, 0).await.iter().all(|status| *status == 200));
    assert_eq!(world.subscription().await["plan"], "agency");

    // Nobody else's.
    let event = json!({"id": "evt_forged", "type": "customer.subscription.deleted",
        "data": {"object": {"customer": told["customers"][0]["id"], "status": "canceled"}}});
    let now_seconds = told_now(&world).await;
    let ask = async |body: Vec<u8>, header: Option<&str>| {
        let headers: Vec<_> = header.into_iter().map(|value| ("stripe-signature", value)).collect();
        world.anyone.ask(Method::POST, "/callbacks/stripe", &headers, body).await.status
    };
    let (body, forged) = signed(&event, "whsec_guess", now_seconds);
    assert_eq!(ask(body.clone(), Some(&forged)).await, 401);
    assert_eq!(ask(body, None).await, 401);
    // Stripe's own, which claims what is not so: asked, Stripe says otherwise.
    let (body, good) = signed(&event, STRIPE_WEBHOOK_SECRET, now_seconds);
    assert_eq!(ask(body, Some(&good)).await, 200);
    assert_eq!(world.subscription().await["plan"], "agency");
    let (body, good) = signed(&json!({"hello": "there"}), STRIPE_WEBHOOK_SECRET, now_seconds);
    assert_eq!(ask(body, Some(&good)).await, 400);
    let other = json!({"id": "evt_other", "type": "customer.subscription.updated",
        "data": {"object": {"customer": "cus_of_another_product"}}});
    let (body, good) = signed(&other, STRIPE_WEBHOOK_SECRET, now_seconds);
    assert_eq!(ask(body, Some(&good)).await, 200);
}

async fn told_now(world: &World) -> i64 {
    let now = world.anyone.get("/local/clock").await.expect(200)["now"].as_str().unwrap().to_owned();
    now.parse::<actionlayer_domain::Timestamp>().unwrap().unix_seconds()
}

#[tokio::test]
async fn what_stripe_does_not_answer_is_done_once() {
    let world = World::selling(json!({})).await;
    let checkout = async || world.owner.post("/v1/billing/checkout", json!({"plan": "pro"})).await;
    for (operation, kind) in
        [("customers", "timeout_after_effect"), ("checkout", "timeout_after_effect"), ("checkout", "throttle")]
    {
        world.fault("stripe", operation, kind, 1).await;
        assert!((500..600).contains(&checkout().await.status), "{operation}");
    }
    checkout().await.expect(200);
    let made = world.stripe().await;
    assert_eq!((array(&made["customers"]).len(), array(&made["checkouts"]).len()), (1, 1), "{made}");

    // An event that cannot be followed up comes again.
    let page = world.checkout("pro").await;
    world.fault("stripe", "subscriptions", "throttle", 2).await;
    world.fault("stripe", "webhook", "duplicate_delivery", 3).await;
    world.press_at_stripe(&page, "card=works").await;
    eventually("the plan", async || {
        world.advance(10).await;
        (world.subscription().await["plan"] == "pro").then_some(())
    })
    .await;
}

#[tokio::test]
async fn whom_stripe_does_not_know_any_more_is_a_new_customer() {
    let world = World::selling(json!({})).await;
    world.pay("pro").await;
    let known = world.stripe().await["customers"][0]["id"].clone();
    world.order_stripe(json!({"customer": known, "deleted": true})).await;
    world.owner.post_empty("/v1/billing/portal").await.refused(409, "conflict");
    assert_eq!(world.subscription().await["plan"], "builder_pack");
    // What was asked under a key within the hour is answered as it was then.
    world.advance(3_600).await;
    world.pay("agency").await;
    let customers = world.stripe().await["customers"].clone();
    assert!(array(&customers).len() == 1 && customers[0]["id"] != known, "{customers}");
}

#[tokio::test]
async fn who_pays_is_as_the_operator_says() {
    let mut world = World::selling(json!({})).await;
    world.pay("pro").await;
    let workspace = world.owner.get("/v1/workspace").await.expect(200);
    let beta = format!("BetaWorkspaces={}", id(&workspace));
    let parameters: Vec<&str> = SELLS_PLANS.into_iter().chain([beta.as_str()]).collect();
    world.engine.redeploy(&parameters).await;
    world.anyone = actionlayer_tests::Api::new(&world.engine.http);
    world.owner = world.caller(&world.owner);
    let lifted = world.subscription().await;
    assert_eq!((&lifted["plan"], &lifted["beta_override"]), (&json!("unlimited"), &json!(true)));
    assert!(lifted["limits"].as_object().unwrap().values().all(Value::is_null), "{lifted}");
}

#[tokio::test]
async fn a_deleted_workspace_is_paid_for_no_longer() {
    let world = World::selling(json!({})).await;
    world.pay("agency").await;
    Person::member(&world, "Olga", MemberRole::Owner).await;
    world.owner.post("/v1/workspace/deletion", json!({"name": "Novacore"})).await.expect(202);
    assert_eq!(world.stripe().await["subscriptions"][0]["status"], "active", "it can be taken back");
    world.advance(7 * DAY_SECONDS).await;
    // Stripe cannot be reached at first: the workspace stays until it can.
    world.fault("stripe", "subscriptions", "throttle", 1).await;
    eventually("the subscription to end", async || {
        _ = world.anyone.post_empty("/local/sweep").await;
        (world.stripe().await["subscriptions"][0]["status"] == "canceled").then_some(())
    })
    .await;
    // That comes first; what else belongs to the workspace goes after it.
    eventually("the key to go", async || (world.owner.get("/v1/workspace").await.status == 401).then_some(())).await;
}
