//! What cannot be taken is refused in one form, named, and changes nothing.

use actionlayer_tests::{
    Answer, Api, CUSTOMER, Letter, World,
    smtp::{self, Refusal},
    world::{array, id, merge, step},
};
use reqwest::Method;
use serde_json::{Value, json};

const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

/// Whether the refusal names this field.
#[track_caller]
fn names(answer: &Answer, field: &str) {
    let envelope = answer.refused(422, "validation_error");
    let details = array(&envelope["details"]);
    let named = details
        .iter()
        .any(|d| d["field"].as_str().unwrap().starts_with(field) || d["message"].as_str().unwrap().contains(field));
    assert!(named, "{field}: {envelope}");
}

/// Everything there is, to see that nothing changed.
async fn everything(world: &World) -> Vec<Value> {
    let mut all = Vec::new();
    for path in ["/v1/workspace", "/v1/domains", "/v1/identities", "/v1/threads", "/v1/drafts", "/v1/inbound/pending"] {
        all.push(world.owner.get(path).await.expect(200));
    }
    let keys = world.owner.get("/v1/api-keys").await.expect(200);
    all.push(keys["total"].clone());
    all.push(json!(world.outbox().await.len()));
    all
}

#[tokio::test]
async fn a_bad_body_is_refused_at_every_step() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "untouched").await;
    let before = everything(&world).await;

    let identity = format!("/v1/identities/{}", id(&world.identity));
    let of_draft = format!("/v1/drafts/{}", id(&draft));
    let of_thread = format!("/v1/threads/{}", id(&thread));
    let bodies: [(Method, &str); 13] = [
        (Method::POST, "/v1/auth/bootstrap"),
        (Method::POST, "/v1/api-keys"),
        (Method::PATCH, "/v1/workspace"),
        (Method::POST, "/v1/domains"),
        (Method::POST, "/v1/identities"),
        (Method::PATCH, &identity),
        (Method::PATCH, &of_thread),
        (Method::POST, "/v1/drafts"),
        (Method::PATCH, &of_draft),
        (Method::POST, &step(&draft, "approve")),
        (Method::POST, &step(&draft, "reject")),
        (Method::POST, "/v1/emails/send"),
        (Method::POST, "/v1/emails/reply"),
    ];
    for (method, path) in bodies {
        let send = async |kind: &str, body: &[u8]| {
            world.owner.ask(method.clone(), path, &[("content-type", kind)], body.to_vec()).await
        };
        for malformed in ["{", "{\"", "{,}", "nothing", "{} {}", "{'a': 1}"] {
            send("application/json", malformed.as_bytes()).await.refused(400, "invalid_json");
        }
        send("application/json", b"{\"name\": \"\xff\xfe\"}").await.refused(400, "invalid_json");
        for no_object in ["[]", "null", "\"text\"", "1"] {
            send("application/json", no_object.as_bytes()).await.refused(422, "validation_error");
        }
        names(&send("application/json", b"{\"not_a_field\": 1}").await, "not_a_field");
        for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded"] {
            send(kind, b"{}").await.refused(415, "unsupported_media_type");
        }
        let oversized = format!("{{\"name\": \"{}\"}}", "x".repeat(6 * 1024 * 1024));
        send("application/json", oversized.as_bytes()).await.refused(413, "payload_too_large");
        names(&world.owner.json(method.clone(), &format!("{path}?verbose=1"), json!({})).await, "verbose");
    }
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn a_bad_field_is_named() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "untouched").await;
    let with = |mut good: Value, bad: Value| {
        merge(&mut good, bad);
        good
    };
    let proposal = world.proposal(&thread, "words");
    let many: Vec<_> = (0..60).map(|n| format!("r{n}@customer.test")).collect();
    for (field, bad) in [
        ("thread_id", json!({"thread_id": "12"})),
        ("body_text", json!({"body_text": null})),
        ("body_text", json!({"body_text": "  \n "})),
        ("body_text", json!({"body_text": 7})),
        ("body_text", json!({"body_text": "a\u{0}b"})),
        ("body_text", json!({"body_text": "x".repeat(1024 * 1024 + 1)})),
        ("subject_override", json!({"subject_override": "Hello\r\nBcc: everyone@customer.test"})),
        ("subject_override", json!({"subject_override": "Hello\nthere"})),
        ("subject_override", json!({"subject_override": "x".repeat(999)})),
        ("cc", json!({"cc": ["nobody"]})),
        ("cc", json!({"cc": ["a@customer.test\r\nBcc: b@customer.test"]})),
        ("bcc", json!({"bcc": [CUSTOMER, "@"]})),
        ("cc", json!({"cc": many})),
        ("metadata", json!({"metadata": {"a": "x".repeat(8 * 1024)}})),
        ("metadata", json!({"metadata": [1]})),
        ("rationale", json!({"rationale": "x".repeat(5_000)})),
        ("based_on_message_id", json!({"based_on_message_id": NOBODY})),
        ("based_on_message_id", json!({"based_on_message_id": thread["id"]})),
    ] {
        names(&world.owner.post("/v1/drafts", with(proposal.clone(), bad)).await, field);
    }
    let path = format!("/v1/drafts/{}", id(&draft));
    for (field, bad) in [
        ("body_text", json!({"body_text": null})),
        ("subject_override", json!({"subject_override": "a\r\nb"})),
        ("cc", json!({"cc": ["nobody"]})),
        ("version", json!({"version": -1})),
    ] {
        names(&world.owner.patch(&path, bad).await, field);
    }
    names(&world.owner.post(&step(&draft, "reject"), json!({"reason": "x".repeat(5_000)})).await, "reason");

    let email = json!({"identity_id": world.identity["id"], "to": CUSTOMER, "subject": "Hi", "body_text": "Hi"});
    for (field, bad) in [
        ("to", json!({"to": []})),
        ("to", json!({"to": ["Ada <ada@customer.test>, bob@customer.test"]})),
        ("subject", json!({"subject": "Hi\r\nX-Injected: 1"})),
        ("subject", json!({"subject": null})),
        ("body_text", json!({"body_text": ""})),
        ("identity_id", json!({"identity_id": "mia"})),
        // Attachments are uploaded; what is not understood is never dropped.
        ("attachments", json!({"attachments": [{"filename": "a.txt", "content_base64": "%%%"}]})),
    ] {
        names(&world.owner.post("/v1/emails/send", with(email.clone(), bad)).await, field);
    }
    let identity = json!({"domain_id": world.domain["id"], "local_part": "max", "display_name": "Max"});
    for (field, bad) in [
        ("local_part", json!({"local_part": "Max Power"})),
        ("display_name", json!({"display_name": "Max\r\nBcc: a@b.test"})),
        ("thread_history_depth", json!({"thread_history_depth": 21})),
        ("reply_to_email", json!({"reply_to_email": "nobody"})),
        ("approval_channel", json!({"approval_channel": {"type": "pigeon"}})),
        ("approval_channel", json!({"approval_channel": {"type": "email", "to": []}})),
    ] {
        names(&world.owner.post("/v1/identities", with(identity.clone(), bad)).await, field);
    }
    for domain in ["", "no dots", "a..b", "-a.test", "a.test/path", "ä.test\r\n"] {
        names(&world.owner.post("/v1/domains", json!({"domain": domain})).await, "domain");
    }
    names(&world.owner.post("/v1/api-keys", json!({"name": "x", "role": "god"})).await, "role");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("offset=1001", "offset"),
        ("cursor=nonsense", "cursor"),
        ("status=lost", "status"),
        ("needs_review=maybe", "needs_review"),
        ("identity_id=1", "identity_id"),
        ("needs_review=true&needs_review=false", "needs_review"),
        ("colour=red", "colour"),
    ] {
        names(&world.owner.get(&format!("/v1/threads?{query}")).await, field);
    }
    names(&world.owner.get(&format!("/v1/threads/{}?depth=21", id(&thread))).await, "depth");
    assert_eq!(world.owner.get("/v1/drafts").await.expect(200)["total"], 1);
    assert_eq!(world.reread(&draft).await["version"], 1);
    world.come_to_rest().await;
    assert!(world.sent_to(CUSTOMER).await.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_a_wrong_method_names_the_right_ones() {
    let world = World::start().await;
    for path in ["threads", "drafts", "messages", "identities", "domains"] {
        for id in [NOBODY, "1", "%20", "..%2f..%2fetc", "null", "%ff"] {
            world.owner.get(&format!("/v1/{path}/{id}")).await.refused(404, "not_found");
        }
    }
    for action in ["approve", "reject", "send", "notify"] {
        world.owner.post_empty(&format!("/v1/drafts/{NOBODY}/{action}")).await.refused(404, "not_found");
    }
    for path in
        ["/v1", "/v1/", "/v2/threads", "/v1/Threads", "/v1/threads/", "/v1/drafts/a/b/c", "/favicon.ico", "/v1/webhook"]
    {
        for caller in [&world.owner, &world.anyone] {
            caller.get(path).await.refused(404, "not_found");
        }
    }
    for (method, path, allowed) in [
        (Method::DELETE, "/v1/threads", "GET"),
        (Method::PUT, "/v1/drafts", "POST"),
        (Method::GET, "/v1/emails/send", "POST"),
        (Method::POST, "/v1/workspace", "PATCH"),
        (Method::GET, "/v1/auth/bootstrap", "POST"),
    ] {
        let answer = world.owner.ask(method.clone(), path, &[], Vec::new()).await;
        answer.refused(405, "method_not_allowed");
        assert!(answer.header("allow").contains(allowed), "{method} {path}: {}", answer.header("allow"));
    }
    for path in ["/local/nothing", "/local/outbox/nothing/raw"] {
        let answer = world.anyone.get(path).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (404, Some("not_found")));
    }
    // A request id is given, never taken.
    let answer = world.owner.ask(Method::GET, "/v1/workspace", &[("x-request-id", "mine")], Vec::new()).await;
    assert!(!["", "mine"].contains(&answer.header("x-request-id")));
}

#[tokio::test]
async fn a_bad_key_is_nobody() {
    let world = World::start().await;
    let good = world.owner.key().to_owned();
    let flipped = if good.ends_with('A') {
        format!("{}B", &good[..good.len() - 1])
    } else {
        format!("{}A", &good[..good.len() - 1])
    };
    for bad in ["nc_live_", "x", &flipped, &good[..good.len() - 1], &format!("{good}A"), &good.to_uppercase()] {
        world.anyone.with_key(bad).get("/v1/threads").await.refused(401, "unauthorized");
    }
    for header in [format!("Basic {good}"), good.clone(), format!("Bearer {good}, Bearer {good}"), "Bearer".to_owned()]
    {
        let answer = world.anyone.ask(Method::GET, "/v1/threads", &[("authorization", &header)], Vec::new()).await;
        answer.refused(401, "unauthorized");
    }
    // Whoever has no key learns nothing from what is wrong with the rest.
    let answer = world.anyone.ask(Method::POST, "/v1/drafts", &[("content-type", "text/plain")], b"{".to_vec()).await;
    answer.refused(401, "unauthorized");
    let lower: Api = world.anyone.clone();
    let answer =
        lower.ask(Method::GET, "/v1/workspace", &[("authorization", &format!("bearer {good}"))], Vec::new()).await;
    answer.expect(200);
}

#[tokio::test]
async fn smtp_says_no_by_the_book_and_goes_on() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER);
    let raw = letter.bytes(world.address());
    let mut open = smtp::Conversation::open(world.engine.smtp).await;
    let code = |answer: Result<String, Refusal>| match answer {
        Ok(line) | Err(Refusal(line)) => line[..3].to_owned(),
    };
    assert_eq!(code(open.command("DATA").await), "503");
    assert_eq!(code(open.command("RCPT TO:<mia@ai.novacore.test>").await), "503");
    assert_eq!(code(open.command("MAIL FROM:<ada@customer.test>").await), "250");
    assert_eq!(code(open.command("RCPT TO:<mia@elsewhere.test>").await), "550");
    assert_eq!(code(open.command("RCPT TO:nonsense").await).chars().next(), Some('5'));
    assert_eq!(code(open.command("DATA").await), "554");
    assert_eq!(code(open.command("WHAT IS THIS").await), "500");
    assert_eq!(code(open.command("RSET").await), "250");
    assert_eq!(code(open.command("MAIL FROM:<ada@customer.test> SIZE=999999999").await), "552");
    // The same conversation still takes a mail.
    open.mail(CUSTOMER, &[world.address()], &raw).await.unwrap();
    drop(open);

    // A mailbox that nobody has at a domain of ours: SES takes it, and it goes nowhere.
    smtp::send(world.engine.smtp, CUSTOMER, &["nobody@ai.novacore.test"], &raw).await.unwrap();
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    assert_eq!(thread["messages_total"], 1);
    world.come_to_rest().await;
    let ours = world.threads().await.into_iter().filter(|thread| thread["contact"]["email"] == CUSTOMER).count();
    assert_eq!(ours, 2);
}

#[tokio::test]
async fn mail_that_is_hardly_mail_is_kept() {
    let world = World::start().await;
    let broken: [&[u8]; 6] = [
        b"\r\n",
        b"no header at all",
        b"Subject: half\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%not base64%%%",
        b"From: <ada@customer.test>\r\nSubject: =?nonsense?Q?=FF?=\r\n\r\n\xff\xfe\x00\x80",
        b"From: \xff <ada@customer.test>\r\nTo: \xc3\x28\r\nSubject: \xe4\xf6\xfc\r\nContent-Type: text/plain; charset=latin1\r\n\r\n\xe4\xf6\xfc",
        b"From: <ada@customer.test>\r\nContent-Type: multipart/mixed\r\nContent-Type: text/html\r\n\r\n<p>twice",
    ];
    for raw in broken {
        smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], raw).await.unwrap();
    }
    actionlayer_tests::eventually("all of them", async || {
        let total = world.owner.get("/v1/threads").await.expect(200)["total"].as_u64().unwrap();
        (total == 6).then_some(())
    })
    .await;
    for thread in world.threads().await {
        let signed = world.owner.get(&format!("/v1/messages/{}/raw", id(&thread["messages"][0]))).await.expect(200);
        assert_eq!(world.anyone.get(signed["url"].as_str().unwrap()).await.status, 200);
    }
}
