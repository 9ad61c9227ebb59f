//! Every mail in `events/mail/<theme>/` is sent by SMTP, each to an identity of its own, and its thread shows it as
//! `<case>.json` beside it says. `UPDATE_GOLDEN=1 cargo test -p actionlayer-tests --test e2e -- mail_themes::` rewrites
//! these; read the diff.

use std::{
    fs,
    path::{Path, PathBuf},
};

use actionlayer_tests::{World, eventually, smtp::Conversation, world::array};
use serde_json::{Map, Value, json};

/// What is another each time, or says nothing about the mail.
const NOT_COMPARED: [&str; 11] = [
    "id",
    "thread_id",
    "identity_id",
    "direction",
    "bcc",
    "draft_id",
    "delivery_status",
    "failure",
    "received_at",
    "sent_at",
    "created_at",
];

#[tokio::test]
async fn every_theme_comes_back_as_it_was_written() {
    let world = World::start().await;
    let cases = cases();
    assert!(cases.len() > 70, "the mails are there");
    // The domain that `hostile/lookalike` wants to be taken for.
    let domain = world.new_domain("ai.example.com").await;
    let mut conversation = Conversation::open(world.engine.smtp).await;
    let mut sent = Vec::new();
    for case in &cases {
        let name = name_of(case);
        let identity = world.new_identity(&name, json!({"domain_id": domain["id"]})).await;
        let address = identity["email_address"].as_str().unwrap();
        let raw = with_crlf(&fs::read(case).unwrap());
        conversation.mail("bounce@customer.example", &[address], &raw).await.expect(&name);
        sent.push((case, identity));
    }
    let mut wrong = Vec::new();
    for (case, identity) in sent {
        let found = shown(&world, &identity).await;
        let golden = case.with_extension("json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, format!("{}\n", serde_json::to_string_pretty(&found).unwrap())).unwrap();
        }
        let expected: Value =
            fs::read_to_string(&golden).ok().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        for (field, found) in &found {
            if expected.get(field) != Some(found) {
                wrong.push(format!("{}: {field} is {found}, not {}", name_of(case), expected[field]));
            }
        }
        if expected.as_object().is_none_or(|expected| expected.len() != found.len()) {
            wrong.push(format!("{}: not the fields that {} has", name_of(case), golden.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// More names, ids and files than a stored message may hold: it arrives all the same, and says that there is more.
#[tokio::test]
async fn a_mail_that_says_too_much_about_itself_arrives() {
    let world = World::start().await;
    let many = |name: &str| {
        let entries = (0..70).map(|n| format!("<{n}{}@long.example>", "x".repeat(800))).collect::<Vec<_>>();
        format!("{name}: {}\r\n", entries.join(",\r\n "))
    };
    let lists: String = ["To", "Cc", "References", "In-Reply-To"].into_iter().map(many).collect();
    let long = "f".repeat(190);
    let file = |n| format!("--b\r\nContent-Type: image/png; name={long}\r\nContent-ID: <{n}{long}@b>\r\n\r\nx\r\n");
    let files = (0..900).map(file).collect::<Vec<_>>().concat();
    let raw = format!(
        "From: Ada <ada@customer.test>\r\nSubject: {}\r\n{lists}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello.\r\n{files}--b--\r\n",
        "word ".repeat(4_000),
    );
    let mut conversation = Conversation::open(world.engine.smtp).await;
    conversation.mail("ada@customer.test", &[world.address()], raw.as_bytes()).await.expect("it is taken");
    let message = shown(&world, &world.identity).await;
    assert_eq!((&message["parse_limited"], &message["extracted_text"]), (&json!(true), &json!("Hello.")));
    assert!(array(&message["to"]).len() > 50 && array(&message["attachments"]).len() > 100);
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/mail");
    let themes = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut found: Vec<_> =
        themes.flat_map(|theme| fs::read_dir(theme).unwrap()).map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    found.sort();
    found
}

/// `<theme>-<case>`, also the local part of its identity.
fn name_of(case: &Path) -> String {
    let part = |path: Option<&Path>| path.and_then(Path::file_stem).unwrap().to_str().unwrap().to_owned();
    format!("{}-{}", part(case.parent()), part(Some(case)))
}

/// As SMTP carries it.
fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 20);
    for byte in raw {
        if *byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// The one message of the one thread of an identity, as the thread shows it.
async fn shown(world: &World, identity: &Value) -> Map<String, Value> {
    let list = format!("/v1/threads?identity_id={}", identity["id"].as_str().unwrap());
    let thread = eventually("the thread", async || {
        let list = world.owner.get(&list).await.expect(200);
        assert!(array(&list["data"]).len() < 2, "one mail, one thread: {list}");
        Some(world.thread(array(&list["data"]).first()?).await)
    })
    .await;
    let [message] = array(&thread["messages"]) else { panic!("one mail, one message: {thread}") };
    assert_eq!(message["direction"], "inbound");
    let mut message = message.as_object().unwrap().clone();
    // What nobody wrote needs nobody's review, but what a group passes on for a person does.
    if thread["needs_review"] == message["is_automated"] {
        message.insert("needs_review".to_owned(), thread["needs_review"].clone());
    }
    message.retain(|field, _| !NOT_COMPARED.contains(&field.as_str()));
    message
}
