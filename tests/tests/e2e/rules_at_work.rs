//! Rules, carried out: once for each event, at the state of things when it happened, and never beyond what may leave.

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, Person, World, eventually,
    world::{array, id, merge},
};
use reqwest::Method;
use serde_json::{Value, json};

/// A rule that is made.
pub(crate) async fn made(world: &World, trigger: &str, conditions: Value, actions: Value, more: Value) -> Value {
    let mut rule = json!({
        "name": format!("on {trigger}"), "trigger": trigger, "actions": actions,
        "conditions": {"operator": "AND", "conditions": conditions},
    });
    merge(&mut rule, more);
    world.owner.post("/v1/rules", rule).await.expect(201)
}

/// The runs of a rule, newest first, when there are so many and all are over.
pub(crate) async fn runs(world: &World, rule: &Value, count: usize) -> Vec<Value> {
    eventually(&format!("{count} runs"), async || {
        let list = world.owner.get(&format!("/v1/rules/{}/runs", id(rule))).await.expect(200);
        let runs = array(&list["data"]).to_vec();
        let over = |run: &Value| run["matched"] == false || run["finished_at"].is_string();
        (runs.len() == count && runs.iter().all(over)).then_some(runs)
    })
    .await
}

/// What became of each action, as `add_tag: done`.
pub(crate) fn results(run: &Value) -> Vec<String> {
    let result = |action: &Value| {
        let (kind, result) = (action["action"]["type"].as_str().unwrap(), &action["result"]);
        let code = result["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{kind}: {}{code}", result["result"].as_str().unwrap_or("?"))
    };
    array(&run["actions"]).iter().map(result).collect()
}

pub(crate) fn tags(thread: &Value) -> Vec<&str> {
    array(&thread["tags"]).iter().map(|tag| tag.as_str().unwrap()).collect()
}

fn tag(tag: &str) -> Value {
    json!([{"type": "add_tag", "tag": tag}])
}

#[tokio::test]
async fn a_rule_approves_and_sends_for_a_trusted_contact_and_its_run_says_so() {
    let world = World::start().await;
    let sure = json!([
        {"field": "contact.status", "op": "equals", "value": "trusted"},
        {"field": "draft.metadata.confidence", "op": "gt", "value": 0.9},
    ]);
    let both = json!([{"type": "approve_draft"}, {"type": "send_draft"}]);
    let rule = made(&world, "draft.created", sure, both, json!({"name": "Small talk"})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let mut proposal = world.proposal(&thread, "We open at nine.");
    proposal["metadata"] = json!({"confidence": 0.95});

    // A stranger's answer waits for a person.
    let first = world.owner.post("/v1/drafts", proposal.clone()).await.expect(201);
    let run = runs(&world, &rule, 1).await.remove(0);
    assert_eq!((&run["matched"], &run["event"]), (&json!(false), &json!("draft.created")));
    assert_eq!(run["unmet"]["field"], "contact.status", "{run}");
    assert_eq!(world.reread(&first).await["status"], "pending");
    world.act(&first, "reject").await.expect(200);

    let contact = json!({"status": "trusted"});
    let path = format!("/v1/contacts/{}", thread["contact"]["id"].as_str().unwrap());
    world.owner.patch(&path, contact).await.expect(200);
    let second = world.owner.post("/v1/drafts", proposal).await.expect(201);
    let sent = world.until_draft(&second, "sent").await;
    let by = json!({"kind": "rule", "id": rule["id"], "name": "Small talk"});
    assert_eq!(sent["decided_by"], by);
    let run = runs(&world, &rule, 2).await.remove(0);
    assert_eq!(results(&run), ["approve_draft: done", "send_draft: done"]);
    assert_eq!((&run["draft_id"], &run["thread_id"]), (&second["id"], &thread["id"]));
    assert!(run["duration_ms"].as_i64().unwrap() >= 0, "{run}");
    // It says that nobody read it, and counts as such.
    let mail = world.the_answer().await;
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-replied"));
    // The same account again, for the event of the past and without acting.
    let tried = world.owner.post("/v1/rules/test", json!({"event_id": run["event_id"]})).await.expect(200);
    let only = &tried["rules"][0];
    assert_eq!((&only["matched"], &only["results"][0]["result"]), (&json!(true), &json!("refused")), "{only}");
    let shown = world.owner.get(&format!("/v1/rules/{}", id(&rule))).await.expect(200);
    assert_eq!((&shown["last_error"], &shown["failures_in_a_row"]), (&Value::Null, &json!(0)));
}

#[tokio::test]
async fn each_trigger_fires_once() {
    let world = World::start().await;
    let triggers = [
        "email.received",
        "email.sent",
        "email.delivered",
        "draft.created",
        "draft.approved",
        "draft.sent",
        "draft.stale",
    ];
    let mut rules = Vec::new();
    for trigger in triggers {
        rules.push(made(&world, trigger, json!([]), tag(trigger), json!({})).await);
    }
    let letter = Letter::from(CUSTOMER);
    let thread = world.begin(&letter).await;
    let draft = world.approved(&thread, "Yes.").await;
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;
    let thread = world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
    let stale = world.submit(&thread, "No.").await;
    world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
    world.until_draft(&stale, "stale").await;
    for (rule, count) in rules.iter().zip([3, 1, 1, 2, 1, 1, 1]) {
        let runs = runs(&world, rule, count).await;
        assert_eq!(results(runs.last().unwrap()), ["add_tag: done"], "{rule}");
    }
    let mut seen = tags(&world.thread(&thread).await).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut wanted = triggers.map(str::to_owned).to_vec();
    seen.sort();
    wanted.sort();
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn all_rules_look_at_the_state_at_the_event() {
    let world = World::start().await;
    let with = |name: &str, priority: u32| json!({"name": name, "priority": priority});
    let first = made(&world, "email.received", json!([]), tag("a"), with("first", 1)).await;
    let tagged = json!([{"field": "thread.tags", "op": "contains", "value": "a"}]);
    let second = made(&world, "email.received", tagged, tag("b"), with("second", 2)).await;
    let mut stops = with("stops", 3);
    stops["stop_after_match"] = json!(true);
    let third = made(&world, "email.received", json!([]), tag("c"), stops).await;
    let last = made(&world, "email.received", json!([]), tag("d"), with("last", 4)).await;
    let off = made(&world, "email.received", json!([]), tag("e"), json!({"active": false})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    runs(&world, &third, 1).await;
    let run = runs(&world, &second, 1).await.remove(0);
    assert_eq!((&run["matched"], &run["unmet"]["path"]), (&json!(false), &json!("conditions.conditions[0]")));
    let run = runs(&world, &last, 1).await.remove(0);
    assert_eq!((&run["matched"], &run["stopped_by_rule_id"]), (&json!(false), &third["id"]));
    runs(&world, &first, 1).await;
    assert!(runs(&world, &off, 0).await.is_empty());
    assert_eq!(tags(&world.thread(&thread).await), ["a", "c"]);
}

#[tokio::test]
async fn what_a_rule_caused_fires_no_rule() {
    let world = World::start().await;
    // Each would fire the other for ever.
    let open = json!([{"type": "auto_reply", "body_text": "Thank you."}]);
    let answers = made(&world, "email.received", json!([]), open, json!({})).await;
    let mut watching = Vec::new();
    for trigger in ["draft.created", "draft.approved", "draft.sent", "email.sent", "email.delivered"] {
        watching.push(made(&world, trigger, json!([]), tag(trigger), json!({})).await);
    }
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let run = runs(&world, &answers, 1).await.remove(0);
    assert_eq!(results(&run), ["auto_reply: done"]);
    let thread = eventually("the answer", async || {
        let thread = world.thread(&thread).await;
        (thread["messages"][1]["delivery_status"] == "delivered").then_some(thread)
    })
    .await;
    let draft = &thread["drafts"][0];
    assert_eq!((&draft["status"], &draft["decided_by"]["kind"]), (&json!("sent"), &json!("rule")));
    world.come_to_rest().await;
    for rule in &watching {
        // The probe that showed that all is at rest is a mail of the owner's.
        let list = world.owner.get(&format!("/v1/rules/{}/runs", id(rule))).await.expect(200);
        assert!(array(&list["data"]).iter().all(|run| run["thread_id"] != thread["id"]), "{list}");
    }
    assert!(tags(&world.thread(&thread).await).is_empty());
    let events = world.owner.get("/v1/events?limit=100").await.expect(200);
    let caused = array(&events["data"]).iter().filter(|event| event["payload"]["caused_by_rule_id"] == answers["id"]);
    let mut caused: Vec<_> = caused
        .filter(|event| event["payload"]["thread_id"] == thread["id"])
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    caused.sort_unstable();
    assert_eq!(caused, ["draft.approved", "draft.created", "draft.sent", "email.delivered", "email.sent"]);
}

#[tokio::test]
async fn what_may_not_leave_does_not_whoever_wrote_the_rule() {
    let world = World::start().await;
    let answer = json!([{"type": "auto_reply", "body_text": "Thank you."}]);
    let answers = made(&world, "email.received", json!([]), answer, json!({})).await;
    let both = json!([{"type": "approve_draft"}, {"type": "send_draft"}]);
    let sends = made(&world, "draft.created", json!([]), both, json!({})).await;
    let hidden = "Hello\u{200b}Wo\u{200b}r\u{200b}ld\u{200b}a\u{200b}b\u{200b}c";
    let letter = || Letter::from(CUSTOMER);
    for (i, (letter, code)) in [
        (letter().header("Auto-Submitted", "auto-generated"), "automated_sender"),
        (letter().header("From", "Boss <boss@novacore.test>"), "sender_not_aligned"),
        (letter().text(hidden), "flagged"),
        (letter().header("Reply-To", "eve@customer.test"), "goes_elsewhere"),
    ]
    .into_iter()
    .enumerate()
    {
        let thread = world.begin(&letter).await;
        let run = runs(&world, &answers, i + 1).await.remove(0);
        assert_eq!(results(&run), [format!("auto_reply: refused {code}")]);
        let draft = world.submit(&thread, "Yes.").await;
        let run = runs(&world, &sends, i + 1).await.remove(0);
        assert_eq!(results(&run), [format!("approve_draft: refused {code}"), format!("send_draft: refused {code}")]);
        assert_eq!(world.reread(&draft).await["status"], "pending");
        // A dry run says so before.
        let tried = world.owner.post("/v1/rules/test", json!({"draft_id": draft["id"]})).await.expect(200);
        assert_eq!(tried["rules"][0]["results"][0]["code"], code);
    }
    let copies = world.begin(&letter()).await;
    let mut proposal = world.proposal(&copies, "Yes.");
    proposal["bcc"] = json!(["eve@elsewhere.test"]);
    world.owner.post("/v1/drafts", proposal).await.expect(201);
    let run = runs(&world, &sends, 5).await.remove(0);
    assert_eq!(results(&run)[0], "approve_draft: refused copies");
    // Nothing is wrong with the rules.
    for rule in [&answers, &sends] {
        let shown = world.owner.get(&format!("/v1/rules/{}", id(rule))).await.expect(200);
        assert_eq!((&shown["last_error"], &shown["active"]), (&Value::Null, &json!(true)));
    }
    // To the last one, which is as it should be, the answer left.
    assert_eq!(results(&runs(&world, &answers, 5).await[0]), ["auto_reply: done"]);
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
}

#[tokio::test]
async fn what_a_rule_approved_keeps_to_its_caps_whoever_sends_it() {
    let world = World::start().await;
    made(&world, "draft.created", json!([]), json!([{"type": "approve_draft"}]), json!({})).await;
    let agent = world.key("agent").await;
    let letter = Letter::from(CUSTOMER);
    let mut thread = world.begin(&letter).await;
    let mut sent = 0;
    for round in 0..11 {
        let draft = world.submit(&thread, &format!("Answer {round}.")).await;
        let approved = eventually("a decision", async || {
            let draft = world.reread(&draft).await;
            (draft["status"] == "approved" || round == 10).then_some(draft)
        })
        .await;
        let answer = agent.post_empty(&actionlayer_tests::world::step(&approved, "send")).await;
        if answer.status == 202 {
            world.until_draft(&draft, "sent").await;
            sent += 1;
        } else {
            assert_eq!(round, 10, "{}", answer.text());
        }
        thread = world.answer(&thread, &Letter::from(CUSTOMER).in_reply_to(letter.id())).await;
    }
    assert_eq!(sent, 10, "as many as a thread takes in a day");
}

#[tokio::test]
async fn a_reference_that_died_is_an_error_of_its_rule_and_of_nothing_else() {
    let world = World::start().await;
    let other = world.new_identity("noa", json!({})).await;
    let assign = json!([{"type": "assign_identity", "identity_id": other["id"]}]);
    let assigns = made(&world, "email.received", json!([]), assign, json!({"name": "To Noa", "priority": 1})).await;
    let tags_it = made(&world, "email.received", json!([]), tag("seen"), json!({"priority": 2})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    assert_eq!(results(&runs(&world, &assigns, 1).await[0]), ["assign_identity: done"]);
    let moved = world.thread(&thread).await;
    assert_eq!(moved["identity_id"], other["id"]);
    // Whoever it was given to answers it.
    let draft = world.approved(&moved, "I am Noa.").await;
    world.act(&draft, "send").await.expect(202);
    world.until_draft(&draft, "sent").await;

    let deleted = world.owner.ask(Method::DELETE, &format!("/v1/identities/{}", id(&other)), &[], Vec::new()).await;
    assert_eq!(deleted.expect(200)["rules"], json!([{"id": assigns["id"], "name": "To Noa"}]));
    let thread = world.begin(&Letter::from("bob@customer.test")).await;
    assert_eq!(results(&runs(&world, &assigns, 2).await[0]), ["assign_identity: failed not_found"]);
    runs(&world, &tags_it, 2).await;
    assert_eq!(tags(&world.thread(&thread).await), ["seen"]);
    let shown = world.owner.get(&format!("/v1/rules/{}", id(&assigns))).await.expect(200);
    assert!(shown["last_error"]["message"].as_str().unwrap().contains("assign_identity"), "{shown}");
    assert_eq!((&shown["failures_in_a_row"], &shown["active"]), (&json!(1), &json!(true)));
    // Twenty in a row, and it is switched off; no user owns the workspace, and whoever decides in it is told.
    for number in 2..=20 {
        world.receive(&Letter::from(&format!("p{number}@customer.test"))).await;
    }
    let off = eventually("it to be switched off", async || {
        let shown = world.owner.get(&format!("/v1/rules/{}", id(&assigns))).await.expect(200);
        (shown["active"] == false).then_some(shown)
    })
    .await;
    assert_eq!((&off["switched_off"]["reason"], &off["failures_in_a_row"]), (&json!("failing"), &json!(20)));
    eventually("a mail about it", async || {
        let sent = world.sent_to(APPROVER).await;
        sent.into_iter().find(|mail| mail.text().contains("\"To Noa\" was switched off"))
    })
    .await;
    let again = world.owner.patch(&format!("/v1/rules/{}", id(&assigns)), json!({"active": true})).await.expect(200);
    assert_eq!(
        (&again["switched_off"], &again["last_error"], &again["failures_in_a_row"]),
        (&Value::Null, &Value::Null, &json!(0))
    );
}

#[tokio::test]
async fn a_runaway_is_switched_off() {
    const MANY: usize = 70;
    let world = World::start().await;
    Person::member(&world, "Olga", MemberRole::Owner).await;
    let rule = made(&world, "email.received", json!([]), tag("x"), json!({"name": "Too much"})).await;
    let path = format!("/v1/rules/{}", id(&rule));
    let is_off = async || world.owner.get(&path).await.expect(200)["active"] == false;
    // A minute may end in between: of three times as many, some minute has too many.
    for batch in 0..3 {
        for number in 0..MANY {
            if number % 10 == 0 && is_off().await {
                break;
            }
            world.receive(&Letter::from(&format!("b{batch}-{number}@customer.test"))).await;
        }
    }
    eventually("it to be switched off", async || is_off().await.then_some(())).await;
    let off = world.owner.get(&path).await.expect(200);
    assert_eq!(off["switched_off"]["reason"], "runaway");
    let list = world.owner.get(&format!("{path}/runs?limit=100")).await.expect(200);
    let withheld = array(&list["data"]).iter().filter(|run| run["withheld"] == "runaway").count();
    assert_eq!(withheld, 1, "the one that was too much");
    let mails_to = async |person: &str| {
        let mut sent = world.sent_to(person).await;
        sent.retain(|mail| mail.text().contains("\"Too much\" was switched off"));
        sent.len()
    };
    eventually("a mail to the owner", async || (mails_to("olga@team.test").await == 1).then_some(())).await;
    assert_eq!(mails_to(APPROVER).await, 0, "the owner knows");
}

#[tokio::test]
async fn what_contradicts_itself_is_refused_by_its_place() {
    let world = World::start().await;
    for (trigger, actions) in [
        ("draft.created", json!([{"type": "approve_draft"}, {"type": "reject_draft"}])),
        ("draft.created", json!([{"type": "reject_draft"}, {"type": "send_draft"}])),
        ("email.received", json!([{"type": "add_tag", "tag": "a"}, {"type": "remove_tag", "tag": "a"}])),
        ("email.received", json!([{"type": "trust_contact"}, {"type": "block_contact"}])),
        (
            "email.received",
            json!([{"type": "set_thread_status", "status": "open"}, {"type": "set_thread_status", "status": "closed"}]),
        ),
        ("email.received", json!([{"type": "auto_reply", "body_text": "a"}, {"type": "auto_reply", "body_text": "b"}])),
    ] {
        let rule = json!({"name": "r", "trigger": trigger, "actions": actions});
        let refused = world.owner.post("/v1/rules", rule).await.refused(422, "validation_error");
        assert_eq!(refused["details"][0]["field"], "actions[1]", "{refused}");
    }
    let pattern = json!([{"field": "message.subject", "op": "matches", "value": "(a{1000}){1000}"}]);
    let rule = json!({"name": "r", "trigger": "email.received", "actions": tag("x"),
        "conditions": {"operator": "AND", "conditions": pattern}});
    let refused = world.owner.post("/v1/rules", rule).await.refused(422, "validation_error");
    assert_eq!(refused["details"][0]["field"], "conditions.conditions[0].value");
}
