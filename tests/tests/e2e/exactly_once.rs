//! One decision and one mail, whoever asks how often and whatever breaks.

use actionlayer_tests::{
    CUSTOMER, Letter, World, eventually, smtp,
    world::{array, step},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// How many mails show this text.
async fn mails_with(world: &World, text: &str) -> usize {
    world.sent_to(CUSTOMER).await.iter().filter(|mail| mail.text().contains(text)).count()
}

#[tokio::test]
async fn fifty_decisions_at_once_are_one_decision_and_one_mail() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "wanted by many").await;
    let link = world.approval_path("wanted by many").await;
    let mut all = JoinSet::new();
    for number in 0..50 {
        let (owner, anyone) = (world.owner.clone(), world.anyone.clone());
        let (draft, link) = (draft.clone(), link.clone());
        all.spawn(async move {
            match number % 5 {
                0 => ("approve", owner.post_empty(&step(&draft, "approve")).await),
                1 | 2 => ("send", owner.post_empty(&step(&draft, "send")).await),
                3 => ("link approve", anyone.press(&link, "approve").await),
                _ => ("link send", anyone.press(&link, "approve_and_send").await),
            }
        });
    }
    let (mut approvals, mut sends) = (0, 0);
    for (what, answer) in all.join_all().await {
        match (what, answer.status) {
            ("approve" | "link approve", 200) => approvals += 1,
            ("send", 202) | ("link send", 200) => sends += 1,
            ("link approve" | "link send", 409) => {}
            (_, 409) => {
                let code = answer.refused(409, answer.json()["error"].as_str().unwrap())["error"].clone();
                let known = ["draft_not_pending", "send_in_progress", "already_sent"];
                assert!(known.contains(&code.as_str().unwrap()), "{what}: {code}");
            }
            (what, status) => panic!("{what}: {status} {}", answer.text()),
        }
    }
    assert!(approvals <= 1, "{approvals} approvals");
    assert_eq!(sends, 1, "one of them sent it, the others were told");
    let sent = world.until_draft(&draft, "sent").await;
    let decided = sent["decided_by"].clone();
    world.come_to_rest().await;
    assert_eq!(world.reread(&draft).await["decided_by"], decided);
    assert_eq!(mails_with(&world, "wanted by many").await, 1);
    assert_eq!(world.thread(&thread).await["messages_total"], 2);
}

#[tokio::test]
async fn fifty_sends_of_an_approved_draft_are_one_mail() {
    let world = World::start().await;
    let agent = world.key("agent").await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "approved once").await;
    let mut all = JoinSet::new();
    for _ in 0..50 {
        let (agent, path) = (agent.clone(), step(&draft, "send"));
        all.spawn(async move { agent.post_empty(&path).await.status });
    }
    let statuses = all.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [202, 409].contains(status)), "{statuses:?}");
    world.until_draft(&draft, "sent").await;
    world.come_to_rest().await;
    assert_eq!(mails_with(&world, "approved once").await, 1);
}

#[tokio::test]
async fn an_answer_of_ses_that_is_lost_sends_nothing_twice() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let draft = world.approved(&thread, "accepted, unanswered").await;
    world.fault("ses", "SendEmail", "timeout_after_effect", 1).await;
    world.act(&draft, "send").await.expect(202);
    // The event of SES tells what its answer would have.
    let sent = world.until_draft(&draft, "sent").await;
    assert!(world.faults_are_used_up().await && sent["failure"].is_null());
    world.until_message(&sent["sent_message_id"], &["delivered"]).await;
    let mail = world.the_answer().await;
    world.come_to_rest().await;
    assert_eq!(mails_with(&world, "accepted, unanswered").await, 1);
    let after = world.thread(&thread).await;
    assert_eq!((after["status"].as_str(), after["messages_total"].as_u64()), (Some("waiting"), Some(2)));
    // Its name is known from the event too.
    let ses_id = mail.header("Message-ID").unwrap();
    world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(ses_id.trim_matches(['<', '>']))).await;
}

#[tokio::test]
async fn an_outcome_nobody_will_ever_know_is_told_and_never_sent_again() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "swallowed").await;
    world.fault("ses", "SendEmail", "timeout_before", 1).await;
    world.act(&draft, "send").await.expect(202);
    let claimed = eventually("the claim", async || {
        let draft = world.reread(&draft).await;
        (draft["send_state"] == "sending" && world.faults_are_used_up().await).then_some(draft)
    })
    .await;
    assert_eq!(claimed["status"], "approved");
    world.act(&draft, "send").await.refused(409, "send_in_progress");
    world.act(&draft, "reject").await.refused(409, "send_in_progress");
    // Too early to give up.
    world.sweep().await;
    assert_eq!(world.reread(&draft).await["send_state"], "sending");
    world.advance(15 * 60 + 1).await;
    world.sweep().await;
    let failed = world.until_draft(&draft, "failed").await;
    assert_eq!(failed["failure"]["code"], "outcome_unknown");
    let after = world.thread(&thread).await;
    assert_eq!((after["status"].as_str(), after["needs_review"].as_bool()), (Some("open"), Some(true)));
    let refused = world.act(&draft, "send").await.refused(409, "draft_not_pending");
    assert!(refused["fix"].as_str().unwrap().contains("may have left"), "{refused}");
    world.come_to_rest().await;
    assert_eq!(mails_with(&world, "swallowed").await, 0);
    assert_eq!(world.reread(&draft).await["status"], "failed");
}

#[tokio::test]
async fn a_throttled_mail_is_sent_later_once() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let brief = world.approved(&thread, "throttled briefly").await;
    let long = world.approved(&thread, "throttled for long").await;
    world.fault("ses", "SendEmail", "throttle", 2).await;
    world.act(&brief, "send").await.expect(202);
    world.until_draft(&brief, "sent").await;
    assert!(world.faults_are_used_up().await);

    // Longer than the worker has patience: it lets go, and the queue brings the job again.
    world.fault("ses", "SendEmail", "throttle", 6).await;
    world.owner.post(&step(&long, "send"), json!({"answer_again": true})).await.expect(202);
    eventually("the mail to be sent in the end", async || {
        let draft = world.reread(&long).await;
        if draft["status"] == "sent" {
            return Some(());
        }
        if draft["send_state"] == "queued" {
            world.advance(121).await;
        }
        None
    })
    .await;
    assert!(world.faults_are_used_up().await);
    world.come_to_rest().await;
    for text in ["throttled briefly", "throttled for long"] {
        assert_eq!(mails_with(&world, text).await, 1, "{text}");
    }
}

#[tokio::test]
async fn mail_that_comes_while_ours_is_leaving_still_asks_to_be_looked_at() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let draft = world.approved(&thread, "on its way").await;
    // The worker has claimed it and is trying for more than a second.
    world.fault("ses", "SendEmail", "throttle", 3).await;
    world.act(&draft, "send").await.expect(202);
    eventually("the claim", async || (world.reread(&draft).await["send_state"] == "sending").then_some(())).await;
    let newer = Letter::from(CUSTOMER).in_reply_to(letter.id());
    world.answer(&thread, &newer).await;
    let status = eventually("an end", async || {
        let status = world.reread(&draft).await["status"].as_str().unwrap().to_owned();
        ["sent", "stale"].contains(&status.as_str()).then_some(status)
    })
    .await;
    world.come_to_rest().await;
    assert_eq!(mails_with(&world, "on its way").await, usize::from(status == "sent"));
    let after = world.thread(&thread).await;
    assert_eq!((after["needs_review"].as_bool(), after["status"].as_str()), (Some(true), Some("open")), "{status}");
}

#[tokio::test]
async fn a_worker_that_dies_after_the_claim_sends_nothing_twice() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "orphaned").await;
    world.fault("lambda", "send", "crash_after", 1).await;
    world.act(&draft, "send").await.expect(202);
    // Accepted by SES, recorded by nobody; its event settles it.
    world.until_draft(&draft, "sent").await;
    assert!(world.faults_are_used_up().await);
    world.come_to_rest().await;
    assert_eq!(mails_with(&world, "orphaned").await, 1);
    let message = world.thread(&thread).await["messages"][1].clone();
    assert_eq!(message["delivery_status"], "delivered");
}

#[tokio::test]
async fn every_queue_message_twice_and_out_of_order_is_one_mail_each() {
    let world = World::start().await;
    world.fault("sqs", "ReceiveMessage", "duplicate_delivery", 100_000).await;
    world.fault("sqs", "ReceiveMessage", "reorder", 100_000).await;
    let mut drafts = Vec::new();
    for number in 0..6 {
        let thread = world.begin(&Letter::from(CUSTOMER)).await;
        drafts.push(world.submit(&thread, &format!("draft number {number}")).await);
    }
    let mut sends = JoinSet::new();
    for draft in &drafts {
        let (owner, path) = (world.owner.clone(), step(draft, "send"));
        sends.spawn(async move { owner.post_empty(&path).await.expect(202) });
    }
    sends.join_all().await;
    for draft in &drafts {
        let sent = world.until_draft(draft, "sent").await;
        world.until_message(&sent["sent_message_id"], &["delivered"]).await;
    }
    world.come_to_rest().await;
    for number in 0..6 {
        assert_eq!(mails_with(&world, &format!("draft number {number}")).await, 1);
    }
}

#[tokio::test]
async fn a_relay_that_dies_queues_the_send_all_the_same() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "relayed twice").await;
    world.fault("lambda", "relay", "crash_after", 2).await;
    world.fault("lambda", "feedback", "crash_after", 1).await;
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    world.come_to_rest().await;
    assert_eq!(mails_with(&world, "relayed twice").await, 1);
}

#[tokio::test]
async fn a_table_that_stutters_loses_nothing() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.submit(&thread, "despite it all").await;
    world.approval_mail("despite it all").await;
    for kind in ["throttle", "timeout_after_effect"] {
        world.fault("dynamodb", "TransactWriteItems", kind, 2).await;
    }
    // The answer may be lost on the way; asked again, the API says how things stand.
    eventually("the draft to be on its way", async || {
        let answer = world.act(&draft, "send").await;
        assert!([202, 409, 503].contains(&answer.status), "{}", answer.text());
        (answer.status != 503).then_some(())
    })
    .await;
    world.until_draft(&draft, "sent").await;
    world.come_to_rest().await;
    assert_eq!(mails_with(&world, "despite it all").await, 1);
}

#[tokio::test]
async fn a_mail_that_comes_twice_is_one_message() {
    let world = World::start().await;
    let same = Letter::from(CUSTOMER).subject("The same");
    let nameless = Letter::from(CUSTOMER).subject("Nameless").without_id();
    for letter in [&same, &nameless] {
        let raw = letter.bytes(world.address());
        let mut both = JoinSet::new();
        for _ in 0..2 {
            let (server, to, raw) = (world.engine.smtp, world.address().to_owned(), raw.clone());
            both.spawn(async move { smtp::send(server, CUSTOMER, &[&to], &raw).await.unwrap() });
        }
        both.join_all().await;
        smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], &raw).await.unwrap();
    }
    // Under a Message-ID used before, other words are another mail.
    let other = String::from_utf8(same.bytes(world.address())).unwrap().replace("This is question", "Here is question");
    smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], other.as_bytes()).await.unwrap();
    // The same event twice: the function dies when it is done, and is invoked again.
    world.fault("lambda", "ingest", "crash_after", 1).await;
    let twice = Letter::from(CUSTOMER).subject("The event twice");
    world.receive(&twice).await;
    eventually("the crash", async || world.faults_are_used_up().await.then_some(())).await;
    world.come_to_rest().await;

    let mut subjects: Vec<String> = Vec::new();
    for thread in world.threads().await {
        for message in array(&thread["messages"]) {
            if message["from_email"] == CUSTOMER {
                subjects.push(message["subject"].as_str().unwrap().to_owned());
            }
        }
    }
    subjects.sort();
    assert_eq!(subjects, ["Nameless", "The event twice", "The same", "The same"]);
}

#[tokio::test]
async fn what_ses_refuses_for_good_fails_and_says_why() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "no longer ours").await;
    // The domain's DNS goes, and SES does not send for it any more.
    let gone = world.anyone.delete("/local/dns/ai.novacore.test").await;
    assert_eq!(gone.status, 204);
    world.act(&draft, "send").await.expect(202);
    let failed = world.until_draft(&draft, "failed").await;
    assert_eq!(failed["failure"]["code"], "rejected", "{failed}");
    assert!(failed["failure"]["message"].as_str().unwrap().contains("not verified"), "{failed}");
    let path = format!("/v1/threads/{}", thread["id"].as_str().unwrap());
    let after: Value = world.owner.get(&path).await.expect(200);
    assert_eq!((after["status"].as_str(), after["needs_review"].as_bool()), (Some("open"), Some(true)));
    world.act(&draft, "send").await.refused(409, "draft_not_pending");
    assert!(world.sent_to(CUSTOMER).await.is_empty());
    assert_eq!(json!(1), after["messages_total"], "a mail that did not leave is none");
}
