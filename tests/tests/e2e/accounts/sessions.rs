//! Sessions: new at every sign-in, and over when they are ended, idle, old, or of an older password.

use actionlayer_tests::{Api, Browser, Engine};
use serde_json::json;

use super::{OTHER, OWNER, PASSWORD, owner, sign_in};

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
