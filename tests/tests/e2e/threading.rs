//! Which thread a mail belongs to.

use actionlayer_tests::{CUSTOMER, Letter, World, smtp, world::array};
use serde_json::json;

/// A thread whose customer has been answered once; the Message-ID of the answer, as SES gave it.
async fn answered(world: &World) -> (serde_json::Value, String) {
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "the first answer").await;
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    let ses_id = world.the_answer().await.header("Message-ID").unwrap();
    (thread, ses_id.trim_matches(['<', '>']).to_owned())
}

#[tokio::test]
async fn an_answer_finds_its_thread_by_any_id_it_cites() {
    let world = World::start().await;
    let (thread, ses_id) = answered(&world).await;
    let first = thread["messages"][0]["message_id_header"].as_str().unwrap();
    let ours = world.thread(&thread).await["messages"][1]["message_id_header"].as_str().unwrap().to_owned();
    assert_ne!(ours, ses_id);
    let letters = [
        // What every client cites: the id that SES put in the place of ours. iOS cites it in In-Reply-To only.
        Letter::from(CUSTOMER).in_reply_to(&ses_id),
        Letter::from(CUSTOMER).header("References", &format!("<unknown@x.test>\r\n\t<{ses_id}>")),
        Letter::from(CUSTOMER).in_reply_to(&ours),
        Letter::from(CUSTOMER).in_reply_to("never-seen@x.test").header("References", &format!("<{first}>")),
        // Somebody else joins.
        Letter::from("bob@customer.test").in_reply_to(&ses_id).subject("Quite another subject"),
    ];
    for (index, letter) in letters.iter().enumerate() {
        let joined = world.answer(&thread, letter).await;
        assert_eq!(joined["messages_total"], 3 + index);
        assert_eq!((joined["status"].as_str(), joined["needs_review"].as_bool()), (Some("open"), Some(true)));
    }
    assert_eq!(world.threads().await.len(), 1);
}

#[tokio::test]
async fn a_subject_alone_joins_nothing() {
    let world = World::start().await;
    let first = world.begin(&Letter::from(CUSTOMER).subject("Price")).await;
    let second = world.begin(&Letter::from(CUSTOMER).subject("Re: Price").in_reply_to("not-ours@x.test")).await;
    assert_ne!(first["id"], second["id"]);
}

#[tokio::test]
async fn the_order_of_arrival_does_not_matter() {
    let world = World::start().await;
    let question = Letter::from(CUSTOMER);
    let answer = Letter::from(CUSTOMER).in_reply_to(question.id());
    let third = Letter::from(CUSTOMER).in_reply_to(answer.id()).header("References", &format!("<{}>", question.id()));
    let thread = world.begin(&third).await;
    world.answer(&thread, &question).await;
    let whole = world.answer(&thread, &answer).await;
    assert_eq!(whole["messages_total"], 3);
    assert_eq!(world.threads().await.len(), 1);
}

#[tokio::test]
async fn an_answer_with_many_references_may_come_before_what_it_answers() {
    let world = World::start().await;
    let question = Letter::from(CUSTOMER);
    let others = (0..31).map(|n| format!("<{n}@elsewhere.test>")).collect::<Vec<_>>().join("\r\n\t");
    let answer = Letter::from(CUSTOMER).header("References", &format!("<{}>\r\n\t{others}", question.id()));
    let thread = world.begin(&answer).await;
    assert_eq!(world.answer(&thread, &question).await["messages_total"], 2);
}

/// Some clients name whom they answer beside what: "Message from … of …".
#[tokio::test]
async fn strangers_who_name_our_address_stay_strangers() {
    let world = World::start().await;
    let mut threads = Vec::new();
    for (who, id) in [("alice@one.test", "x1@one.test"), ("bob@two.test", "x2@two.test")] {
        let cited =
            format!("Message from \"Mia\" <{}> of \"Mon, 27 Apr 2026 14:30:00 +0200.\" <{id}>", world.address());
        threads.push(world.begin(&Letter::from(who).header("In-Reply-To", &cited)).await["id"].clone());
    }
    assert_ne!(threads[0], threads[1]);
}

#[tokio::test]
async fn a_report_joins_the_thread_of_what_it_is_about() {
    let world = World::start().await;
    let (thread, ses_id) = answered(&world).await;
    let letter = Letter::from("mailer-daemon@customer.test").text(&format!(
        "--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.customer.test\n\n\
         Final-Recipient: rfc822; {CUSTOMER}\nAction: delayed\nStatus: 4.4.1\n\n--b\nContent-Type: \
         text/rfc822-headers\n\nMessage-ID: <{ses_id}>\n--b--"
    ));
    let report = String::from_utf8(letter.bytes(world.address())).unwrap();
    let report = report.replace("text/plain; charset=utf-8", "multipart/report; boundary=b");
    smtp::send(world.engine.smtp, "", &[world.address()], report.as_bytes()).await.unwrap();
    world.come_to_rest().await;
    assert_eq!(world.thread(&thread).await["messages_total"], 3);
}

/// RFC 5322, section 3.6.4.
#[tokio::test]
async fn an_answer_refers_to_what_its_question_answered() {
    let world = World::start().await;
    let question = Letter::from(CUSTOMER).in_reply_to("before@customer.test");
    let thread = world.begin(&question).await;
    let draft = world.submit(&thread, "the answer").await;
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    let references = world.the_answer().await.header("References").unwrap();
    let ids: Vec<&str> = references.split_whitespace().collect();
    assert_eq!(ids, ["<before@customer.test>".to_owned(), format!("<{}>", question.id())]);
}

#[tokio::test]
async fn a_closed_thread_opens_again_and_identities_keep_theirs() {
    let world = World::start().await;
    let (thread, ses_id) = answered(&world).await;
    let path = format!("/v1/threads/{}", thread["id"].as_str().unwrap());
    let closed = world.owner.patch(&path, json!({"status": "closed", "tags": ["done"]})).await.expect(200);
    assert_eq!((closed["status"].as_str(), &closed["tags"]), (Some("closed"), &json!(["done"])));
    let opened = world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(&ses_id)).await;
    assert_eq!((opened["status"].as_str(), opened["needs_review"].as_bool()), (Some("open"), Some(true)));

    // The same id cited to another identity says nothing there.
    let other = world.new_identity("max", json!({})).await;
    let letter = Letter::from(CUSTOMER).in_reply_to(&ses_id);
    world.receive_at(other["email_address"].as_str().unwrap(), &letter).await;
    let found = actionlayer_tests::eventually("the other's thread", async || {
        world.threads().await.into_iter().find(|thread| thread["identity_id"] == other["id"])
    });
    assert_ne!(found.await["id"], thread["id"]);
}

#[tokio::test]
async fn a_mail_to_two_identities_arrives_once_at_each() {
    let world = World::start().await;
    let other = world.new_identity("max", json!({})).await;
    let other = other["email_address"].as_str().unwrap();
    let letter = Letter::from(CUSTOMER);
    let raw = letter.bytes(world.address());
    let nobody = "nobody@ai.novacore.test";
    smtp::send(world.engine.smtp, CUSTOMER, &[world.address(), other, nobody], &raw).await.unwrap();
    world.come_to_rest().await;
    let threads = world.threads().await;
    let ours: Vec<_> = threads.iter().filter(|thread| thread["contact"]["email"] == CUSTOMER).collect();
    assert_eq!(ours.len(), 2, "{ours:?}");
    assert!(ours.iter().all(|thread| array(&thread["messages"]).len() == 1));
    assert_ne!(ours[0]["identity_id"], ours[1]["identity_id"]);
}

#[tokio::test]
async fn mail_of_a_machine_asks_nobody_to_look() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER).header("Auto-Submitted", "auto-replied").subject("Out of office");
    let thread = world.begin(&letter).await;
    assert_eq!(thread["messages"][0]["is_automated"], true);
    assert_eq!(thread["needs_review"], false);
    let reply = json!({"thread_id": thread["id"], "identity_id": thread["identity_id"], "body_text": "Hello machine"});
    world.owner.post("/v1/emails/reply", reply).await.refused(409, "conflict");
    assert!(world.sent_to(CUSTOMER).await.is_empty());
}
