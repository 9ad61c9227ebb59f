//! People who sign in: how they come to an account and a session, and what nobody gets by trying.

use actionlayer_tests::{Api, Browser, Engine, Sent, World, eventually, world::id};
use reqwest::Method;
use serde_json::json;

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "staple under the moon";
const OWNER: &str = "olga@people.test";
const GUEST: &str = "gus@people.test";

async fn start_path(api: &Api) -> String {
    let made = api.post_empty("/local/start-link").await.expect(200);
    let url = made["url"].as_str().unwrap();
    url[url.find("/start").unwrap()..].to_owned()
}

fn token(path: &str) -> &str {
    path.split_once("token=").unwrap().1
}

/// The first owner, signed in.
async fn owner(api: &Api, base: &str) -> Browser {
    let browser = Browser::new(base);
    let path = start_path(api).await;
    let fields = [("token", token(&path)), ("name", "Olga"), ("email", OWNER), ("password", PASSWORD)];
    let fields = [&fields[..], &[("workspace_name", "Novacore")]].concat();
    assert_eq!(browser.post("/start", &fields).await.expect(303).location(), "/");
    browser
}

async fn sign_in(base: &str, email: &str, password: &str) -> Browser {
    let browser = Browser::new(base);
    let page = browser.post("/sign-in", &[("email", email), ("password", password), ("next", "/settings/users")]).await;
    assert_eq!(page.expect(303).location(), "/settings/users");
    browser
}

/// Tries are counted by the quarter of an hour: a test that counts them begins with one.
async fn a_quarter_begins(api: &Api) {
    let now = api.get("/local/clock").await.expect(200)["now"].as_str().unwrap().to_owned();
    let number = |range: std::ops::Range<usize>| now[range].parse::<u32>().unwrap();
    let into = (number(14..16) % 15) * 60 + number(17..19);
    api.post("/local/clock", json!({"advance_seconds": 901 - into})).await.expect(200);
}

/// The path of the link in the newest mail to somebody that holds this part.
async fn link(world: &World, to: &str, part: &str) -> String {
    eventually("the link", async || {
        let sent = world.sent_to(to).await;
        sent.iter().rev().find_map(|sent| path_in(sent, part))
    })
    .await
}

fn path_in(sent: &Sent, part: &str) -> Option<String> {
    let text = sent.text();
    let begin = text.find(part)?;
    Some(text[begin..].split_whitespace().next()?.to_owned())
}

#[tokio::test]
async fn from_the_printed_link_to_an_owner_who_is_signed_in() {
    let engine = Engine::start().await;
    let api = Api::new(&engine.http);
    let browser = Browser::new(&engine.http);
    let path = start_path(&api).await;
    // A scanner opens everything, twice.
    for _ in 0..2 {
        browser.get(&path).await.expect(200).says("makes you the owner");
    }
    let typed = [("token", token(&path)), ("name", "Olga"), ("email", "nobody"), ("password", "short")];
    let page = browser.post("/start", &[&typed[..], &[("workspace_name", "")]].concat()).await.expect(422);
    page.says("The address").says("The workspace&#39;s name").says("value=\"Olga\"");
    assert_eq!(browser.session(), "");
    let typed = [("token", token(&path)), ("name", "Olga"), ("email", OWNER), ("password", PASSWORD)];
    let typed = [&typed[..], &[("workspace_name", "Novacore")]].concat();
    assert_eq!(browser.post("/start", &typed).await.expect(303).location(), "/");
    browser.get("/settings/users").await.expect(200).says("Olga").says("Novacore").says("owner");
    // Once.
    Browser::new(&engine.http).post("/start", &typed).await.expect(410);
    browser.get(&path).await.expect(410).says("does nothing any more");
    // The deployment has its workspace.
    api.post("/v1/auth/bootstrap", json!({"workspace_name": "Mine"})).await.refused(409, "workspace_exists");
    // The next link signs the owner in, and is used up by its form alone.
    let again = start_path(&api).await;
    let other = Browser::new(&engine.http);
    other.get(&again).await.expect(200).says(OWNER);
    other.post("/start", &[("token", token(&again))]).await.expect(303);
    other.get("/settings/audit").await.expect(200).says("signed in by the engine&#39;s link");
    Browser::new(&engine.http).post("/start", &[("token", token(&again))]).await.expect(410);
    assert!(!engine.log().contains(OWNER) && !engine.log().contains(token(&again)));
}

#[tokio::test]
async fn the_owner_gets_the_workspace_that_was_bootstrapped() {
    let world = World::start().await;
    let path = start_path(&world.anyone).await;
    let browser = Browser::new(&world.engine.http);
    let page = browser.get(&path).await.expect(200);
    assert!(!page.text.contains("workspace_name"), "it has one");
    let typed = [("token", token(&path)), ("name", "Olga"), ("email", OWNER), ("password", PASSWORD)];
    browser.post("/start", &typed).await.expect(303);
    browser.get("/settings/users").await.expect(200).says("Novacore");
}

#[tokio::test]
async fn the_deployments_token_makes_one_owner() {
    let token = "a-token-nobody-guesses-0123456789";
    let engine = Engine::start_with(&[&format!("BootstrapToken={token}")]).await;
    let browser = Browser::new(&engine.http);
    browser.get("/start?token=a-token-nobody-guesses-0123456788").await.expect(410);
    browser.get(&format!("/start?token={token}")).await.expect(200);
    let typed = [("token", token), ("name", "Olga"), ("email", OWNER), ("password", PASSWORD)];
    let typed = [&typed[..], &[("workspace_name", "Novacore")]].concat();
    browser.post("/start", &typed).await.expect(303);
    Browser::new(&engine.http).post("/start", &typed).await.expect(410);
    browser.get(&format!("/start?token={token}")).await.expect(410);
    assert!(!engine.log().contains(token));
}

#[tokio::test]
async fn without_a_session_everything_leads_to_the_sign_in_and_back() {
    let engine = Engine::start().await;
    let api = Api::new(&engine.http);
    drop(owner(&api, &engine.http).await);
    let browser = Browser::new(&engine.http);
    for path in ["/", "/settings/users", "/settings/sessions", "/settings/audit", "/workspaces"] {
        let page = browser.get(path).await.expect(303);
        assert!(page.location().starts_with("/sign-in?next=%2F"), "{path}: {}", page.location());
    }
    let page = browser.open("/settings/audit?before=x").await.expect(200);
    assert_eq!(page.field("next"), "/settings/audit?before=x");
    let typed = [("email", OWNER), ("password", PASSWORD), ("next", "/settings/audit?before=x")];
    assert_eq!(browser.post("/sign-in", &typed).await.expect(303).location(), "/settings/audit?before=x");
    // Never elsewhere.
    for next in ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"] {
        let page = browser.post("/sign-in", &[("email", OWNER), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(page.expect(303).location(), "/", "{next}");
    }
    browser.submit("/sign-out", &[]).await.expect(200).says("You are signed out");
    browser.get("/settings/users").await.expect(303);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let engine = Engine::start().await;
    drop(owner(&Api::new(&engine.http), &engine.http).await);
    let mut seen = Vec::new();
    for (email, password) in [(OWNER, "wrong wrong wrong"), ("nobody@people.test", PASSWORD), ("no address", PASSWORD)]
    {
        let browser = Browser::new(&engine.http);
        let page = browser.post("/sign-in", &[("email", email), ("password", password)]).await.expect(422);
        assert_eq!(browser.session(), "");
        assert!(!page.text.contains(password), "a password is never shown again");
        seen.push(page.text.replace(email, "…"));
    }
    assert!(seen.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn a_flood_is_stopped_before_anything_is_hashed() {
    let engine = Engine::start().await;
    let api = Api::new(&engine.http);
    drop(owner(&api, &engine.http).await);
    a_quarter_begins(&api).await;
    let browser = Browser::new(&engine.http);
    for email in [OWNER, "nobody@people.test"] {
        for _ in 0..10 {
            browser.post("/sign-in", &[("email", email), ("password", "wrong wrong wrong")]).await.expect(422);
        }
        // Neither the right password nor another spelling of the address helps.
        for spelling in [email.to_owned(), email.to_uppercase(), format!(" {email} ")] {
            let page = browser.post("/sign-in", &[("email", &spelling), ("password", PASSWORD)]).await.expect(429);
            assert!(page.header("retry-after").parse::<u32>().unwrap() <= 900);
            page.says("Try again in");
        }
    }
    api.post("/local/clock", json!({"advance_seconds": 900})).await.expect(200);
    sign_in(&engine.http, OWNER, PASSWORD).await;
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_stopped_as_well() {
    let engine = Engine::start_with(&["RateLimits=reads=60,writes=20,sign_ins=3"]).await;
    let browser = Browser::new(&engine.http);
    let mut statuses = Vec::new();
    for n in 0..8 {
        let email = format!("somebody{n}@people.test");
        statuses.push(browser.post("/sign-in", &[("email", &email), ("password", PASSWORD)]).await.status);
    }
    assert!(statuses.contains(&429) && statuses[0] == 422, "{statuses:?}");
}

#[tokio::test]
async fn a_session_is_new_at_every_sign_in_and_ends_when_it_is_ended() {
    let engine = Engine::start().await;
    let api = Api::new(&engine.http);
    let first = owner(&api, &engine.http).await;
    // Somebody planted a session, or has had a copy of it: after the sign-in it is none.
    let thief = first.copy();
    let planted = first.session();
    first.post("/sign-in", &[("email", OWNER), ("password", PASSWORD)]).await.expect(303);
    assert_ne!(first.session(), planted);
    thief.get("/settings/users").await.expect(303);
    let fixed = Browser::new(&engine.http);
    fixed.plant("session", "0197f3a0-5c1e-7d2a-9f00-1234567890ab.00");
    fixed.post("/sign-in", &[("email", OWNER), ("password", PASSWORD)]).await.expect(303);
    assert!(fixed.session().len() > 90 && fixed.session() != planted);
    // Listed, and ended from elsewhere.
    let second = sign_in(&engine.http, OWNER, PASSWORD).await;
    let page = second.get("/settings/sessions").await.expect(200).says("Tests/1").says("this one");
    assert_eq!(page.text.matches("name=\"session\"").count(), 3);
    let sessions: Vec<&str> = page.text.split("name=\"session\" value=\"").skip(1).map(|rest| &rest[..64]).collect();
    let own = page.text.split("this one").next().unwrap().matches("name=\"session\"").count();
    for (n, session) in sessions.iter().enumerate().filter(|(n, _)| *n != own) {
        second.submit("/settings/sessions/end", &[("session", session)]).await.expect(200).says("is over");
        assert!(n < 3);
    }
    first.get("/settings/users").await.expect(303);
    fixed.get("/settings/users").await.expect(303);
    second.get("/settings/users").await.expect(200);
    // Signing out ends it on the server, not only in the browser.
    let thief = second.copy();
    second.post("/sign-out", &[]).await.expect(303);
    assert_eq!(second.session(), "");
    thief.get("/settings/users").await.expect(303);
}

#[tokio::test]
async fn a_session_ends_idle_and_old() {
    let engine = Engine::start().await;
    let api = Api::new(&engine.http);
    let browser = owner(&api, &engine.http).await;
    let days = async |days: u32| {
        api.post("/local/clock", json!({"advance_seconds": days * 24 * 60 * 60})).await.expect(200);
    };
    for _ in 0..4 {
        days(6).await;
        browser.get("/settings/users").await.expect(200);
    }
    days(6).await;
    // 30 days, however much it was used.
    browser.get("/settings/users").await.expect(303);
    let idle = sign_in(&engine.http, OWNER, PASSWORD).await;
    days(7).await;
    idle.get("/settings/users").await.expect(303);
}

#[tokio::test]
async fn another_password_ends_every_other_session() {
    let engine = Engine::start().await;
    let browser = owner(&Api::new(&engine.http), &engine.http).await;
    let other = sign_in(&engine.http, OWNER, PASSWORD).await;
    let change = [("password", "not the right one"), ("new_password", OTHER)];
    browser.post("/settings/sessions/password", &change).await.expect(422).says("is not right");
    let change = [("password", PASSWORD), ("new_password", "short")];
    browser.post("/settings/sessions/password", &change).await.expect(422).says("at least 10");
    let before = browser.session();
    browser.submit("/settings/sessions/password", &[("password", PASSWORD), ("new_password", OTHER)]).await.expect(200);
    assert_ne!(browser.session(), before);
    other.get("/settings/users").await.expect(303);
    sign_in(&engine.http, OWNER, OTHER).await;
    let page = other.post("/sign-in", &[("email", OWNER), ("password", PASSWORD)]).await;
    page.expect(422);
}

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
    let first = link(&world, OWNER, "/reset/password").await;
    world.come_to_rest().await;
    assert!(world.sent_to("nobody@people.test").await.is_empty());
    let links: Vec<String> =
        world.sent_to(OWNER).await.iter().filter_map(|sent| path_in(sent, "/reset/password")).collect();
    assert_eq!(links.len(), 2);
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
    world.advance(3600).await;
    let expired = links.last().unwrap();
    door.get(expired).await.expect(410);
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

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let engine = Engine::start().await;
    let browser = owner(&Api::new(&engine.http), &engine.http).await;
    let own = engine.http.clone();
    for headers in [
        vec![],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "https://evil.test")],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
    ] {
        for path in ["/sign-out", "/sign-in", "/settings/users/invite", "/workspaces/create", "/start"] {
            let page = browser.ask(Method::POST, path, &headers, Some(&[("name", "x")])).await;
            page.expect(403).says("did not come from a page");
        }
    }
    browser.get("/settings/users").await.expect(200);
    browser.ask(Method::POST, "/workspaces/create", &[("origin", &own)], Some(&[("name", "x")])).await.expect(303);
}

#[tokio::test]
async fn every_page_says_what_it_may_do() {
    let engine = Engine::start().await;
    let browser = owner(&Api::new(&engine.http), &engine.http).await;
    for path in ["/sign-in", "/sign-up", "/reset", "/start", "/settings/users", "/settings/sessions", "/nowhere", "/"] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy");
        for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert!(
            !page.text.contains("<style") && !page.text.contains(" style=") && !page.text.contains("onclick"),
            "{path}"
        );
    }
    browser.get("/nowhere").await.expect(404).says("There is nothing here");
    browser.get("/sign-out").await.expect(405);
    // The style sheet and the script, kept under a name that changes with them.
    let page = browser.get("/settings/users").await;
    for file in ["style.css", "dashboard.js"] {
        let path = page.text.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(file)).unwrap();
        let asset = browser.get(path).await.expect(200);
        assert!(asset.header("cache-control").contains("immutable") && !asset.text.is_empty());
        let other = browser.get(&format!("/assets/0/{file}")).await.expect(200);
        assert_eq!(other.header("cache-control"), "no-store");
    }
    // A cookie no script reads, and no other site sends along.
    let page = browser.post("/sign-in", &[("email", OWNER), ("password", PASSWORD)]).await.expect(303);
    let cookie = page.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
}
