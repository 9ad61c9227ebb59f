//! Roles × routes: every route of the dashboard, asked for by everybody there is.
//!
//! The routes are read from the dashboard's own source, so that one that nobody thought about fails here.

use std::{collections::BTreeMap, fs, path::Path};

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{Browser, CUSTOMER, Person, browser::Page, eventually, world::id};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{everything::Everything, tenancy::objects};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Whoever comes along: what opens a session, or uses up a link.
    Anybody,
    /// Whoever is signed in.
    Everyone,
    /// Those who decide: approvers and owners.
    Deciders,
    Owners,
}

impl Who {
    fn includes(self, role: MemberRole) -> bool {
        match self {
            Self::Anybody | Self::Everyone => true,
            Self::Deciders => role != MemberRole::Viewer,
            Self::Owners => role == MemberRole::Owner,
        }
    }
}

use Who::{Anybody, Deciders, Everyone, Owners};

type Fields = &'static [(&'static str, &'static str)];

const NOTHING: Fields = &[];

/// Who may what, and a form that could be taken. What is in braces is an object that exists, see [`Objects`]. What ends
/// something comes last.
const ROUTES: &[(&str, Who, Fields)] = &[
    ("GET /assets/{version}/{file}", Anybody, NOTHING),
    ("GET /start", Anybody, NOTHING),
    ("POST /start", Anybody, &[("token", "x")]),
    ("GET /sign-in", Anybody, NOTHING),
    ("POST /sign-in", Anybody, &[("email", "x@people.test"), ("password", "x")]),
    ("GET /sign-up", Anybody, NOTHING),
    (
        "POST /sign-up",
        Anybody,
        &[("name", "X"), ("email", "x@people.test"), ("password", "x"), ("workspace_name", "X")],
    ),
    ("GET /sign-up/confirm", Anybody, NOTHING),
    ("POST /sign-up/confirm", Anybody, &[("token", "x")]),
    ("GET /reset", Anybody, NOTHING),
    ("POST /reset", Anybody, &[("email", "x@people.test")]),
    ("GET /reset/password", Anybody, NOTHING),
    ("POST /reset/password", Anybody, &[("token", "x"), ("password", "long enough for one")]),
    ("GET /verify", Anybody, NOTHING),
    ("POST /verify", Anybody, &[("token", "x")]),
    ("GET /invitation", Anybody, NOTHING),
    ("POST /invitation", Anybody, &[("token", "x"), ("name", "X"), ("password", "long enough for one")]),
    ("GET /", Everyone, NOTHING),
    ("GET /onboarding", Everyone, NOTHING),
    ("POST /onboarding/verify/{id}", Owners, NOTHING),
    ("GET /workspaces", Everyone, NOTHING),
    ("GET /inbox", Everyone, NOTHING),
    ("GET /threads/{id}", Everyone, NOTHING),
    ("POST /threads/{id}/answer", Deciders, &[("based_on", "{message}"), ("text", "Hello"), ("action", "draft")]),
    ("POST /threads/{id}/state", Deciders, &[("action", "reviewed")]),
    ("POST /threads/{id}/tags", Deciders, &[("tags", "billing")]),
    ("GET /messages/{id}/html", Everyone, NOTHING),
    ("GET /messages/{id}/raw", Everyone, NOTHING),
    ("GET /messages/{id}/files/{file}", Everyone, NOTHING),
    ("GET /drafts", Everyone, NOTHING),
    ("GET /drafts/{id}", Everyone, NOTHING),
    ("GET /drafts/{id}/html", Everyone, NOTHING),
    ("POST /drafts/{id}/notify", Deciders, NOTHING),
    ("POST /drafts/{id}/edit", Deciders, &[("version", "1"), ("text", "Changed"), ("subject", "Re: It")]),
    ("POST /drafts/{id}/approve", Deciders, &[("version", "2"), ("action", "approve")]),
    ("POST /drafts/{id}/send", Deciders, &[("version", "2")]),
    ("POST /drafts/{id}/reject", Deciders, &[("version", "2"), ("reason", "No")]),
    ("GET /held", Everyone, NOTHING),
    ("POST /held/gating", Owners, NOTHING),
    ("POST /held/{id}", Deciders, &[("action", "approve")]),
    ("GET /contacts", Everyone, NOTHING),
    ("POST /contacts", Owners, &[("email", "new@customer.test")]),
    ("GET /contacts/{id}", Everyone, NOTHING),
    ("POST /contacts/{id}", Owners, &[("status", "trusted")]),
    ("POST /contacts/{id}/edit", Owners, &[("name", "Somebody else"), ("tags", "vip")]),
    ("GET /identities", Everyone, NOTHING),
    ("GET /identities/new", Everyone, NOTHING),
    ("POST /identities", Owners, &[("domain_id", "{domain}"), ("local_part", "max"), ("display_name", "Max")]),
    ("GET /identities/{id}", Everyone, NOTHING),
    ("POST /identities/{id}", Owners, &[("display_name", "Another name")]),
    ("POST /identities/{id}/channels/email", Owners, &[("to", "ann@approvers.test")]),
    ("POST /identities/{id}/channels/slack", Owners, &[("channel", "C0123456789"), ("bot_token", "xoxb-1-x")]),
    ("POST /identities/{id}/channels/telegram", Owners, &[("bot_token", "1:x"), ("chat_id", "1")]),
    ("POST /identities/{id}/slack/install", Owners, NOTHING),
    ("POST /identities/{id}/test", Owners, NOTHING),
    ("POST /identities/{id}/test-mail", Owners, &[("to", "ann@approvers.test")]),
    ("POST /identities/{id}/status", Owners, &[("status", "active")]),
    ("POST /identities/{id}/channels/remove", Owners, &[("at", "0"), ("of", "1")]),
    ("GET /domains", Everyone, NOTHING),
    ("POST /domains", Owners, &[("domain", "another.novacore.test")]),
    ("GET /domains/{id}", Everyone, NOTHING),
    ("POST /domains/{id}/verify", Owners, NOTHING),
    ("GET /rules", Everyone, NOTHING),
    ("POST /rules", Owners, &[("name", "X"), ("trigger", "email.received"), ("action", "skip_ai"), ("argument", "")]),
    ("GET /rules/new", Everyone, NOTHING),
    ("GET /rules/{id}", Everyone, NOTHING),
    ("GET /rules/{id}/edit", Everyone, NOTHING),
    // Trying a rule changes nothing.
    ("POST /rules/{id}/try", Everyone, NOTHING),
    ("POST /rules/{id}/active", Owners, &[("active", "no")]),
    (
        "POST /rules/{id}",
        Owners,
        &[("json", r#"{"name": "Y", "trigger": "email.received", "actions": [{"type": "skip_ai"}]}"#)],
    ),
    ("GET /webhooks", Everyone, NOTHING),
    ("POST /webhooks", Owners, &[("url", "https://hooks.customer.test/"), ("description", "Mine")]),
    ("GET /webhooks/{id}", Everyone, NOTHING),
    ("POST /webhooks/{id}/active", Owners, &[("active", "no")]),
    ("POST /webhooks/{id}/test", Owners, NOTHING),
    ("POST /webhooks/{id}/rotate", Owners, NOTHING),
    ("GET /webhooks/{id}/deliveries/{delivery}", Everyone, NOTHING),
    ("POST /webhooks/{id}/deliveries/{delivery}", Owners, NOTHING),
    ("GET /events", Everyone, NOTHING),
    ("GET /suppressions", Everyone, NOTHING),
    ("GET /usage", Everyone, NOTHING),
    ("GET /billing", Everyone, NOTHING),
    ("POST /billing/checkout", Owners, &[("plan", "pro")]),
    ("POST /billing/portal", Owners, NOTHING),
    ("GET /settings", Everyone, NOTHING),
    ("POST /settings", Owners, &[("name", "Another name"), ("hold", "yes")]),
    ("GET /settings/keys", Everyone, NOTHING),
    ("POST /settings/keys", Owners, &[("name", "mine"), ("role", "full")]),
    ("GET /settings/users", Everyone, NOTHING),
    ("POST /settings/users/invite", Owners, &[("email", "new@people.test"), ("role", "owner")]),
    ("POST /settings/users/withdraw", Owners, &[("invitation", "00")]),
    ("POST /settings/users/role", Owners, &[("user_id", "{user}"), ("role", "owner")]),
    ("GET /settings/sessions", Everyone, NOTHING),
    ("POST /settings/sessions/verify", Everyone, NOTHING),
    ("POST /settings/sessions/password", Everyone, &[("password", "x"), ("new_password", "y")]),
    ("GET /settings/audit", Owners, NOTHING),
    ("GET /settings/export", Owners, NOTHING),
    ("GET /settings/export/{part}", Owners, NOTHING),
    ("POST /settings/export", Owners, NOTHING),
    ("GET /settings/delete", Everyone, NOTHING),
    ("POST /settings/delete", Owners, &[("name", "Novacore"), ("password", "x")]),
    ("POST /settings/delete/cancel", Owners, NOTHING),
    ("POST /suppressions/{id}/delete", Owners, NOTHING),
    ("POST /contacts/{id}/delete", Owners, NOTHING),
    ("POST /rules/{id}/delete", Owners, NOTHING),
    ("POST /webhooks/{id}/delete", Owners, NOTHING),
    ("POST /settings/keys/{id}/revoke", Owners, NOTHING),
    ("POST /identities/{id}/delete", Owners, NOTHING),
    ("POST /domains/{id}/delete", Owners, NOTHING),
    ("POST /settings/users/remove", Owners, &[("user_id", "{user}")]),
    ("POST /workspaces/switch", Everyone, &[("workspace_id", "{workspace}")]),
    // Where nobody may sign up, owners make workspaces.
    ("POST /workspaces/create", Owners, &[("name", "Another")]),
    ("POST /settings/sessions/end", Everyone, &[("session", "00")]),
    ("POST /sign-out", Everyone, NOTHING),
];

/// Every route that the dashboard's source names, as method and path.
fn routes_of_the_source(folder: &Path, routes: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            routes_of_the_source(&entry, routes);
            continue;
        }
        let source = fs::read_to_string(&entry).unwrap();
        for route in source.split(".route(\"").skip(1) {
            let (path, rest) = route.split_once('"').unwrap();
            // Up to the parenthesis that closes the route.
            let mut depth = 1;
            let end = rest.char_indices().find_map(|(at, c)| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                (depth == 0).then_some(at)
            });
            let handlers = &rest[..end.expect("a route ends")];
            for (method, call) in [("GET", "get("), ("POST", "post("), ("PUT", "put("), ("DELETE", "delete(")] {
                if handlers.split([',', '.', ' ']).any(|word| word.starts_with(call)) {
                    routes.push(format!("{method} {path}"));
                }
            }
        }
    }
}

#[test]
fn every_route_says_who_may() {
    let mut routes = Vec::new();
    routes_of_the_source(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/dashboard/src")), &mut routes);
    let mut known: Vec<_> = ROUTES.iter().map(|(route, ..)| (*route).to_owned()).collect();
    routes.sort();
    known.sort();
    assert_eq!(known, routes, "on the left who may, on the right the dashboard");
}

/// What the routes are asked about.
struct Objects {
    all: Everything,
    /// By what they are called in [`ROUTES`].
    named: BTreeMap<&'static str, String>,
}

impl Objects {
    async fn there_are() -> Self {
        let mut all = Everything::there_is().await;
        let world = &all.world;
        world.owner.patch("/v1/workspace", json!({"settings": {"sender_trust_gating": false}})).await.expect(200);
        // A mail with everything that a route leads to.
        let raw = format!(
            "From: <{CUSTOMER}>\r\nTo: <{to}>\r\nSubject: With everything\r\nMessage-ID: <everything@customer.test>\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
             <p>See the file.</p>\r\n--b\r\nContent-Type: text/csv; name=prices.csv\r\n\
             Content-Disposition: attachment; filename=prices.csv\r\n\r\nplan,price\r\n--b--\r\n",
            to = world.address(),
        );
        actionlayer_tests::smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], raw.as_bytes()).await.unwrap();
        let thread = eventually("the thread", async || {
            world.threads().await.into_iter().find(|thread| thread["subject"] == "With everything")
        })
        .await;
        let message = &thread["messages"][0];
        let mut draft = world.proposal(&thread, "Thank you for the file.");
        draft["body_html"] = json!("<p>Thank you for the file.</p>");
        let draft = world.owner.post("/v1/drafts", draft).await.expect(201);
        let webhook = all.objects["/v1/webhooks"].clone();
        world.owner.post_empty(&format!("/v1/webhooks/{webhook}/test")).await.expect(202);
        let delivery = eventually("a delivery", async || {
            let list = world.owner.get(&format!("/v1/webhooks/{webhook}/deliveries")).await.expect(200);
            list["data"].get(0).map(|delivery| id(delivery).to_owned())
        })
        .await;
        // What there is now, as a file.
        world.owner.post_empty("/v1/workspace/export").await.expect(202);
        world.sweep().await;
        let victim = Person::member(world, "Victor", MemberRole::Viewer).await;
        let users = victim.see("/settings/users").await;
        let own = users.html.split("name=\"user_id\" value=\"").nth(1).map(|rest| rest[..36].to_owned());
        let workspace = world.owner.get("/v1/workspace").await.expect(200);
        let mut named = BTreeMap::from([
            ("message", id(message).to_owned()),
            ("file", message["attachments"][0]["id"].as_str().unwrap().to_owned()),
            ("version", "0".to_owned()),
            ("part", "0".to_owned()),
            ("delivery", delivery),
            ("workspace", id(&workspace).to_owned()),
            ("domain", id(&world.domain).to_owned()),
        ]);
        let olga = Person::member(world, "Olga", MemberRole::Owner).await;
        let users = olga.see("/settings/users").await;
        let of_victor = users.html.split("victor@team.test").nth(1).unwrap();
        let user = of_victor.split("name=\"user_id\" value=\"").nth(1).map(|rest| rest[..36].to_owned());
        named.insert("user", user.or(own).expect("a user can be removed"));
        all.objects.insert("/v1/threads".to_owned(), id(&thread).to_owned());
        all.objects.insert("/v1/messages".to_owned(), id(message).to_owned());
        all.objects.insert("/v1/drafts".to_owned(), id(&draft).to_owned());
        Self { all, named }
    }

    /// What `{id}` is in a path.
    fn id_in(&self, path: &str) -> &str {
        let kind = match path.split('/').nth(1).unwrap() {
            "onboarding" => "domains",
            "settings" => "api-keys",
            "held" => "inbound/pending",
            kind => kind,
        };
        &self.all.objects[&format!("/v1/{kind}")]
    }

    fn filled(&self, path: &str, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.named {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        if text.contains("{id}") { text.replace("{id}", self.id_in(path)) } else { text }
    }

    async fn ask(&self, browser: &Browser, route: &str, fields: Fields, headers: &[(&str, &str)]) -> Page {
        let (method, path) = route.split_once(' ').unwrap();
        let path = self.filled(path, path);
        // The frame of a draft shows one version.
        let path = if route == "GET /drafts/{id}/html" { format!("{path}?version=1") } else { path };
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, self.filled(&path, value))).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match method {
            "GET" => browser.ask(Method::GET, &path, headers, None).await,
            _ => browser.ask(Method::POST, &path, headers, Some(&fields)).await,
        }
    }

    /// All that a refused request might have changed.
    async fn stand(&self) -> Value {
        let owner = &self.all.world.owner;
        let mut stand = json!({"objects": objects(&self.all).await});
        for list in ["identities", "domains", "contacts", "rules", "webhooks", "api-keys", "suppressions", "drafts"] {
            let list_now = owner.get(&format!("/v1/{list}?limit=100")).await.expect(200);
            let ids = list_now["data"].as_array().unwrap().iter().map(|object| id(object).to_owned());
            stand[list] = json!(ids.collect::<Vec<_>>());
        }
        stand["workspace"] = owner.get("/v1/workspace").await.expect(200);
        stand["held"] = owner.get("/v1/inbound/pending").await.expect(200)["total"].clone();
        stand
    }
}

const HERE: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_is_refused_and_nothing_changes() {
    let objects = Objects::there_are().await;
    let world = &objects.all.world;
    let other = world.new_workspace("The other").await.get("/v1/workspace").await.expect(200);
    let other = Person::signed_in(&world.engine, id(&other).parse().unwrap(), "Otto", MemberRole::Owner).await;
    let owner = Person::member(world, "Orla", MemberRole::Owner).await;
    let before = objects.stand().await;
    let mut refused = 0;
    for (route, who, fields) in ROUTES {
        let is_form = route.starts_with("POST");
        // Nobody is signed in.
        let page = objects.ask(&Browser::new(&world.engine.http), route, fields, HERE).await;
        assert!(page.status < 500, "{route}, signed out: {}", page.status);
        if *who == Anybody {
            assert!(!page.location().contains("?next="), "{route}, signed out: {}", page.location());
        } else {
            let location = page.expect(303).location();
            assert!(location.starts_with("/sign-in?next=%2F"), "{route}, signed out: {location}");
        }
        // Somebody's own page, from another site.
        if is_form {
            let elsewhere = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")];
            objects.ask(&owner.browser(), route, fields, &elsewhere).await.expect(403).says("did not come from a page");
            refused += 1;
        }
        // The owner of another workspace: what is named does not exist.
        let names_something = route.contains("/{id}") || fields.iter().any(|(_, value)| value.starts_with('{'));
        if names_something && *who != Anybody {
            let page = objects.ask(&other.browser(), route, fields, HERE).await;
            let expected: &[u16] = if route.contains("/{id}") { &[404] } else { &[404, 422] };
            assert!(expected.contains(&page.status), "{route}, elsewhere: {} {}", page.status, page.text);
            refused += 1;
        }
    }
    for role in [MemberRole::Viewer, MemberRole::Approver] {
        let person = Person::member(world, role.as_str(), role).await;
        for (route, who, fields) in ROUTES.iter().filter(|(_, who, _)| !who.includes(role)) {
            let page = objects.ask(&person.browser(), route, fields, HERE).await;
            assert_eq!(page.status, 403, "{role} × {route}, for {who:?}: {}", page.text);
            refused += 1;
        }
    }
    assert!(refused > 150, "{refused}");
    assert_eq!(objects.stand().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_is_let_through() {
    for role in MemberRole::ALL {
        let objects = Objects::there_are().await;
        let person = Person::member(&objects.all.world, &format!("{role}-let-through"), role).await;
        let browser = person.browser();
        for (route, _, fields) in ROUTES.iter().filter(|(_, who, _)| *who != Anybody && who.includes(role)) {
            let page = objects.ask(&browser, route, fields, HERE).await;
            let told = || format!("{role} × {route}: {} {}", page.status, page.text);
            if route.starts_with("GET") {
                assert!([200, 303].contains(&page.status), "{}", told());
                assert!(!page.location().contains("/sign-in"), "{}", told());
                let policy = page.header("content-security-policy");
                assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors"), "{}", told());
            } else {
                // Taken, or not taken for a reason of its own, such as an application that does not exist.
                let is_refused = [401, 403, 405].contains(&page.status) || page.status >= 500;
                assert!(!is_refused, "{}", told());
            }
        }
        assert_eq!(browser.session(), "", "the last one signs out");
    }
}
