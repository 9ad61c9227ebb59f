//! Conversations whose mails arrive in any order, several at once: the threads come out the same.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_tests::{CUSTOMER, Letter, World, eventually, world::array};

/// A conversation: for each mail, which earlier ones it cites, the one it answers last.
type Conversation = &'static [&'static [usize]];

const CONVERSATIONS: [(Conversation, usize); 4] = [
    // Each answers the one before and cites no more than that.
    (&[&[], &[0], &[1], &[2], &[3]], 1),
    // Two that have nothing to do with each other until somebody answers both.
    (&[&[], &[0], &[], &[2], &[1, 3]], 1),
    // Three, joined by two mails that do not cite each other.
    (&[&[], &[], &[], &[0, 1], &[1, 2]], 1),
    // Two that stay apart.
    (&[&[], &[0], &[], &[2]], 2),
];
const ROUNDS: usize = 8;

fn letters(conversation: Conversation) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for cites in conversation {
        let mut letter = Letter::from(CUSTOMER);
        let ids: Vec<String> = cites.iter().map(|cited| format!("<{}>", letters[*cited].id())).collect();
        if let Some(answered) = cites.last() {
            letter = letter.in_reply_to(letters[*answered].id()).header("References", &ids.join(" "));
        }
        letters.push(letter);
    }
    letters
}

/// A shuffle that is another one for every seed and the same one for the same seed (xorshift64).
fn shuffled(mut letters: Vec<Letter>, seed: u64) -> Vec<Letter> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for i in (1..letters.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        letters.swap(i, usize::try_from(state % (i as u64 + 1)).unwrap());
    }
    letters
}

#[tokio::test]
async fn every_order_gives_the_same_threads() {
    let world = World::start().await;
    let (mut conversations, mut mails, mut threads) = (Vec::new(), 0, 0);
    for seed in 0..ROUNDS as u64 {
        for (conversation, expected) in CONVERSATIONS {
            let letters = letters(conversation);
            // Not waited for: the mails of a conversation are received while the next ones come in.
            for letter in shuffled(letters.clone(), seed + 1) {
                world.receive(&letter).await;
            }
            mails += letters.len();
            threads += expected;
            conversations.push((letters, expected));
            eventually("all the mail", async || {
                let list = world.owner.get("/v1/threads?limit=100").await.expect(200);
                let received: u64 = array(&list["data"]).iter().map(|t| t["message_count"].as_u64().unwrap()).sum();
                (received == mails as u64).then_some(())
            })
            .await;
        }
    }
    let mut thread_of: BTreeMap<String, String> = BTreeMap::new();
    let listed = world.threads().await;
    assert_eq!(listed.len(), threads, "threads in the list");
    for thread in &listed {
        assert_eq!(thread["messages_total"], array(&thread["messages"]).len(), "all messages are shown");
        for message in array(&thread["messages"]) {
            let before = thread_of.insert(
                message["message_id_header"].as_str().unwrap().to_owned(),
                thread["id"].as_str().unwrap().to_owned(),
            );
            assert_eq!(before, None, "a message is in two threads");
            // The id a message was stored under leads to the thread that shows it.
            let path = format!("/v1/threads/{}", message["thread_id"].as_str().unwrap());
            assert_eq!(world.owner.get(&path).await.expect(200)["id"], thread["id"]);
        }
    }
    for (seed, (letters, expected)) in conversations.iter().enumerate() {
        let found: BTreeSet<&String> = letters.iter().map(|letter| &thread_of[letter.id()]).collect();
        assert_eq!(found.len(), *expected, "conversation {} in round {}", seed % 4, seed / 4);
    }
}
