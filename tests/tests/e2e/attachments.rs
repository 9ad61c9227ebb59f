//! Files that go out: as they were approved, byte by byte, or not at all.

use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, Sent, World, eventually, smtp,
    world::{array, id},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail_parser::MimeHeaders as _;
use serde_json::{Value, json};

/// Every byte there is, and line ends of every kind: nothing on the way may read it as text.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from((i * 7 + i / 256) % 256).unwrap()).collect()
}

/// Announces a file.
async fn announce(world: &World, filename: &str, size_bytes: usize) -> Value {
    let wanted = json!({"filename": filename, "content_type": "application/pdf", "size_bytes": size_bytes});
    world.key("agent").await.post("/v1/uploads", wanted).await.expect(201)
}

/// Puts bytes where the announcement says, as it says.
async fn put(upload: &Value, content: Vec<u8>) -> u16 {
    let mut request = reqwest::Client::new().put(upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap() {
        // The client counts by itself.
        if name != "content-length" {
            request = request.header(name, value.as_str().unwrap());
        }
    }
    request.body(content).send().await.unwrap().status().as_u16()
}

async fn fetch(signed: &Value) -> Vec<u8> {
    reqwest::get(signed["url"].as_str().unwrap()).await.unwrap().bytes().await.unwrap().to_vec()
}

/// Name, type and content of every file of a mail that left.
fn files(sent: &Sent) -> Vec<(String, String, Vec<u8>)> {
    sent.message()
        .attachments()
        .map(|part| {
            let kind =
                part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
            (part.attachment_name().unwrap_or_default().to_owned(), kind.unwrap_or_default(), part.contents().to_vec())
        })
        .collect()
}

#[tokio::test]
async fn what_was_approved_is_what_leaves() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let (large, small) = (bytes(300_000), bytes(512));
    let upload = announce(&world, "Angebot für Ada.pdf", large.len()).await;
    assert!(upload["url_expires_at"].as_str() < upload["expires_at"].as_str());
    assert_eq!(put(&upload, large.clone()).await, 200);
    let mut proposal = world.proposal(&thread, "See the files.");
    proposal["attachments"] = json!([
        {"upload_id": upload["upload_id"]},
        {"filename": "setup.exe", "content_type": "application/octet-stream", "content_base64": STANDARD.encode(&small)},
    ]);
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    let shown = json!([
        {"id": "0", "filename": "Angebot für Ada.pdf", "content_type": "application/pdf", "size_bytes": 300_000,
            "content_id": null, "inline": false},
        {"id": "1", "filename": "setup.exe", "content_type": "application/octet-stream", "size_bytes": 512,
            "content_id": null, "inline": false},
    ]);
    assert_eq!(draft["attachments"], shown);

    // The approver is told what goes along, in the mail and on the page.
    let mail = world.approval_mail("See the files.").await;
    for part in [mail.text(), mail.html()] {
        assert!(part.contains("Angebot für Ada.pdf (application/pdf, 293 KB)"), "{part}");
        assert!(part.contains("setup.exe") && part.contains("a file that runs when opened"), "{part}");
    }
    let page = world.anyone.get(&mail.approval_path().unwrap()).await;
    assert!(page.text().contains("Angebot für Ada.pdf (application/pdf, 293 KB)"));

    // Whoever changes the upload after that changes nothing.
    assert_eq!(put(&upload, vec![b'!'; large.len()]).await, 200);
    world.act(&draft, "send").await.expect(202);
    let sent = world.until_draft(&draft, "sent").await;
    let mail = world.the_answer().await;
    let expected = [
        ("Angebot für Ada.pdf".to_owned(), "application/pdf".to_owned(), large.clone()),
        ("setup.exe".to_owned(), "application/octet-stream".to_owned(), small.clone()),
    ];
    assert_eq!(files(&mail), expected);

    // The message has them too, and gives them back.
    let path = format!("/v1/messages/{}", sent["sent_message_id"].as_str().unwrap());
    let message = world.owner.get(&path).await.expect(200);
    assert_eq!(message["attachments"], shown);
    for (n, (_, _, content)) in expected.iter().enumerate() {
        let signed = world.owner.get(&format!("{path}/attachments/{n}")).await.expect(200);
        assert_eq!(&fetch(&signed).await, content);
    }
    let raw = world.owner.get(&format!("{path}/raw")).await.expect(200);
    let raw = fetch(&raw).await;
    assert!(raw.len() > large.len() && String::from_utf8_lossy(&raw).contains("multipart/mixed"));
    world.owner.get(&format!("{path}/attachments/2")).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_edit_changes_the_files_and_keeps_the_earlier_ones_as_a_version() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let inline = |name: &str, content: &str| json!([{"filename": name, "content_type": "text/plain", "content_base64": STANDARD.encode(content)}]);
    let mut proposal = world.proposal(&thread, "One file.");
    proposal["attachments"] = inline("one.txt", "one");
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    let path = format!("/v1/drafts/{}", id(&draft));

    let edited = world.owner.patch(&path, json!({"body_text": "Still one."})).await.expect(200);
    assert_eq!((&edited["attachments"], &edited["version"]), (&draft["attachments"], &json!(2)));
    let edited = world.owner.patch(&path, json!({"attachments": inline("two.txt", "two")})).await.expect(200);
    assert_eq!((&edited["attachments"][0]["filename"], &edited["version"]), (&json!("two.txt"), &json!(3)));
    // The same name with other content is another version; the same content is not.
    let same = world.owner.patch(&path, json!({"attachments": inline("two.txt", "two")})).await.expect(200);
    assert_eq!(same["version"], 3);
    let other = world.owner.patch(&path, json!({"attachments": inline("two.txt", "2!!")})).await.expect(200);
    assert_eq!(other["version"], 4);
    let versions = world.owner.get(&format!("{path}/versions")).await.expect(200);
    let names: Vec<_> =
        versions["data"].as_array().unwrap().iter().map(|v| v["attachments"][0]["filename"].clone()).collect();
    assert_eq!(names, ["one.txt", "one.txt", "two.txt"]);
    let emptied = world.owner.patch(&path, json!({"attachments": []})).await.expect(200);
    assert_eq!(emptied["attachments"], json!([]));
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    assert_eq!(files(&world.the_answer().await), []);
}

#[tokio::test]
async fn direct_sends_carry_files_and_history() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let thread = world.begin(&Letter::from(CUSTOMER).text("How much is it?\nBest, Ada")).await;
    let upload = announce(&world, "price.pdf", 64).await;
    assert_eq!(put(&upload, bytes(64)).await, 200);
    let files_of = json!([{"upload_id": upload["upload_id"]}]);
    let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "12 EUR.",
        "attachments": files_of, "quote_history": true});
    let queued = world.owner.post("/v1/emails/reply", reply).await.expect(202);
    world.until_message(&queued["message_id"], &["delivered"]).await;
    let mail = world.the_answer().await;
    assert_eq!(files(&mail), [("price.pdf".to_owned(), "application/pdf".to_owned(), bytes(64))]);
    let text = mail.text();
    let (own, quoted) = text.split_once("\n\nOn ").unwrap();
    assert_eq!(own, "12 EUR.");
    assert!(quoted.contains("Ada Löwe <ada@customer.test> wrote:\n> How much is it?\n> Best, Ada"), "{text}");
    assert!(mail.html().contains("<blockquote"));
    // An upload may be used more than once.
    let email = json!({"identity_id": world.identity["id"], "to": "bob@customer.test", "subject": "Hi", "body_text": "Hi",
        "attachments": files_of});
    let queued = world.owner.post("/v1/emails/send", email).await.expect(202);
    world.until_message(&queued["message_id"], &["delivered"]).await;
    assert_eq!(files(&world.sent_to("bob@customer.test").await[0]).len(), 1);
}

/// The approver is shown all that goes along, and whether it does is part of the version they decide on.
#[tokio::test]
async fn a_draft_carries_the_history_its_approver_saw() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let question = "How much is it?\nBest, Ada\n\n> an older line";
    let thread = world.begin(&Letter::from(CUSTOMER).text(question)).await;
    let mut proposal = world.proposal(&thread, "12 EUR.");
    proposal["quote_history"] = json!(true);
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    let draft_path = format!("/v1/drafts/{}", draft["id"].as_str().unwrap());
    assert_eq!((&draft["quote_history"], &draft["version"]), (&json!(true), &json!(1)));
    let approval = world.approval_mail("12 EUR.").await;
    assert!(approval.text().contains("is quoted below it, whole"), "{}", approval.text());
    let page = world.anyone.get(&world.approval_path("12 EUR.").await).await.text();
    let (_, quoted) = page.split_once("Quoted below it").unwrap();
    assert!(quoted.contains("; an older line") && quoted.contains("Ada Löwe"), "{quoted}");

    // Taken away it is another draft, and put back yet another.
    for (wanted, version) in [(false, 2), (true, 3), (true, 3)] {
        let edited = world.owner.patch(&draft_path, json!({"quote_history": wanted})).await.expect(200);
        assert_eq!((&edited["quote_history"], &edited["version"]), (&json!(wanted), &json!(version)));
    }
    let versions = world.owner.get(&format!("{draft_path}/versions")).await.expect(200);
    let quoted: Vec<_> = array(&versions["data"]).iter().map(|version| version["quote_history"].clone()).collect();
    assert_eq!(quoted, [true, false]);
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    let text = world.the_answer().await.text();
    let (own, history) = text.split_once("\n\nOn ").unwrap();
    assert_eq!(own, "12 EUR.");
    let lines: Vec<&str> = history.lines().map(str::trim_end).collect();
    assert_eq!(lines[1..], ["> How much is it?", "> Best, Ada", ">", ">> an older line"], "{text:?}");

    let cold = json!({"identity_id": thread["identity_id"], "to": "bob@customer.test", "subject": "Hi", "body_text": "Hi",
        "quote_history": true});
    world.owner.post("/v1/drafts", cold).await.refused(422, "validation_error");
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_and_nothing_happens() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let base64 = STANDARD.encode("x");
    let file = |name: &str, kind: &str, content: &str| json!({"filename": name, "content_type": kind, "content_base64": content});
    let missing = announce(&world, "never.pdf", 10).await;
    let cases = [
        (json!([file("../x.pdf", "text/plain", &base64)]), "attachments[0].filename"),
        (json!([file("x\r\nBcc: eve@novacore.test", "text/plain", &base64)]), "attachments[0].filename"),
        (json!([file("x.pdf", "text/plain\r\nX: y", &base64)]), "attachments[0].content_type"),
        (json!([file("x.pdf", "text/plain", "§")]), "attachments[0].content_base64"),
        (json!([file("x.pdf", "text/plain", &base64), {}]), "attachments[1]"),
        (json!([{"upload_id": missing["upload_id"], "filename": "x"}]), "attachments[0]"),
        (json!([{"upload_id": missing["upload_id"]}]), "attachments[0].upload_id"),
        (json!([{"upload": missing["upload_id"]}]), "attachments[0].upload"),
        (json!([file("x.pdf", "text/plain", &STANDARD.encode(vec![0; 4 * 1024 * 1024 + 1]))]), "attachments"),
        (Value::Array(vec![file("x.pdf", "text/plain", &base64); 21]), "attachments"),
    ];
    for (attachments, field) in cases {
        let mut proposal = world.proposal(&thread, "Files.");
        proposal["attachments"] = attachments;
        let refused = world.owner.post("/v1/drafts", proposal).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
    // The bucket takes no other number of bytes, or the use of it is refused.
    let taken = put(&missing, bytes(11)).await;
    let mut proposal = world.proposal(&thread, "Files.");
    proposal["attachments"] = json!([{"upload_id": missing["upload_id"]}]);
    world.owner.post("/v1/drafts", proposal.clone()).await.refused(422, "validation_error");
    assert!([200, 400, 403].contains(&taken), "{taken}");
    // All together at most 25 MB, counted before anything is read.
    let halves = [announce(&world, "a.pdf", 13 << 20).await, announce(&world, "b.pdf", 13 << 20).await];
    proposal["attachments"] = json!([{"upload_id": halves[0]["upload_id"]}, {"upload_id": halves[1]["upload_id"]}]);
    let refused = world.owner.post("/v1/drafts", proposal.clone()).await.refused(422, "validation_error");
    assert_eq!(refused["details"][0]["field"], "attachments");
    // An upload of nobody, and one whose time is over.
    let upload = announce(&world, "late.pdf", 4).await;
    assert_eq!(put(&upload, bytes(4)).await, 200);
    proposal["attachments"] = json!([{"upload_id": world.identity["id"]}]);
    world.owner.post("/v1/drafts", proposal.clone()).await.refused(404, "not_found");
    world.advance(24 * 3_600).await;
    proposal["attachments"] = json!([{"upload_id": upload["upload_id"]}]);
    world.owner.post("/v1/drafts", proposal).await.refused(404, "not_found");
    assert_eq!(world.owner.get("/v1/drafts").await.expect(200)["total"], 0);
    for bad in [
        json!({"size_bytes": 0}),
        json!({"size_bytes": 25 * 1024 * 1024 + 1}),
        json!({"filename": "a/b"}),
        json!({"content_type": "pdf"}),
    ] {
        let mut wanted = json!({"filename": "a.pdf", "content_type": "application/pdf", "size_bytes": 1});
        actionlayer_tests::world::merge(&mut wanted, bad.clone());
        let refused = world.owner.post("/v1/uploads", wanted).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"].as_str(), bad.as_object().unwrap().keys().next().map(String::as_str));
    }
    world
        .key("read")
        .await
        .post("/v1/uploads", json!({"filename": "a.pdf", "content_type": "application/pdf", "size_bytes": 1}))
        .await
        .refused(403, "forbidden");
    assert!(world.sent_to(CUSTOMER).await.is_empty() && world.sent_to(APPROVER).await.is_empty());
}

#[tokio::test]
async fn files_that_came_are_given_back_as_they_were() {
    let world = World::start().await;
    let content = bytes(70_000);
    let mut lines = String::new();
    for chunk in STANDARD.encode(&content).as_bytes().chunks(76) {
        lines.push_str(std::str::from_utf8(chunk).unwrap());
        lines.push_str("\r\n");
    }
    let sent = format!(
        "From: <{CUSTOMER}>\r\nTo: <{}>\r\nSubject: A picture\r\nMessage-ID: <picture@customer.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n--b\r\n\
         Content-Type: image/png; name=\"../../ue.png\"\r\nContent-Disposition: attachment\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{lines}--b--\r\n",
        world.address()
    );
    smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], sent.as_bytes()).await.expect("the mail is taken");
    let thread = eventually("the thread", async || world.threads().await.into_iter().next()).await;
    let message = &thread["messages"][0];
    assert_eq!(message["attachments"][0]["size_bytes"], 70_000);
    assert!(!message["attachments"][0]["filename"].as_str().unwrap().contains('/'));
    let path = format!("/v1/messages/{}", id(message));
    let file = world.owner.get(&format!("{path}/attachments/0")).await.expect(200);
    assert_eq!(fetch(&file).await, content);
    let raw = world.owner.get(&format!("{path}/raw")).await.expect(200);
    let raw = fetch(&raw).await;
    assert!(raw.ends_with(sent.as_bytes()), "the mail as it came, under the headers that SES put on top");
}
