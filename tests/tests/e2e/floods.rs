//! What a stranger sends a lot of, and who must not notice.

use actionlayer_tests::{
    CUSTOMER, Letter, World, eventually,
    world::{array, id},
};

/// Words that nobody else uses, all beginning alike.
fn words(letter: usize) -> String {
    (0..500).map(|word| format!("zz{letter:02}w{word:03}")).collect::<Vec<_>>().join(" ")
}

/// As many letters as it takes, twice: words are counted by chance.
const LETTERS: usize = 80;

/// Of a sender who writes very much, subjects and people are still found, and all of what others write.
#[tokio::test]
async fn the_words_of_one_sender_in_a_day_have_a_limit() {
    let world = World::start().await;
    for letter in 0..LETTERS {
        world.receive(&Letter::from("eve@evil.test").subject(&format!("Flood {letter}")).text(&words(letter))).await;
    }
    world.come_to_rest().await;
    let last = world.begin(&Letter::from("eve@evil.test").subject("Floodgate").text("yyunheardof")).await;
    let other = world.begin(&Letter::from(CUSTOMER).subject("Anvils").text("yyunheardof")).await;
    let found = async |query: &str| {
        let list = world.owner.get(&format!("/v1/threads?q={query}")).await.expect(200);
        array(&list["data"]).iter().map(|thread| thread["id"].clone()).collect::<Vec<_>>()
    };
    eventually("both to be found", async || {
        let both = (found("floodgate").await, found("anvils").await);
        (both == (vec![last["id"].clone()], vec![other["id"].clone()])).then_some(())
    })
    .await;
    assert_eq!(found(&format!("zz{:02}w450", LETTERS - 1)).await, Vec::<serde_json::Value>::new());
    assert_eq!(found("zz00w450").await.len(), 1);
    assert!(found("yyunheardof").await.contains(&other["id"]));
    let limited = |thread: serde_json::Value| thread["messages"][0]["search_limited"].clone();
    let of_flood = async |subject: &str| {
        let thread = found(subject).await.remove(0);
        limited(world.owner.get(&format!("/v1/threads/{}", thread.as_str().unwrap())).await.expect(200))
    };
    assert_eq!(of_flood(&format!("flood%20{}", LETTERS - 1)).await, true);
    assert_eq!(limited(world.thread(&other).await), false);
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
