//! Deciding about a new sender by the link of the mail that tells of them.

use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, World, eventually,
    world::{array, id},
};
use reqwest::Method;
use serde_json::json;

async fn gated() -> World {
    let world = World::start().await;
    let settings = json!({"settings": {"sender_trust_gating": true, "notify_held_inbound": true}});
    world.owner.patch("/v1/workspace", settings).await.expect(200);
    world
}

/// The path of the link that somebody was mailed about a sender.
async fn link(world: &World, to: &str, sender: &str) -> String {
    eventually("the link", async || {
        let sent = world.sent_to(to).await;
        let about = sent.iter().find(|mail| mail.header("Subject").is_some_and(|subject| subject.contains(sender)))?;
        let text = about.text();
        Some(text[text.find("/callbacks/senders/")?..].split_whitespace().next()?.to_owned())
    })
    .await
}

async fn held(world: &World) -> usize {
    array(&world.owner.get("/v1/inbound/pending").await.expect(200)["data"]).len()
}

#[tokio::test]
async fn whoever_is_mailed_trusts_or_blocks_without_an_account() {
    let world = gated().await;
    world.receive(&Letter::from(CUSTOMER).text("Hello <b>Mia</b>, it is me.")).await;
    let path = link(&world, APPROVER, CUSTOMER).await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let opened = world.anyone.ask(method, &path, &[], Vec::new()).await;
        assert_eq!(opened.status, 200);
        assert!(opened.header("cache-control").contains("no-store"));
    }
    let page = world.anyone.get(&path).await.text();
    assert!(page.contains("Somebody new wrote to Mia (AI Assistant)") && page.contains("&#60;b&#62;Mia"), "{page}");
    assert_eq!(held(&world).await, 1, "opening decides nothing");
    assert_eq!(world.anyone.press(&path, "approve").await.status, 422);
    assert_eq!(held(&world).await, 1);
    let trusted = world.anyone.press(&path, "trust").await;
    assert_eq!(trusted.status, 200);
    assert!(trusted.text().contains("Trusted"));
    eventually("the thread", async || (world.threads().await.len() == 1).then_some(())).await;
    // Too late, the other way.
    for _ in 0..2 {
        assert_eq!(world.anyone.press(&path, "block").await.status, 409);
    }
    assert_eq!(world.anyone.get(&path).await.status, 409);
    let contacts = world.owner.get("/v1/contacts?status=trusted").await.expect(200);
    assert_eq!(contacts["data"][0]["email"], CUSTOMER);

    world.receive(&Letter::from("spam@elsewhere.test")).await;
    let path = link(&world, APPROVER, "spam@elsewhere.test").await;
    assert!(world.anyone.press(&path, "block").await.text().contains("Blocked"));
    let contacts = world.owner.get("/v1/contacts?status=blocked").await.expect(200);
    assert_eq!(contacts["data"][0]["email"], "spam@elsewhere.test");
    assert_eq!((held(&world).await, world.threads().await.len()), (0, 1));
}

#[tokio::test]
async fn a_link_is_its_approvers_in_its_time_and_whole() {
    let world = gated().await;
    world.receive(&Letter::from(CUSTOMER)).await;
    let path = link(&world, APPROVER, CUSTOMER).await;
    let (base, token) = path.rsplit_once('/').unwrap();
    for bad in ["x", "", &token[1..], &token[..token.len() - 2], &token.to_lowercase()] {
        let status = world.anyone.press(&format!("{base}/{bad}"), "trust").await.status;
        assert_eq!(status, 404, "{bad}");
        // Neither is it a link of a draft.
        assert_eq!(world.anyone.press(&format!("/callbacks/email/{token}"), "approve").await.status, 404);
    }
    // The approvers changed since.
    let identity = format!("/v1/identities/{}", id(&world.identity));
    let others = json!({"approval_channel": {"type": "email", "to": ["eve@approvers.test"]}});
    world.owner.patch(&identity, others).await.expect(200);
    assert_eq!(world.anyone.press(&path, "trust").await.status, 403);
    let back = json!({"approval_channel": {"type": "email", "to": [APPROVER]}});
    world.owner.patch(&identity, back).await.expect(200);
    assert_eq!(world.anyone.get(&path).await.status, 200);
    world.advance(8 * 24 * 3_600).await;
    assert_eq!(world.anyone.press(&path, "trust").await.status, 410);
    assert_eq!(held(&world).await, 1, "nothing was decided");
}
