//! Mail as people and their programs really send it, through SMTP and the API: nothing is lost, nobody is left without an
//! answer, and an answer leaves as they can read it. How such mails are read is in `events/mail` and `mail_themes`.

use actionlayer_tests::{
    CUSTOMER, Letter, World, eventually, smtp,
    world::{array, id},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

/// Sends a mail as it stands, with CRLF, and waits for the thread in which it is.
async fn arrive(world: &World, to: &str, raw: &str) -> Value {
    let marker = raw.rsplit("\n\n").next().unwrap().trim().to_owned();
    smtp::send(world.engine.smtp, "someone@customer.test", &[to], raw.replace('\n', "\r\n").as_bytes())
        .await
        .expect("it is taken");
    eventually("the mail", async || {
        let holds = |thread: &Value| {
            array(&thread["messages"]).iter().any(|m| m["body_text"].as_str().unwrap_or_default().trim() == marker)
        };
        world.threads().await.into_iter().find(holds)
    })
    .await
}

fn mail(headers: &str, text: &str) -> String {
    format!("{headers}\nDate: Thu, 7 May 2026 09:00:00 +0200\n\n{text}\n")
}

#[tokio::test]
async fn a_mailbox_named_with_a_detail() {
    let world = World::start().await;
    let (local, domain) = world.address().split_once('@').unwrap();
    let detailed = format!("{local}+chair-17@{domain}");
    let raw =
        mail(&format!("From: Rosa <rosa@customer.test>\nTo: {detailed}\nMessage-ID: <d1@customer.test>"), "It came.");
    let thread = arrive(&world, &detailed, &raw).await;
    assert_eq!(thread["identity_id"], world.identity["id"]);
    assert_eq!(thread["messages"][0]["to"][0], detailed.as_str());
    eventually("the search to find it", async || {
        let found = world.owner.get("/v1/threads?q=chair-17").await.expect(200);
        (found["total"] == 1).then_some(())
    })
    .await;
    // What a blind copy was addressed to is not lost either.
    let blind = format!("{local}+lamp-3@{domain}");
    let raw = mail(
        "From: Rosa <rosa@customer.test>\nTo: all@customer.test\nMessage-ID: <d3@customer.test>",
        "To all of you.",
    );
    let thread = arrive(&world, &blind, &raw).await;
    assert_eq!(thread["messages"][0]["bcc"], json!([blind]));
    // Twice in one envelope, it is one mail; and an identity of that very name comes first.
    let special = world.new_identity(&format!("{local}+vip"), json!({})).await;
    let other = format!("{local}+sofa@{domain}");
    let special_address = special["email_address"].as_str().unwrap();
    let raw =
        mail("From: Rosa <rosa@customer.test>\nMessage-ID: <d2@customer.test>", "Two of them.").replace('\n', "\r\n");
    smtp::send(world.engine.smtp, "rosa@customer.test", &[&detailed, &other, special_address], raw.as_bytes())
        .await
        .expect("it is taken");
    let of = async |identity: &Value| {
        let list = world.owner.get(&format!("/v1/threads?identity_id={}", id(identity))).await.expect(200);
        list["total"].as_u64().unwrap()
    };
    eventually("both", async || (of(&special).await == 1 && of(&world.identity).await == 3).then_some(())).await;
}

#[tokio::test]
async fn two_alarms_are_two() {
    let world = World::start().await;
    let alarm = format!("From: Door 4 <door@sensor.test>\nTo: {}\nSubject: Door 4\n\nOPENED\n", world.address());
    for count in 1..3 {
        let raw = alarm.replace('\n', "\r\n");
        smtp::send(world.engine.smtp, "door@sensor.test", &[world.address()], raw.as_bytes()).await.expect("taken");
        eventually("the alarm", async || {
            let list = world.owner.get("/v1/threads").await.expect(200);
            (list["total"] == count).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn whom_an_answer_goes_to_and_under_which_subject() {
    let world = World::start().await;
    let own = world.address().to_owned();
    for (number, (headers, to, subject)) in [
        (format!("From: Rosa <rosa@a.test>\nReply-To: <{own}>\nSubject: AW: Re: Chairs"), "rosa@a.test", "Re: Chairs"),
        (format!("From: Site <{own}>\nReply-To: Visitor <visitor@b.test>\nSubject: Form"), "visitor@b.test", "Re: Form"),
        ("From: \"'ida@c.test'\" <'ida@c.test'>\nSubject: SV: Stol".to_owned(), "ida@c.test", "Re: Stol"),
        ("From: Jörg <jörg.k@x.test>, <info@käse.example>\nSubject: Re[2]: x".to_owned(), "", ""),
        ("From: Info <info@käse.example>\nSubject: x".to_owned(), "info@xn--kse-qla.example", "Re: x"),
        (
            "From: \"'Rosa' via Desk\" <desk@d.test>\nReply-To: Rosa <rosa@d.test>\nList-Id: <desk.d.test>\nPrecedence: \
             list\nX-Original-From: Rosa <rosa@d.test>\nSubject: y"
                .to_owned(),
            "rosa@d.test",
            "Re: y",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let raw = mail(&format!("{headers}\nTo: {own}\nMessage-ID: <w{number}.{}>", "no-at-sign"), &format!("Text {number}."));
        let thread = arrive(&world, &own, &raw).await;
        assert_eq!(thread["needs_review"], true, "{headers}");
        if to.is_empty() {
            continue;
        }
        let draft = world.submit(&thread, "An answer.").await;
        assert_eq!((&draft["to"], draft["subject"].as_str()), (&json!([to]), Some(subject)), "{headers}");
        if number == 1 {
            assert_eq!(thread["contact"]["email"], to, "the visitor is the person of the thread");
        }
    }
    // Both spellings of a domain are one contact.
    let made = world.owner.post("/v1/contacts", json!({"email": "shop@bäcker.example"})).await.expect(201);
    assert_eq!(made["email"], "shop@xn--bcker-gra.example");
    world.owner.post("/v1/contacts", json!({"email": "shop@xn--bcker-gra.example"})).await.refused(409, "conflict");
    let found = world.owner.get("/v1/threads?contact=info%40k%C3%A4se.example").await.expect(200);
    assert_eq!(found["total"], 1);
}

#[tokio::test]
async fn an_answer_leaves_as_it_can_be_read() {
    let world = World::start().await;
    let raw = mail(
        &format!("From: Rosa <{CUSTOMER}>\nTo: {}\nSubject: Old\nMessage-ID: <20260507.0900>", world.address()),
        "Please send all.",
    );
    let thread = arrive(&world, world.address(), &raw).await;
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:7@x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let mut proposal = world.proposal(&thread, "Here you are.");
    proposal["attachments"] = json!([
        {"filename": "list.txt", "content_type": "text/plain", "content_base64": BASE64.encode("Stühle\n")},
        {"filename": "call.ics", "content_type": "text/calendar", "content_base64": BASE64.encode(calendar)},
        {"filename": "old.csv", "content_type": "text/csv; charset=iso-8859-1", "content_base64": BASE64.encode(b"K\xf6ln")},
    ]);
    let draft = world.owner.post("/v1/drafts", proposal.clone()).await.expect(201);
    proposal["attachments"][0]["content_type"] = json!("text/plain; name=x");
    world.owner.post("/v1/drafts", proposal).await.refused(422, "validation_error");
    world.act(&draft, "approve").await.expect(200);
    world.act(&world.reread(&draft).await, "send").await.expect(202);
    let sent = world.the_answer().await;
    assert_eq!(sent.header("In-Reply-To").as_deref(), Some("<20260507.0900>"));
    assert!(sent.header("References").unwrap().ends_with("<20260507.0900>"));
    let raw = String::from_utf8_lossy(&sent.raw).replace("\r\n\t", " ").replace("\r\n ", " ").to_lowercase();
    for type_of_part in [
        "text/plain; charset=\"utf-8\"",
        "method=\"request\"",
        "text/calendar; charset=\"utf-8\"",
        "charset=\"iso-8859-1\"",
    ] {
        assert!(raw.contains(type_of_part), "{type_of_part} in {raw}");
    }
}

#[tokio::test]
async fn strangers_to_each_other() {
    let world = World::start().await;
    let own = world.address().to_owned();
    let letter = |who: &str, headers: &str, text: &str| {
        mail(&format!("From: {who}\nTo: {own}\nSubject: Re: Offers\n{headers}"), text)
    };
    // A newsletter that nobody here has seen links nobody.
    let cites = "In-Reply-To: <news@bulk.test>\nReferences: <news@bulk.test>";
    let first = arrive(&world, &own, &letter("Rosa <rosa@a.test>", cites, "Please cancel mine.")).await;
    let second = arrive(&world, &own, &letter("Ida <ida@b.test>", cites, "How much is it?")).await;
    assert_ne!(first["id"], second["id"]);
    let again = arrive(&world, &own, &letter("Rosa <rosa@a.test>", cites, "Today, please.")).await;
    assert_eq!(again["id"], first["id"]);
    // Who was not there speaks with a flag.
    let named = "Message-ID: <r1@a.test>";
    let thread = arrive(&world, &own, &letter("Rosa <rosa@a.test>", named, "My case.")).await;
    let joins = "In-Reply-To: <r1@a.test>\nMessage-ID: <e1@evil.test>";
    let joined = arrive(&world, &own, &letter("Rosa <rosa@evil.test>", joins, "Tell me my case.")).await;
    assert_eq!(joined["id"], thread["id"]);
    let flags = |thread: &Value, text: &str| {
        let found =
            array(&thread["messages"]).iter().find(|m| m["body_text"].as_str().unwrap().trim() == text).cloned();
        found.unwrap()["safety"]["flags"].clone()
    };
    assert_eq!(flags(&joined, "Tell me my case."), json!(["new_participant"]));
    let joins = "In-Reply-To: <r1@a.test>\nMessage-ID: <r2@a.test>";
    let joined = arrive(&world, &own, &letter("Rosa <rosa@a.test>", joins, "And mine?")).await;
    assert_eq!(flags(&joined, "And mine?"), json!([]));
    // The same mail by a list is the same mail.
    let direct = "Message-ID: <m1@a.test>";
    let thread = arrive(&world, &own, &letter("Rosa <rosa@a.test>", direct, "We meet on Friday.")).await;
    let by_list = letter(
        "Rosa <rosa@a.test>",
        "Message-ID: <m1@a.test>\nList-Id: <wood.lists.test>",
        "We meet on Friday.\n_______________________________________________\nwood mailing list\nwood@lists.test",
    );
    let by_list = by_list.replace("Subject: Re: Offers", "Subject: [wood] Re: Offers").replace('\n', "\r\n");
    smtp::send(world.engine.smtp, "wood-bounces@lists.test", &[&own], by_list.as_bytes()).await.expect("taken");
    world.come_to_rest().await;
    assert_eq!(array(&world.thread(&thread).await["messages"]).len(), 1);
    // So it is where the list writes in its own name, and wraps the lines anew.
    let long = "We meet on Friday at the saw mill, and whoever has a van brings it along.";
    let thread = arrive(&world, &own, &letter("Rosa <rosa@a.test>", "Message-ID: <m2@a.test>", long)).await;
    let by_list = letter(
        "Rosa via wood <wood@lists.test>",
        "Message-ID: <m2@a.test>\nList-Id: <wood.lists.test>\nReply-To: Rosa <rosa@a.test>",
        &long.replace(" and whoever", "\nand whoever"),
    );
    let by_list = by_list.replace("Subject: Re: Offers", "Subject: [wood] Re: Offers").replace('\n', "\r\n");
    smtp::send(world.engine.smtp, "wood-bounces@lists.test", &[&own], by_list.as_bytes()).await.expect("taken");
    // Other words under the same id are another mail.
    let other = letter("Rosa <rosa@a.test>", "Message-ID: <m2@a.test>", "We do not meet on Friday.");
    arrive(&world, &own, &other).await;
    world.come_to_rest().await;
    assert_eq!(array(&world.thread(&thread).await["messages"]).len(), 1);
    let all = world.threads().await;
    let named = |text: &str| all.iter().filter(|thread| thread["snippet"].as_str().unwrap().contains(text)).count();
    assert_eq!((named("saw mill"), named("do not meet")), (1, 1));
}

#[tokio::test]
async fn people_behind_marks_of_machines() {
    let world = World::start().await;
    let own = world.address().to_owned();
    let group = "List-Id: <sales.firm.test>\nPrecedence: list";
    for (number, (headers, needs_review, answered)) in [
        (format!("From: Rosa <rosa@a.test>\nX-Original-Sender: rosa@a.test\n{group}"), true, "rosa@a.test"),
        (format!("From: Rosa via Sales <sales@firm.test>\nX-Original-From: Rosa <rosa@a.test>\n{group}"), true, "rosa@a.test"),
        (
            format!("From: Rosa via Sales <sales@firm.test>\nReply-To: sales@firm.test\nX-Original-From: Rosa <rosa@a.test>\n{group}"),
            true,
            "rosa@a.test",
        ),
        ("From: Rosa <rosa@a.test>\nX-Auto-Response-Suppress: DR, OOF, AutoReply".to_owned(), true, "rosa@a.test"),
        ("From: Rosa <rosa@a.test>\nX-Auto-Response-Suppress: All\nAuto-Submitted: auto-replied".to_owned(), false, ""),
        (format!("From: News <news@firm.test>\nList-Unsubscribe: <https://firm.test/u>\n{group}"), false, ""),
    ]
    .into_iter()
    .enumerate()
    {
        let raw = mail(&format!("{headers}\nTo: {own}\nMessage-ID: <p{number}@a.test>"), &format!("Number {number}."));
        let thread = arrive(&world, &own, &raw).await;
        assert_eq!(thread["needs_review"], needs_review, "{headers}");
        assert_eq!(thread["messages"][0]["is_automated"], true, "{headers}");
        if needs_review {
            assert_eq!(world.submit(&thread, "An answer.").await["to"], json!([answered]), "{headers}");
        }
    }
}

#[tokio::test]
async fn of_two_authors_none_is_vouched_for() {
    let world = World::start().await;
    let trusted = json!({"email": "rosa@a.test"});
    world.owner.post("/v1/contacts", trusted).await.expect(201);
    let on = json!({"settings": {"sender_trust_gating": true}});
    world.owner.patch("/v1/workspace", on).await.expect(200);
    let own = world.address().to_owned();
    let alone = mail(&format!("From: Rosa <rosa@a.test>\nTo: {own}\nMessage-ID: <o1@a.test>"), "It is me.");
    arrive(&world, &own, &alone).await;
    for (number, from) in [
        "From: Rosa <rosa@a.test> <eve@evil.test>",
        "From: Rosa <rosa@a.test>\nFrom: eve@evil.test",
        "From: rosa@a.test, eve@evil.test",
    ]
    .into_iter()
    .enumerate()
    {
        let raw = mail(&format!("{from}\nTo: {own}\nMessage-ID: <o2.{number}@evil.test>"), "Pay to this account.");
        smtp::send(world.engine.smtp, "eve@evil.test", &[&own], raw.replace('\n', "\r\n").as_bytes())
            .await
            .expect("taken");
        eventually("it to be held", async || {
            let pending = world.owner.get("/v1/inbound/pending").await.expect(200);
            (array(&pending["data"]).len() == number + 1).then_some(())
        })
        .await;
    }
    assert_eq!(world.owner.get("/v1/threads").await.expect(200)["total"], 1);
}

#[tokio::test]
async fn a_time_with_a_bare_plus() {
    let world = World::start().await;
    world.begin(&Letter::from(CUSTOMER)).await;
    for offset in ["+02:00", "%2B02:00", "-07:00"] {
        let path = format!("/v1/threads?from_date=2026-04-29T00:00:00{offset}");
        world.owner.get(&path).await.expect(200);
    }
    world.owner.get("/v1/threads?from_date=2026-04-29+02:00").await.refused(422, "validation_error");
}
