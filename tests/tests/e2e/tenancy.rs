//! Two workspaces in one deployment: to each, the other does not exist.

use std::collections::BTreeMap;

use actionlayer_tests::{
    CUSTOMER, Letter, World,
    contract::OPERATIONS,
    world::{array, id, step},
};
use serde_json::{Value, json};

use crate::everything::{Everything, takes_a_body};

/// Every object, as its owner sees it.
pub(crate) async fn objects(all: &Everything) -> BTreeMap<String, Option<Value>> {
    let mut objects = BTreeMap::new();
    for operation in OPERATIONS.iter().filter(|operation| operation.path.ends_with("/{id}")) {
        objects.insert(operation.path.clone(), all.object(operation).await);
    }
    objects
}

#[tokio::test]
async fn no_operation_reads_or_changes_what_is_another_workspaces() {
    let all = Everything::there_is().await;
    let other = all.world.new_workspace("The other").await;
    let before = objects(&all).await;
    assert!(before.values().all(Option::is_some), "{before:?}");
    let mut asked = 0;
    for operation in OPERATIONS.iter().filter(|operation| operation.path.contains("/{id}")) {
        all.ask(&other, operation).await.refused(404, "not_found");
        asked += 1;
    }
    assert!(asked >= 30, "{asked}");
    // What names another's object in its body is refused; what makes something of one's own, or lists it, shows nothing.
    for operation in OPERATIONS.iter().filter(|operation| !operation.path.contains('{')) {
        let is_named = takes_a_body(operation) && {
            let body = all.body(operation);
            all.fields.iter().any(|(name, value)| body.get(name) == Some(value))
        };
        let answer = all.ask(&other, operation).await;
        assert!(!is_named || [404, 422].contains(&answer.status), "{}: {}", operation.path, answer.text());
        let shown = answer.text();
        for object in all.objects.values() {
            assert!(!shown.contains(object.as_str()), "{}: {shown}", operation.path);
        }
    }
    assert_eq!(objects(&all).await, before);
}

#[tokio::test]
async fn another_workspaces_objects_do_not_exist() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let draft = world.approved(&thread, "none of yours").await;
    let message = id(&thread["messages"][0]).to_owned();
    let keys = world.owner.get("/v1/api-keys").await.expect(200);
    world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": true}})).await.expect(200);
    world.receive(&Letter::from("stranger@customer.test")).await;
    let held = actionlayer_tests::eventually("held mail", async || {
        let list = world.owner.get("/v1/inbound/pending").await.expect(200);
        array(&list["data"]).first().map(|held| id(held).to_owned())
    })
    .await;

    let other = world.new_workspace("The other").await;
    assert_eq!(other.get("/v1/workspace").await.expect(200)["name"], "The other");
    let (identity, domain) = (id(&world.identity), id(&world.domain));
    for path in ["threads", "drafts", "identities", "domains", "inbound/pending"] {
        let list = other.get(&format!("/v1/{path}")).await.expect(200);
        assert_eq!((array(&list["data"]).len(), list["total"].as_u64()), (0, Some(0)), "{path}");
    }
    for path in [
        format!("/v1/threads/{}", id(&thread)),
        format!("/v1/messages/{message}"),
        format!("/v1/messages/{message}/raw"),
        format!("/v1/messages/{message}/attachments/0"),
        format!("/v1/drafts/{}", id(&draft)),
        format!("/v1/drafts/{}/versions", id(&draft)),
        format!("/v1/identities/{identity}"),
        format!("/v1/domains/{domain}"),
    ] {
        other.get(&path).await.refused(404, "not_found");
    }
    for path in [
        step(&draft, "approve"),
        step(&draft, "reject"),
        step(&draft, "send"),
        step(&draft, "notify"),
        format!("/v1/domains/{domain}/verify"),
        format!("/v1/inbound/pending/{held}/approve"),
        format!("/v1/inbound/pending/{held}/block"),
    ] {
        other.post_empty(&path).await.refused(404, "not_found");
    }
    for (path, body) in [
        (format!("/v1/threads/{}", id(&thread)), json!({"status": "closed"})),
        (format!("/v1/drafts/{}", id(&draft)), json!({"body_text": "mine now"})),
        (format!("/v1/identities/{identity}"), json!({"auto_approve_replies": true})),
    ] {
        other.patch(&path, body).await.refused(404, "not_found");
    }
    for path in [
        format!("/v1/identities/{identity}"),
        format!("/v1/domains/{domain}"),
        format!("/v1/api-keys/{}", id(&keys["data"][0])),
    ] {
        other.delete(&path).await.refused(404, "not_found");
    }
    other.post("/v1/drafts", world.proposal(&thread, "hello")).await.refused(404, "not_found");
    let email = json!({"identity_id": identity, "to": CUSTOMER, "subject": "Hi", "body_text": "Hi"});
    other.post("/v1/emails/send", email).await.refused(404, "not_found");
    let reply = json!({"thread_id": thread["id"], "identity_id": identity, "body_text": "Hi"});
    other.post("/v1/emails/reply", reply).await.refused(404, "not_found");
    let theft = json!({"domain_id": domain, "local_part": "max", "display_name": "Max"});
    let refused = other.post("/v1/identities", theft).await;
    assert!([404, 422].contains(&refused.status), "{}", refused.text());
    // A name belongs to whoever claimed it first.
    other.post("/v1/domains", json!({"domain": world.domain["domain"]})).await.refused(409, "conflict");
    let bound = json!({"name": "x", "identity_ids": [identity]});
    let refused = other.post("/v1/api-keys", bound).await;
    assert!([404, 422].contains(&refused.status), "{}", refused.text());

    // A cursor opens the list it was made for only.
    world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": false}})).await.expect(200);
    world.begin(&Letter::from(CUSTOMER)).await;
    let page = world.owner.get("/v1/threads?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().expect("there is more");
    other.get(&format!("/v1/threads?limit=1&cursor={cursor}")).await.refused(422, "validation_error");
    let rest = world.owner.get(&format!("/v1/threads?limit=1&cursor={cursor}")).await.expect(200);
    assert_ne!(rest["data"][0]["id"], page["data"][0]["id"]);
    assert_eq!(world.reread(&draft).await["status"], "approved");
}
