//! Where a form may come from, and what a page says to the browser.

use actionlayer_tests::{Api, Engine};
use reqwest::Method;

use super::{OWNER, PASSWORD, owner};

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
