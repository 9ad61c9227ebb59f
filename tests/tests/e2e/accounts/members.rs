//! Several users of a workspace, and several workspaces of a user.

use actionlayer_tests::{Browser, Engine, World, eventually};
use serde_json::json;

use super::{GUEST, OWNER, PASSWORD, link, owner, path_in, token};

#[tokio::test]
async fn roles_and_invitations() {
    let engine = Engine::start_with(&["SignUp=invite"]).await;
    let world = World::start_on(engine, json!({})).await;
    let olga = owner(&world.anyone, &world.engine.http).await;
    let base = &world.engine.http;
    // One is taken back before it is used.
    olga.submit("/settings/users/invite", &[("email", "wrong@people.test"), ("role", "owner")]).await.expect(200);
    let path = link(&world, "wrong@people.test", "/invitation").await;
    let page = olga.get("/settings/users").await.expect(200).says("wrong@people.test");
    olga.submit("/settings/users/withdraw", &[("invitation", &page.field("invitation"))]).await.expect(200);
    Browser::new(base).get(&path).await.expect(410);
    olga.post("/settings/users/invite", &[("email", OWNER), ("role", "viewer")]).await.expect(409);

    let join = async |email: &str, role: &str| {
        olga.submit("/settings/users/invite", &[("email", email), ("role", role)])
            .await
            .expect(200)
            .says("gets a mail");
        let path = link(&world, email, "/invitation").await;
        let browser = Browser::new(base);
        browser.get(&path).await.expect(200).says("Olga").says(role);
        let typed = [("token", token(&path)), ("name", "Them"), ("password", PASSWORD)];
        browser.post("/invitation", &typed).await.expect(303);
        browser.get(&path).await.expect(410);
        browser
    };
    let viewer = join(GUEST, "viewer").await;
    let approver = join("ann@people.test", "approver").await;
    let gus = {
        let page = viewer.get("/settings/users").await.expect(200).says("An owner can invite");
        assert!(!page.text.contains("name=\"user_id\"") && !page.text.contains("/settings/users/invite"));
        let page = olga.get("/settings/users").await.expect(200);
        let before = page.text.split(GUEST).nth(1).unwrap();
        before.split("name=\"user_id\" value=\"").nth(1).unwrap()[..36].to_owned()
    };
    // Roles × routes.
    for browser in [&viewer, &approver] {
        for (path, fields) in [
            ("/settings/users/invite", vec![("email", "x@people.test"), ("role", "owner")]),
            ("/settings/users/role", vec![("user_id", gus.as_str()), ("role", "owner")]),
            ("/settings/users/withdraw", vec![("invitation", "00")]),
        ] {
            browser.post(path, &fields).await.expect(403);
        }
        browser.get("/settings/audit").await.expect(403);
        browser.get("/settings/sessions").await.expect(200);
        browser.get("/settings/users").await.expect(200);
    }
    approver.post("/settings/users/remove", &[("user_id", &gus)]).await.expect(403);
    // From the next request on.
    olga.submit("/settings/users/role", &[("user_id", &gus), ("role", "owner")]).await.expect(200);
    viewer.get("/settings/audit").await.expect(200).says("invited");
    olga.submit("/settings/users/remove", &[("user_id", &gus)]).await.expect(200);
    assert_eq!(viewer.get("/settings/users").await.expect(303).location(), "/workspaces");
    viewer.get("/workspaces").await.expect(200).says("You belong to no workspace");
    // The last owner stays.
    let olgas = olga.get("/settings/users").await.text;
    let own = olgas.split("name=\"user_id\" value=\"").nth(1).unwrap()[..36].to_owned();
    olga.post("/settings/users/role", &[("user_id", &own), ("role", "viewer")]).await.expect(409);
    olga.post("/settings/users/remove", &[("user_id", &own)]).await.expect(409);
    // Somebody with an account is invited again, and accepts signed in, once, by their own address alone.
    olga.submit("/settings/users/invite", &[("email", GUEST), ("role", "approver")]).await.expect(200);
    let path = eventually("another invitation", async || {
        let mails = world.sent_to(GUEST).await;
        let links: Vec<_> = mails.iter().filter_map(|sent| path_in(sent, "/invitation")).collect();
        (links.len() == 2).then_some(links)
    })
    .await;
    let open = Browser::new(base);
    let mut path = path.into_iter();
    let (one, two) = (path.next().unwrap(), path.next().unwrap());
    let fresh = if open.get(&one).await.status == 200 { one } else { two };
    approver.post("/invitation", &[("token", token(&fresh))]).await.expect(403).says("another address");
    viewer.post("/invitation", &[("token", token(&fresh))]).await.expect(303);
    viewer.get("/settings/users").await.expect(200).says("approver");
    // Each of two workspaces of one user.
    olga.submit("/workspaces/create", &[("name", "Second")]).await;
    olga.get("/settings/users").await.expect(200).says("Second");
    let page = olga.get("/workspaces").await.expect(200).says("Second").says("Novacore");
    olga.post("/workspaces/switch", &[("workspace_id", &page.field("workspace_id"))]).await.expect(303);
    olga.get("/settings/users").await.expect(200).says("Novacore").says(GUEST);
    approver.post("/workspaces/create", &[("name", "Mine")]).await.expect(403);
}
