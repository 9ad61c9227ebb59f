//! What is too long for an item goes through the bucket, for everybody who writes or reads it.

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, Mcp, Person, World, eventually,
    world::{array, id, step},
};
use serde_json::json;

/// Words that cannot be made shorter: some 70 KB also when they are compressed.
fn words(seed: u64) -> String {
    let mut state = seed;
    let mut text = String::new();
    for _ in 0..10_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letters = (state >> 20) % 26_u64.pow(8);
        let letter = |place: u32| char::from(b'a' + u8::try_from(letters / 26_u64.pow(place) % 26).unwrap());
        text.extend((0..8).map(letter));
        text.push(if text.len() % 70 > 60 { '\n' } else { ' ' });
    }
    text.trim_end().to_owned()
}

#[tokio::test]
async fn a_long_conversation_is_read_answered_and_found() {
    let world = World::start().await;
    let (question, answer, edited) = (words(1), words(2), words(3));
    let thread = world.begin(&Letter::from(CUSTOMER).text(&question)).await;
    assert!(thread["messages"][0]["body_text"].as_str().unwrap().contains(&question[..60]));
    let found = &question[..8];
    eventually("the search to find it", async || {
        let list = world.owner.get(&format!("/v1/threads?q={found}")).await.expect(200);
        array(&list["data"]).first().filter(|found| id(found) == id(&thread)).map(|_| ())
    })
    .await;
    let agent = Mcp::new(&world.key("agent").await);
    let read = agent.call("get_thread", json!({"thread_id": thread["id"]})).await.result.to_string();
    assert!(read.contains(&question[..8]));
    let owner = Person::member(&world, "Olga", MemberRole::Owner).await;
    assert!(owner.see(&format!("/threads/{}", id(&thread))).await.html.contains(&question[..8]));

    let draft = world.submit(&thread, &answer).await;
    assert_eq!(world.reread(&draft).await["body_text"], answer.as_str());
    // Whoever is asked reads it, and writes another one.
    let link = world.approval_path(&answer[..60]).await;
    assert!(world.anyone.get(&link).await.text().contains(&answer[..8]));
    let form = format!("action=edit&subject=Re&text={}", edited.replace(' ', "+").replace('\n', "%0D%0A"));
    let page = world.anyone.form(&link, &form).await;
    assert!(page.status < 400, "{}", page.text());
    assert_eq!(world.reread(&draft).await["body_text"], edited.as_str());
    world.owner.post(&step(&draft, "approve"), json!({"version": 2})).await.expect(200);
    world.owner.post_empty(&step(&draft, "send")).await.expect(202);
    world.until_draft(&draft, "sent").await;
    assert!(world.sent_to(CUSTOMER).await[0].text().contains(&edited[..60]));
    assert!(!world.sent_to(APPROVER).await.is_empty());

    let next = world.begin(&Letter::from(CUSTOMER).text(&words(4))).await;
    let submitted = agent.call("submit_draft", world.proposal(&next, &words(5))).await.ok();
    let kept = world.owner.get(&format!("/v1/drafts/{}", submitted["draft_id"].as_str().unwrap())).await.expect(200);
    assert_eq!(kept["body_text"], words(5).as_str());
}
