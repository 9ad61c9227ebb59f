//! Keys that are bound to an identity: to them, what belongs to another one does not exist.

use actionlayer_tests::{
    Api, CUSTOMER, Letter,
    contract::{OPERATIONS, resolve},
    eventually,
    world::{array, id, step},
};
use reqwest::Method;
use serde_json::json;

use crate::everything::{Everything, takes_a_body};

/// A key of the workspace that may do everything, and sees an identity which has nothing.
async fn bound_elsewhere(all: &Everything) -> Api {
    let other = all.world.new_identity("noa", json!({})).await;
    let key = json!({"name": "bound", "role": "full", "identity_ids": [id(&other)]});
    let made = all.world.owner.post("/v1/api-keys", key).await.expect(201);
    all.world.anyone.with_key(made["key"].as_str().unwrap())
}

#[tokio::test]
async fn what_is_another_identitys_is_not_found() {
    let all = Everything::there_is().await;
    let bound = bound_elsewhere(&all).await;
    let mut asked = 0;
    for operation in OPERATIONS.iter() {
        let Some(object) = all.object(operation).await else { continue };
        if object["identity_id"] == all.world.identity["id"] || object["id"] == all.world.identity["id"] {
            all.ask(&bound, operation).await.refused(404, "not_found");
            asked += 1;
        }
    }
    assert!(asked >= 15, "{asked}");
}

#[tokio::test]
async fn a_request_that_names_another_identity_or_what_is_its_changes_nothing() {
    let all = Everything::there_is().await;
    let bound = bound_elsewhere(&all).await;
    let names = ["identity_id", "thread_id", "message_id", "draft_id"];
    for operation in OPERATIONS.iter().filter(|operation| takes_a_body(operation) && !operation.path.contains('{')) {
        let properties = operation.body.as_ref().map(|schema| resolve(schema)["properties"].clone());
        let is_named = |name: &&str| properties.as_ref().is_some_and(|fields| fields.get(*name).is_some());
        if names.iter().any(is_named) {
            all.ask(&bound, operation).await.refused(404, "not_found");
        }
    }
    assert_eq!(all.world.owner.get("/v1/drafts").await.expect(200)["total"], 1);
}

#[tokio::test]
async fn no_list_shows_what_is_another_identitys() {
    let all = Everything::there_is().await;
    let bound = bound_elsewhere(&all).await;
    for operation in OPERATIONS.iter().filter(|operation| operation.parameters.contains("cursor")) {
        if operation.path.contains('{') {
            continue;
        }
        let list = bound.get(&format!("{}?limit=100", operation.path)).await;
        if list.status == 403 {
            continue;
        }
        for item in array(&list.expect(200)["data"]) {
            let mine = &all.world.identity["id"];
            let shows = [&item["identity_id"], &item["payload"]["identity_id"], &item["id"]].contains(&mine);
            assert!(!shows, "{}: {item}", operation.path);
        }
        if operation.parameters.contains("identity_id") {
            let path = format!("{}?identity_id={}", operation.path, id(&all.world.identity));
            bound.get(&path).await.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn what_is_about_the_whole_workspace_is_forbidden() {
    let all = Everything::there_is().await;
    for role in ["read", "agent", "automation", "full"] {
        let key = json!({"name": "bound", "role": role, "identity_ids": [id(&all.world.identity)]});
        let made = all.world.owner.post("/v1/api-keys", key).await.expect(201);
        let bound = all.world.anyone.with_key(made["key"].as_str().unwrap());
        let mut asked = 0;
        for operation in OPERATIONS.iter() {
            let kind = operation.path.split('/').nth(2).unwrap_or_default();
            let is_private = matches!(kind, "contacts" | "api-keys" | "suppressions");
            let is_shared =
                matches!(kind, "workspace" | "domains" | "webhooks" | "billing") && operation.method != Method::GET;
            let is_new_identity = operation.path == "/v1/identities" && operation.method == Method::POST;
            if is_private || is_shared || is_new_identity {
                let answer = all.ask(&bound, operation).await;
                // What a key does not see does not exist for it.
                assert!([403, 404].contains(&answer.status), "{role}: {} {}", operation.method, operation.path);
                assert!(answer.status == 403 || kind == "webhooks", "{role}: {} {}", operation.method, operation.path);
                asked += 1;
            }
        }
        assert!(asked >= 20, "{asked}");
    }
}

#[tokio::test]
async fn a_key_does_for_its_identity_what_its_role_allows() {
    let all = Everything::there_is().await;
    let world = &all.world;
    let key = json!({"name": "bound", "role": "full", "identity_ids": [id(&world.identity)]});
    let made = world.owner.post("/v1/api-keys", key).await.expect(201);
    let bound = world.anyone.with_key(made["key"].as_str().unwrap());
    world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": false}})).await.expect(200);
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    eventually("the thread to be listed", async || {
        let list = bound.get("/v1/threads").await.expect(200);
        array(&list["data"]).iter().any(|listed| listed["id"] == thread["id"]).then_some(())
    })
    .await;
    let draft = bound.post("/v1/drafts", world.proposal(&thread, "Yes.")).await.expect(201);
    bound.post_empty(&step(&draft, "approve")).await.expect(200);
    bound.post_empty(&step(&draft, "send")).await.expect(202);
    world.until_draft(&draft, "sent").await;
}
