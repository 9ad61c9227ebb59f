//! A thousand rules, and much that happens at once: 200 rules in each of five workspaces.

use actionlayer_tests::{
    Engine, Letter, World, eventually,
    world::{array, id},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    rules_at_work::tags,
    tenants::{Tenant, tenants},
};

const WORKSPACES: usize = 5;
const RULES: usize = 200;
/// Rules go by lots: a mail names one, and a tenth of a hundred rules waits for it.
const LOTS: usize = 20;
const MAILS: usize = 8;

async fn make_rules(tenant: &Tenant) {
    for number in 0..RULES {
        let lot = format!("#{}#", number % LOTS);
        let rule = json!({
            "name": format!("rule {number}"), "trigger": "email.received", "priority": number,
            "conditions": {"operator": "AND", "conditions": [
                {"field": "message.subject", "op": "contains", "value": lot},
            ]},
            "actions": [{"type": "add_tag", "tag": format!("t{number}")}],
        });
        tenant.owner.post("/v1/rules", rule).await.expect(201);
    }
}

async fn thread_of(tenant: &Tenant, person: &str) -> Option<Value> {
    let found = tenant.owner.get(&format!("/v1/threads?contact={person}")).await.expect(200);
    array(&found["data"]).first().cloned()
}

#[tokio::test]
async fn a_thousand_rules_and_a_burst() {
    let world = World::start_on(Engine::start_with(&["RateLimits=off"]).await, json!({})).await;
    let tenants = tenants(&world, WORKSPACES).await;
    join_all(tenants.iter().map(make_rules)).await;
    let person = |number: usize| format!("b{number}@customer.test");
    // All at once, and some of it twice.
    world.fault("sqs", "ReceiveMessage", "duplicate_delivery", 40).await;
    let burst = tenants.iter().flat_map(|tenant| (0..MAILS).map(move |number| (tenant, number)));
    join_all(burst.map(async |(tenant, number)| {
        let letter = Letter::from(&person(number)).subject(&format!("About lot #{number}#"));
        world.receive_at(&tenant.address, &letter).await;
    }))
    .await;
    for tenant in &tenants {
        for number in 0..MAILS {
            let wanted: Vec<String> = (number..RULES).step_by(LOTS).map(|rule| format!("t{rule}")).collect();
            let what = format!("the tags of mail {number} at {}", tenant.address);
            // In the order of the rules, each once, and none of another lot.
            eventually(&what, async || {
                let thread = thread_of(tenant, &person(number)).await?;
                (tags(&thread) == wanted).then_some(())
            })
            .await;
        }
        let rules = tenant.owner.get("/v1/rules?limit=100").await.expect(200);
        assert_eq!(rules["total"], RULES);
        assert!(array(&rules["data"]).iter().all(|rule| rule["active"] == true && rule["last_error"].is_null()));
    }
    world.no_faults().await;
    // The last rule of the last lot was considered for each mail, and matched the one of its lot only.
    for tenant in &tenants {
        let rules = tenant.owner.get("/v1/rules?limit=1").await.expect(200);
        let newest = id(&rules["data"][0]);
        let runs = tenant.owner.get(&format!("/v1/rules/{newest}/runs?limit=100")).await.expect(200);
        assert_eq!(array(&runs["data"]).len(), MAILS, "{}", tenant.address);
        assert!(array(&runs["data"]).iter().all(|run| run["matched"] == false), "lot 19 was not named");
    }
}
