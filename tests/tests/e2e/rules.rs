//! Rules: made, checked, tried out.

use actionlayer_tests::{
    CUSTOMER, Letter, World,
    world::{array, id},
};
use serde_json::{Value, json};

#[allow(clippy::needless_pass_by_value, reason = "JSON is given away")]
fn rule(name: &str, trigger: &str, conditions: Value, actions: Value) -> Value {
    json!({
        "name": name, "trigger": trigger, "actions": actions,
        "conditions": {"operator": "AND", "conditions": conditions},
    })
}

fn about_invoices() -> Value {
    let conditions = json!([{"field": "message.subject", "op": "contains", "value": "INVOICE"}]);
    rule("Invoices", "email.received", conditions, json!([{"type": "add_tag", "tag": "invoice"}]))
}

/// The fields that are refused.
async fn refused_fields(world: &World, body: Value) -> Vec<String> {
    let envelope = world.owner.post("/v1/rules", body).await.refused(422, "validation_error");
    array(&envelope["details"]).iter().map(|detail| detail["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_rule_is_made_read_changed_and_deleted() {
    let world = World::start().await;
    let made = world.owner.post("/v1/rules", about_invoices()).await.expect(201);
    assert_eq!(
        (&made["priority"], &made["active"], &made["stop_after_match"]),
        (&json!(100), &json!(true), &json!(false))
    );
    assert_eq!((&made["trigger"], &made["last_error"]), (&json!("email.received"), &Value::Null));
    assert_eq!(made["conditions"], about_invoices()["conditions"]);
    assert_eq!(made["actions"], about_invoices()["actions"]);
    let path = format!("/v1/rules/{}", id(&made));
    assert_eq!(world.owner.get(&path).await.expect(200), made);

    let other = json!({"name": "Bills", "priority": 3, "active": false, "stop_after_match": true});
    let changed = world.owner.patch(&path, other).await.expect(200);
    assert_eq!(
        (&changed["name"], &changed["priority"], &changed["active"]),
        (&json!("Bills"), &json!(3), &json!(false))
    );
    assert_eq!((&changed["conditions"], &changed["actions"]), (&made["conditions"], &made["actions"]));
    // What would be wrong together is refused, and changes nothing.
    let about_a_draft = json!([{"type": "approve_draft"}]);
    let wrong = world.owner.patch(&path, json!({"actions": about_a_draft})).await.refused(422, "validation_error");
    assert_eq!(wrong["details"][0]["field"], "actions[0].type");
    let trigger = json!({"actions": about_a_draft, "trigger": "draft.created"});
    assert_eq!(world.owner.patch(&path, trigger).await.expect(200)["trigger"], "draft.created");
    world.owner.patch(&path, json!({"trigger": "email.received"})).await.refused(422, "validation_error");
    assert_eq!(world.owner.get(&path).await.expect(200)["trigger"], "draft.created");

    world.owner.delete(&path).await.expect(204);
    world.owner.get(&path).await.refused(404, "not_found");
    world.owner.delete(&path).await.refused(404, "not_found");
    world.owner.patch(&path, json!({"active": true})).await.refused(404, "not_found");
}

#[tokio::test]
async fn rules_are_listed_by_what_they_wait_for() {
    let world = World::start().await;
    let first = world.owner.post("/v1/rules", about_invoices()).await.expect(201);
    let mut other = about_invoices();
    (other["trigger"], other["active"]) = (json!("email.sent"), json!(false));
    let second = world.owner.post("/v1/rules", other).await.expect(201);
    for (filter, expected) in [
        ("", vec![&second, &first]),
        ("?trigger=email.received", vec![&first]),
        ("?trigger=email.sent&active=false", vec![&second]),
        ("?active=true", vec![&first]),
        ("?trigger=draft.stale", vec![]),
    ] {
        let list = world.owner.get(&format!("/v1/rules{filter}")).await.expect(200);
        assert_eq!(array(&list["data"]).iter().collect::<Vec<_>>(), expected, "{filter}");
        assert_eq!(list["total"], expected.len(), "{filter}");
    }
    let page = world.owner.get("/v1/rules?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = world.owner.get(&format!("/v1/rules?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!(next["data"][0], first);
    let filtered = format!("/v1/rules?limit=1&active=true&cursor={cursor}");
    world.owner.get(&filtered).await.refused(422, "validation_error");
    world.owner.get("/v1/rules?trigger=draft.deleted").await.refused(422, "validation_error");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_place() {
    let world = World::start().await;
    let nested = json!({"operator": "OR", "conditions": [
        {"field": "thread.status", "op": "equals", "value": "open"},
        {"field": "message.subject", "op": "gt", "value": 3},
        {"field": "message.subject", "op": "matches", "value": "(?=look)"},
    ]});
    let mut several =
        rule(" ", "email.received", json!([nested, {"field": "draft.rationale", "op": "exists"}]), json!([]));
    several["priority"] = json!(10_001);
    assert_eq!(
        refused_fields(&world, several).await,
        [
            "conditions.conditions[0].conditions[1].op",
            "conditions.conditions[0].conditions[2].value",
            "name",
            "priority",
            "actions",
        ]
    );
    let with = |conditions: Value, actions: Value| rule("r", "email.received", conditions, actions);
    let tag = json!([{"type": "add_tag", "tag": "x"}]);
    let unknown_identity = json!([{"type": "assign_identity", "identity_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab"}]);
    for (body, field) in [
        (with(json!([{"field": "draft.rationale", "op": "exists"}]), tag.clone()), "conditions.conditions[0].field"),
        (
            with(json!([{"field": "message.subject", "op": "like", "value": "x"}]), tag.clone()),
            "conditions.conditions[0].op",
        ),
        (with(json!([{"field": "message.subject", "typo": "x"}]), tag.clone()), "conditions.conditions[0].typo"),
        (with(json!([]), json!([{"type": "explode"}])), "actions[0].type"),
        (with(json!([]), json!([{"type": "add_tag"}])), "actions[0].tag"),
        (with(json!([]), json!([{"type": "skip_ai", "tag": "x"}])), "actions[0].tag"),
        (with(json!([]), json!([{"type": "send_draft"}])), "actions[0].type"),
        (with(json!([]), unknown_identity), "actions[0].identity_id"),
        (with(json!([]), json!([{"type": "auto_reply", "body_text": " "}])), "actions[0].body_text"),
        (rule("r", "email.lost", json!([]), tag), "trigger"),
    ] {
        assert_eq!(refused_fields(&world, body.clone()).await, [field], "{body}");
    }
    assert_eq!(world.owner.get("/v1/rules").await.expect(200)["total"], 0);
    // The identities that are there can be named.
    let assign = json!([{"type": "assign_identity", "identity_id": world.identity["id"]}]);
    world.owner.post("/v1/rules", with(json!([]), assign)).await.expect(201);
}

#[tokio::test]
async fn only_the_owner_of_everything_makes_rules() {
    let world = World::start().await;
    let made = world.owner.post("/v1/rules", about_invoices()).await.expect(201);
    let path = format!("/v1/rules/{}", id(&made));
    let bound = json!({"name": "bound", "role": "full", "identity_ids": [world.identity["id"]]});
    let bound = world.owner.post("/v1/api-keys", bound).await.expect(201);
    for key in [world.key("automation").await, world.anyone.with_key(bound["key"].as_str().unwrap())] {
        key.post("/v1/rules", about_invoices()).await.refused(403, "forbidden");
        key.patch(&path, json!({"active": false})).await.refused(403, "forbidden");
        key.delete(&path).await.refused(403, "forbidden");
        assert_eq!(key.get(&path).await.expect(200), made);
    }
    // The same request again makes no second one.
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    for replayed in ["", "true"] {
        let body = about_invoices().to_string().into_bytes();
        let answer = world.owner.ask(reqwest::Method::POST, "/v1/rules", &headers, body).await;
        assert_eq!((answer.status, answer.header("idempotent-replayed")), (201, replayed));
    }
    assert_eq!(world.owner.get("/v1/rules").await.expect(200)["total"], 2);
}

#[tokio::test]
async fn a_workspace_has_at_most_two_hundred() {
    let world = World::start().await;
    for _ in 0..199 {
        world.owner.post("/v1/rules", about_invoices()).await.expect(201);
    }
    // Of two at once, one is the last.
    let (one, other) =
        tokio::join!(world.owner.post("/v1/rules", about_invoices()), world.owner.post("/v1/rules", about_invoices()));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    world.owner.post("/v1/rules", about_invoices()).await.refused(409, "conflict");
    assert_eq!(world.owner.get("/v1/rules").await.expect(200)["total"], 200);
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER).subject("Your INVOICE, größer").text("Please pay 4711 soon.");
    let thread = world.begin(&letter).await;
    let message = &thread["messages"][0];

    let tag = |tag: &str| json!([{"type": "add_tag", "tag": tag}]);
    let matches = json!([
        {"field": "message.subject", "op": "contains", "value": "invoice, GRÖẞER"},
        {"field": "message.authentication.aligned", "op": "equals", "value": true},
        {"operator": "OR", "conditions": [
            {"field": "message.from_domain", "op": "equals", "value": "nowhere.test"},
            {"field": "message.body_text", "op": "matches", "value": r"PAY\s\d{4}"},
        ]},
    ]);
    let mut first = rule("second in line", "email.received", matches, tag("invoice"));
    (first["priority"], first["stop_after_match"]) = (json!(20), json!(true));
    let first = world.owner.post("/v1/rules", first).await.expect(201);
    let not = json!([{"field": "contact.status", "op": "equals", "value": "blocked"}]);
    let mut earlier = rule("first in line", "email.received", not, tag("x"));
    earlier["priority"] = json!(10);
    world.owner.post("/v1/rules", earlier).await.expect(201);
    let mut last = rule("never reached", "email.received", json!([]), tag("y"));
    last["priority"] = json!(30);
    world.owner.post("/v1/rules", last).await.expect(201);
    let mut inactive = rule("inactive", "email.received", json!([]), tag("z"));
    inactive["active"] = json!(false);
    world.owner.post("/v1/rules", inactive).await.expect(201);

    let reader = world.key("read").await;
    let before = world.thread(&thread).await;
    for subject in [json!({"thread_id": thread["id"]}), json!({"message_id": message["id"]})] {
        let tried = reader.post("/v1/rules/test", subject).await.expect(200);
        assert_eq!((&tried["trigger"], &tried["thread_id"]), (&json!("email.received"), &thread["id"]));
        assert_eq!((&tried["message_id"], &tried["draft_id"]), (&message["id"], &Value::Null));
        let rules = array(&tried["rules"]);
        let seen: Vec<_> =
            rules.iter().map(|r| (r["name"].as_str().unwrap(), r["matched"] == true, r["skipped"] == true)).collect();
        assert_eq!(
            seen,
            [("first in line", false, false), ("second in line", true, false), ("never reached", false, true)]
        );
        assert_eq!((&rules[1]["rule_id"], &rules[1]["actions"]), (&first["id"], &tag("invoice")));
        assert_eq!((&rules[0]["actions"], &rules[2]["conditions"]), (&json!([]), &Value::Null));
        let conditions = &rules[1]["conditions"];
        assert_eq!((&conditions["operator"], &conditions["holds"]), (&json!("AND"), &json!(true)));
        let alternatives: Vec<_> =
            array(&conditions["conditions"][2]["conditions"]).iter().map(|c| c["holds"] == true).collect();
        assert_eq!(alternatives, [false, true]);
        assert_eq!(conditions["conditions"][2]["conditions"][1]["field"], "message.body_text");
    }

    // One that is not stored, about a draft and what its author knows about it.
    let mut proposal = world.proposal(&thread, "It is paid.");
    proposal["metadata"] = json!({"confidence": 0.93});
    proposal["rationale"] = json!("It was paid yesterday.");
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    // One that is made later has nothing to do with it, and can be tried on it.
    world
        .owner
        .post("/v1/rules", rule("of drafts", "draft.created", json!([]), json!([{"type": "approve_draft"}])))
        .await
        .expect(201);
    let sure = json!([
        {"field": "draft.metadata.confidence", "op": "gt", "value": 0.9},
        {"field": "draft.identity_id", "op": "equals", "value": world.identity["id"]},
        {"field": "draft.rationale", "op": "contains", "value": "yesterday"},
        {"field": "message.from_email", "op": "equals", "value": CUSTOMER},
    ]);
    let given = rule("sure", "draft.created", sure, json!([{"type": "approve_draft"}, {"type": "send_draft"}]));
    for subject in ["draft_id", "thread_id"] {
        let of = if subject == "draft_id" { &draft["id"] } else { &thread["id"] };
        let tried = reader.post("/v1/rules/test", json!({subject: of, "rule": given})).await.expect(200);
        assert_eq!((&tried["draft_id"], &tried["message_id"]), (&draft["id"], &message["id"]));
        let only = &tried["rules"][0];
        assert_eq!((&only["rule_id"], &only["matched"]), (&Value::Null, &json!(true)), "{only}");
        assert_eq!(only["actions"], given["actions"]);
    }
    let tried = reader.post("/v1/rules/test", json!({"draft_id": draft["id"]})).await.expect(200);
    assert_eq!(tried["rules"][0]["name"], "of drafts");

    // Nothing happened.
    let after = world.thread(&thread).await;
    assert_eq!((&after["tags"], &after["messages"]), (&before["tags"], &before["messages"]));
    assert_eq!(world.reread(&draft).await["status"], "pending");
    assert_eq!(world.owner.get("/v1/rules").await.expect(200)["total"], 5);
}

#[tokio::test]
async fn a_dry_run_needs_a_subject_that_fits() {
    let world = World::start_with(json!({"can_send_cold": true})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let refused = async |body: Value| {
        let envelope = world.owner.post("/v1/rules/test", body).await.refused(422, "validation_error");
        envelope["details"][0]["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(json!({})).await, "thread_id");
    assert_eq!(
        refused(json!({"thread_id": thread["id"], "message_id": thread["messages"][0]["id"]})).await,
        "thread_id"
    );
    assert_eq!(refused(json!({"thread_id": thread["id"], "trigger": "draft.created"})).await, "trigger");
    assert_eq!(refused(json!({"thread_id": thread["id"], "trigger": "email.sent"})).await, "trigger");
    assert_eq!(
        refused(json!({"thread_id": thread["id"], "trigger": "email.sent", "rule": about_invoices()})).await,
        "trigger"
    );
    let mut wrong = about_invoices();
    wrong["trigger"] = json!("email.delivered");
    assert_eq!(refused(json!({"thread_id": thread["id"], "rule": wrong})).await, "rule.trigger");
    wrong["conditions"]["conditions"][0]["op"] = json!("gt");
    assert_eq!(refused(json!({"thread_id": thread["id"], "rule": wrong})).await, "rule.conditions.conditions[0].op");
    for subject in ["thread_id", "message_id", "draft_id"] {
        let body = json!({subject: "0197f3a0-5c1e-7d2a-9f00-1234567890ab"});
        world.owner.post("/v1/rules/test", body).await.refused(404, "not_found");
    }

    // Mail that left.
    let email = json!({"identity_id": world.identity["id"], "to": CUSTOMER, "subject": "Hi", "body_text": "Hello"});
    let sent = world.owner.post("/v1/emails/send", email).await.expect(202);
    let about = json!([{"field": "message.to", "op": "contains", "value": CUSTOMER}]);
    let given = rule("sent", "email.delivered", about, json!([{"type": "set_needs_review", "needs_review": true}]));
    world.owner.post("/v1/rules", given).await.expect(201);
    for trigger in ["email.sent", "email.delivered"] {
        let body = json!({"message_id": sent["message_id"], "trigger": trigger});
        let tried = world.owner.post("/v1/rules/test", body).await.expect(200);
        assert_eq!(array(&tried["rules"]).len(), usize::from(trigger == "email.delivered"));
    }
    // A key that is bound elsewhere does not see it.
    let other = world.new_identity("noa", json!({})).await;
    let bound = json!({"name": "bound", "role": "agent", "identity_ids": [other["id"]]});
    let bound = world.owner.post("/v1/api-keys", bound).await.expect(201);
    let bound = world.anyone.with_key(bound["key"].as_str().unwrap());
    bound.post("/v1/rules/test", json!({"thread_id": thread["id"]})).await.refused(404, "not_found");
}
