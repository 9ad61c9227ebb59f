//! Several workspaces of one deployment, each with a mailbox of its own.

use actionlayer_tests::{Api, World, world::id};
use serde_json::json;

/// A workspace beside the first.
pub(crate) struct Tenant {
    pub(crate) owner: Api,
    /// Where it gets mail.
    pub(crate) address: String,
}

/// So many workspaces, the world's own the first of them.
pub(crate) async fn tenants(world: &World, count: usize) -> Vec<Tenant> {
    let mut tenants = vec![Tenant { owner: world.owner.clone(), address: world.address().to_owned() }];
    for number in 1..count {
        let owner = world.new_workspace(&format!("Workspace {number}")).await;
        let name = format!("w{number}.novacore.test");
        let domain = owner.post("/v1/domains", json!({"domain": name})).await.expect(201);
        world.anyone.post("/local/dns/publish", json!({"domain": name})).await.expect(200);
        owner.post_empty(&format!("/v1/domains/{}/verify", id(&domain))).await.expect(200);
        let identity = json!({"domain_id": domain["id"], "local_part": "mia", "display_name": "Mia"});
        let identity = owner.post("/v1/identities", identity).await.expect(201);
        tenants.push(Tenant { owner, address: identity["email_address"].as_str().unwrap().to_owned() });
    }
    tenants
}
