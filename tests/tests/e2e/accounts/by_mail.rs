//! What takes a link by mail: another password, signing up, proving an address.

use actionlayer_tests::{Api, Browser, Engine, World, eventually, world::id};
use reqwest::Method;
use serde_json::json;

use super::{GUEST, OTHER, OWNER, PASSWORD, a_quarter_begins, link, owner, path_in, sign_in, token};

#[tokio::test]
async fn a_reset_works_once_and_says_nothing_about_who_has_an_account() {
    let world = World::start().await;
    let browser = owner(&world.anyone, &world.engine.http).await;
    a_quarter_begins(&world.anyone).await;
    let door = Browser::new(&world.engine.http);
    let known = door.post("/reset", &[("email", OWNER)]).await.expect(200);
    let unknown = door.post("/reset", &[("email", "nobody@people.test")]).await.expect(200);
    assert_eq!(known.text, unknown.text);
    door.post("/reset", &[("email", OWNER)]).await.expect(200);
    let links = eventually("both links", async || {
        let sent = world.sent_to(OWNER).await;
        let links: Vec<String> = sent.iter().filter_map(|sent| path_in(sent, "/reset/password")).collect();
        (links.len() == 2).then_some(links)
    })
    .await;
    let first = links[0].clone();
    // Scanners open links, and use nothing up.
    for path in &links {
        for method in [Method::GET, Method::HEAD, Method::GET] {
            door.ask(method, path, &[], None).await.expect(200);
        }
    }
    browser.get("/settings/users").await.expect(200);
    door.post("/reset/password", &[("token", token(&first)), ("password", "short")]).await.expect(422);
    let page = door.submit("/reset/password", &[("token", token(&first)), ("password", OTHER)]).await.expect(200);
    page.says("Sign in with it");
    // Neither it nor the other one works again, and every session is over.
    for path in &links {
        door.post("/reset/password", &[("token", token(path)), ("password", PASSWORD)]).await.expect(410);
        door.get(path).await.expect(410);
    }
    browser.get("/settings/users").await.expect(303);
    let back = sign_in(&world.engine.http, OWNER, OTHER).await;
    back.get("/settings/audit").await.expect(200).says("set another password by a link");
    // Too many mails to one address are not sent.
    door.post("/reset", &[("email", OWNER)]).await.expect(200);
    door.post("/reset", &[("email", OWNER)]).await.expect(429);
    let third = eventually("the third link", async || {
        let sent = world.sent_to(OWNER).await;
        sent.iter().filter_map(|sent| path_in(sent, "/reset/password")).find(|path| !links.contains(path))
    })
    .await;
    door.get(&third).await.expect(200);
    world.advance(3600).await;
    door.get(&third).await.expect(410);
    world.come_to_rest().await;
    assert!(world.sent_to("nobody@people.test").await.is_empty());
    assert!(!world.engine.log().contains(OWNER) && !world.engine.log().contains(token(&first)));
}

#[tokio::test]
async fn where_no_mail_can_be_sent_it_says_what_to_do() {
    let engine = Engine::start_with(&["SignUp=open"]).await;
    let browser = owner(&Api::new(&engine.http), &engine.http).await;
    browser.get("/reset").await.expect(200).says("AccountMailFrom");
    browser.post("/reset", &[("email", OWNER)]).await.expect(409).says("AccountMailFrom");
    browser.post("/settings/sessions/verify", &[]).await.expect(409).says("AccountMailFrom");
    let typed = [("name", "Gus"), ("email", GUEST), ("password", PASSWORD), ("workspace_name", "Gus & Co")];
    Browser::new(&engine.http).post("/sign-up", &typed).await.expect(409).says("AccountMailFrom");
    // An invitation is handed on by hand.
    let invite = [("email", GUEST), ("role", "viewer")];
    let page = browser.post("/settings/users/invite", &invite).await.expect(200).says("Hand on this link");
    let path = page.text.split("/invitation?token=").nth(1).unwrap()[..64].to_owned();
    let guest = Browser::new(&engine.http);
    let typed = [("token", path.as_str()), ("name", "Gus"), ("password", PASSWORD)];
    guest.post("/invitation", &typed).await.expect(303);
    guest.get("/settings/users").await.expect(200).says("viewer");
    guest.get("/settings/sessions").await.expect(200).says("not confirmed");
}

#[tokio::test]
async fn anybody_signs_up_where_that_is_open_and_gets_a_workspace_of_their_own() {
    let engine = Engine::start_with(&["SignUp=open"]).await;
    let world = World::start_on(engine, json!({})).await;
    let olga = owner(&world.anyone, &world.engine.http).await;
    let guest = Browser::new(&world.engine.http);
    let typed = |email| [("name", "Gus"), ("email", email), ("password", PASSWORD), ("workspace_name", "Gus & Co")];
    let known = guest.post("/sign-up", &typed(OWNER)).await.expect(200);
    let unknown = guest.post("/sign-up", &typed(GUEST)).await.expect(200);
    assert_eq!(known.text, unknown.text);
    assert_eq!(guest.session(), "");
    eventually("the mail to who has an account", async || {
        let sent = world.sent_to(OWNER).await;
        sent.iter().find(|sent| sent.text().contains("has an account already")).map(|_| ())
    })
    .await;
    let path = link(&world, GUEST, "/sign-up/confirm").await;
    guest.get(&path).await.expect(200).says(GUEST);
    guest.post("/sign-in", &[("email", GUEST), ("password", PASSWORD)]).await.expect(422);
    guest.post("/sign-up/confirm", &[("token", token(&path))]).await.expect(303);
    guest.post("/sign-up/confirm", &[("token", token(&path))]).await.expect(410);
    guest.get("/settings/users").await.expect(200).says("Gus &#38; Co");
    guest.get("/settings/sessions").await.expect(200).says("✓ confirmed");
    // To each the other's workspace does not exist.
    let shown = [guest.get("/settings/users").await.text, guest.get("/workspaces").await.text].concat();
    assert!(!shown.contains("Olga") && !shown.contains("Novacore"), "{shown}");
    let olgas = olga.get("/settings/users").await.text;
    let user_id = olgas.split("name=\"user_id\" value=\"").nth(1).unwrap()[..36].to_owned();
    for (path, fields) in [
        ("/settings/users/role", vec![("user_id", user_id.as_str()), ("role", "viewer")]),
        ("/settings/users/remove", vec![("user_id", user_id.as_str())]),
        ("/workspaces/switch", vec![("workspace_id", id(&world.owner.get("/v1/workspace").await.expect(200)))]),
    ] {
        guest.post(path, &fields).await.expect(404);
    }
    olga.get("/settings/audit").await.expect(200);
    let session = olga.get("/settings/sessions").await.text;
    let session = session.split("name=\"session\" value=\"").nth(1).unwrap()[..64].to_owned();
    guest.post("/settings/sessions/end", &[("session", &session)]).await.expect(303);
    olga.get("/settings/users").await.expect(200);
}

#[tokio::test]
async fn nobody_signs_up_where_that_is_off_or_by_invitation() {
    for parameter in ["SignUp=off", "SignUp=invite"] {
        let engine = Engine::start_with(&[parameter]).await;
        let browser = Browser::new(&engine.http);
        browser.get("/sign-up").await.expect(403).says("SignUp");
        let typed = [("name", "Gus"), ("email", GUEST), ("password", PASSWORD), ("workspace_name", "Gus & Co")];
        browser.post("/sign-up", &typed).await.expect(403);
    }
}

#[tokio::test]
async fn an_address_is_confirmed_by_its_link() {
    let world = World::start().await;
    let olga = owner(&world.anyone, &world.engine.http).await;
    olga.get("/settings/sessions").await.expect(200).says("not confirmed");
    olga.submit("/settings/sessions/verify", &[]).await.expect(200).says("on its way");
    let path = link(&world, OWNER, "/verify").await;
    olga.get(&path).await.expect(200);
    olga.get("/settings/sessions").await.expect(200).says("not confirmed");
    olga.post("/verify", &[("token", token(&path))]).await.expect(303);
    olga.post("/verify", &[("token", token(&path))]).await.expect(410);
    olga.get("/settings/sessions").await.expect(200).says("✓ confirmed");
}
