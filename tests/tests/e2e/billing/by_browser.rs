//! The same by clicking.

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{Person, World, eventually};
use serde_json::json;

#[tokio::test]
async fn a_plan_is_taken_by_clicking() {
    let world = World::selling(json!({})).await;
    let (olga, ann) = tokio::join!(
        Person::member(&world, "Olga", MemberRole::Owner),
        Person::member(&world, "Ann", MemberRole::Approver)
    );
    let seen = ann.see("/billing").await;
    assert!(!seen.offers("/billing/checkout"), "an approver pays for nothing");

    let page = olga.see("/billing").await;
    page.says("Nothing is paid for this workspace.").says("25,000 a month");
    let leaving = olga.post(&page.form("/billing/checkout").with("plan", "pro")).await;
    let stripe = leaving.link("http");
    // By itself, and by a link: neither is a redirect that a policy for forms could stop.
    assert!(leaving.html.contains(&format!("content=\"0;url={stripe}\"")), "{}", leaving.text());
    olga.see("/billing?checkout=left").await.says("You came back without paying.");
    world.press_at_stripe(&stripe, "card=works").await;
    let paid = eventually("the payment to be known", async || {
        let page = olga.open("/billing?checkout=done").await;
        page.text().contains("the next payment is due on").then_some(page)
    })
    .await;
    assert!(paid.offers("/billing/portal") && !paid.offers("/billing/checkout"));
    let leaving = olga.post(&paid.form("/billing/portal")).await;
    assert!(leaving.link("http").contains("/p/session/"));
    olga.see("/usage").await.says("Pro");
    olga.see("/settings/audit").await.says("went to pay for the plan");
}

#[tokio::test]
async fn where_nobody_pays_it_says_so() {
    let world = World::start().await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    let page = olga.see("/billing").await;
    page.says("Nothing is paid here");
    assert!(!page.offers("/billing/checkout") && !page.offers("/billing/portal"));
    assert_eq!(world.stripe().await["customers"], json!([]));
}
