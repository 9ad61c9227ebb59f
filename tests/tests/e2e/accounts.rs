//! People who sign in: how they come to an account and a session, and what nobody gets by trying.

mod by_mail;
mod forms;
mod members;
mod sessions;

use actionlayer_tests::{Api, Browser, Engine, Sent, World, eventually};
use serde_json::{Value, json};

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
async fn a_deployment_that_others_reach_belongs_to_whoever_has_its_token() {
    let token = "a-token-nobody-guesses-0123456789";
    let engine = Engine::start_with(&["Bootstrap=token", &format!("BootstrapToken={token}")]).await;
    let anyone = Api::new(&engine.http);
    let wanted = |more: Value| {
        let mut body = json!({"workspace_name": "Novacore"});
        actionlayer_tests::world::merge(&mut body, more);
        body
    };
    for refused in
        [json!({}), json!({"bootstrap_token": "a-token-nobody-guesses-0123456788"}), json!({"bootstrap_token": ""})]
    {
        let answer = anyone.post("/v1/auth/bootstrap", wanted(refused)).await;
        answer.refused(403, "forbidden");
        assert!(answer.text().contains("bootstrap_token") && !answer.text().contains(token), "{}", answer.text());
    }
    let made = anyone.post("/v1/auth/bootstrap", wanted(json!({"bootstrap_token": token}))).await.expect(201);
    let owner = anyone.with_key(made["api_key"].as_str().unwrap());
    owner.get("/v1/workspace").await.expect(200);
    // Once. On the dashboard it still makes the first owner, of that workspace.
    anyone.post("/v1/auth/bootstrap", wanted(json!({"bootstrap_token": token}))).await.refused(409, "workspace_exists");
    let browser = Browser::new(&engine.http);
    let typed = [("token", token), ("name", "Olga"), ("email", OWNER), ("password", PASSWORD)];
    browser.post("/start", &typed).await.expect(303);
    browser.get("/settings/users").await.expect(200).says("Novacore");
    assert!(!engine.log().contains(token));

    // Where nobody gave it a token it belongs to nobody.
    let engine = Engine::start_with(&["Bootstrap=token"]).await;
    let answer = Api::new(&engine.http).post("/v1/auth/bootstrap", wanted(json!({"bootstrap_token": token}))).await;
    answer.refused(403, "forbidden");
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
