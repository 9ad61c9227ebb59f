//! What a stranger sends a lot of, and who must not notice.

use actionlayer_tests::{
    CUSTOMER, Letter, World, eventually,
    world::{array, id},
};

/// Words that nobody else uses, all beginning alike.
fn words(letter: usize) -> String {
    (0..500).map(|word| format!("zz{letter:02}w{word:03}")).collect::<Vec<_>>().join(" ")
}

/// The table takes no entries at all: what a flood of words makes of it. People are asked and mail leaves all the same, and
/// when it takes them again everything is found.
#[tokio::test]
async fn words_of_strangers_hold_nobody_up() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER).subject("Anvils")).await;
    world.fault("dynamodb", "BatchWriteItem", "throttle", 100_000).await;
    let flood: Vec<Letter> = (0..12)
        .map(|letter| Letter::from(&format!("eve{letter}@evil.test")).subject("Flood").text(&words(letter)))
        .collect();
    for letter in &flood {
        world.receive(letter).await;
    }
    // Three more make them one thread, words and all.
    for part in flood.chunks(4) {
        let cited = part.iter().map(|letter| format!("<{}>", letter.id())).collect::<Vec<_>>().join(" ");
        world.receive(&Letter::from("eve@evil.test").header("References", &cited)).await;
    }
    let draft = world.asked(&thread, "We open at nine.").await;
    world.act(&draft, "approve").await.expect(200);
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    assert!(world.the_answer().await.text().contains("We open at nine."));

    world.no_faults().await;
    // What was tried in vain comes back when its time of being out of sight is over.
    world.advance(200).await;
    eventually("the flood to be found", async || {
        let list = world.owner.get("/v1/threads?q=zz11w450").await.expect(200);
        (!array(&list["data"]).is_empty()).then_some(())
    })
    .await;
    let list = eventually("the thread to be found", async || {
        let list = world.owner.get("/v1/threads?q=anvils").await.expect(200);
        (!array(&list["data"]).is_empty()).then_some(list)
    })
    .await;
    assert_eq!(id(&list["data"][0]), id(&thread));
}
