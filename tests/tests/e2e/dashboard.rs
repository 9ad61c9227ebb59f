//! The dashboard through its pages and forms alone, as a browser without scripts uses it.

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{
    CUSTOMER, Engine, Letter, Person, World, eventually,
    world::{DOMAIN, id},
};
use serde_json::{Value, json};

mod hostile;
mod roles;

/// From an empty workspace to an approved and sent answer.
#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_an_approved_answer_by_forms_alone() {
    let engine = Engine::start().await;
    let anyone = actionlayer_tests::Api::new(&engine.http);
    let made = anyone.post("/v1/auth/bootstrap", json!({"workspace_name": "Novacore"})).await.expect(201);
    let workspace = made["workspace"]["id"].as_str().unwrap().parse().unwrap();
    let olga = Person::signed_in(&engine, workspace, "Olga", MemberRole::Owner).await;

    // A domain.
    let page = olga.see("/onboarding").await;
    page.says("of 6 steps are done");
    let page = olga.post(&page.form("/domains").with("domain", "not a domain")).await;
    assert_eq!(page.status, 422);
    page.says("That cannot be taken yet");
    let page = olga.post(&page.form("/domains").with("domain", DOMAIN)).await;
    page.says("The domain was added").says("Missing");
    let domain = page.path.clone();
    anyone.post("/local/dns/publish", json!({"domain": DOMAIN})).await.expect(200);
    let page = olga.post(&page.form(&format!("{domain}/verify"))).await;
    page.says("All five records are there");

    // A mailbox; its approver is asked by mail.
    let new = olga.see(&page.link("/identities/new?domain=")).await;
    let form = new.form("/identities").with("local_part", "mia").with("domain_id", &domain["/domains/".len()..]);
    let page =
        olga.post(&form.with("display_name", "Mia (AI Assistant)").with("approvers", "dana@approvers.test")).await;
    page.says("receives mail from now on").says("dana@approvers.test");
    let page = olga.post(&page.form(&format!("{}/test", page.path))).await;
    page.says("taken. Look whether it arrived.");

    // A key, shown once.
    let page = olga.see("/settings/keys").await;
    let made = olga.post(&page.form("/settings/keys").with("name", "agent").with("role", "agent")).await;
    made.says("Copy it now");
    let key = made.html.split("id=\"key\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let page = olga.see("/settings/keys").await;
    assert!(!page.html.contains(&key) && page.html.contains(&key[..12]));

    // A mail arrives, and shows up first.
    let letter = Letter::from(CUSTOMER).subject("Opening hours").text("When do you open?");
    let raw = letter.bytes(&format!("mia@{DOMAIN}"));
    actionlayer_tests::smtp::send(engine.smtp, CUSTOMER, &[&format!("mia@{DOMAIN}")], &raw).await.unwrap();
    let inbox = eventually("the mail in the inbox", async || {
        let page = olga.see("/inbox").await;
        page.text().contains("Opening hours").then_some(page)
    })
    .await;
    inbox.says("Needs review");
    let thread = olga.see(&inbox.link("/threads/")).await;
    thread.says("When do you open?");

    // The agent answers.
    let agent = anyone.with_key(&key);
    let listed = agent.get("/v1/threads?needs_review=true").await.expect(200)["data"][0].clone();
    let draft = json!({
        "thread_id": listed["id"], "identity_id": listed["identity_id"],
        "based_on_message_id": listed["last_inbound_message_id"],
        "body_text": "We open at nine.", "rationale": "The hours are on the website.",
    });
    let draft = agent.post("/v1/drafts", draft).await.expect(201);
    let waiting = olga.see("/inbox?show=waiting").await;
    let thread = olga.see(&waiting.link("/threads/")).await;
    thread.says("We open at nine.").says("The hours are on the website.");

    // A person changes it, sees what changed, and sends it.
    let edit = format!("/drafts/{}/edit", id(&draft));
    let form = thread.form(&edit).with("text", "We open at ten.").with("subject", "Re: Opening hours");
    let page = olga.post(&form).await;
    page.says("Saved as a new version").says("[removed: nine.]").says("[added: ten.]");
    let approve = format!("/drafts/{}/approve", id(&draft));
    let page = olga.post(&page.form(&approve).with("action", "approve_and_send")).await;
    page.says("Approved, and on its way");
    let left = eventually("the answer to leave", async || {
        let list = anyone.get("/local/outbox").await.expect(200);
        let rows = list["data"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["envelope_to"][0] == CUSTOMER)
    })
    .await;
    assert_eq!(left["envelope_to"], json!([CUSTOMER]));
    eventually("the draft to be sent", async || {
        let page = olga.see(&page.path).await;
        page.text().contains("Approved by Olga").then_some(())
    })
    .await;
    eventually("all steps to be done", async || {
        let page = olga.see("/onboarding").await;
        page.text().contains("A draft was approved and sent").then_some(())
    })
    .await;
}

async fn world_with_a_draft() -> (World, Value, Value) {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER).subject("Opening hours")).await;
    let draft = world.asked(&thread, "We open at nine.").await;
    (world, thread, draft)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_second_is_told_who_was_first() {
    let (world, _, draft) = world_with_a_draft().await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    let paul = Person::member(&world, "Paul", MemberRole::Approver).await;
    let path = format!("/drafts/{}", id(&draft));
    let (hers, his) = (olga.see(&path).await, paul.see(&path).await);
    let approve = format!("{path}/approve");
    olga.post(&hers.form(&approve).with("action", "approve")).await.says("Approved.");
    let second = paul.post(&his.form(&format!("{path}/reject")).with("reason", "Not so")).await;
    // Approved is not sent: a rejection still stops it, and an approval comes too late.
    second.says("Rejected");
    for action in ["approve", "approve_and_send"] {
        let third = olga.post(&hers.form(&approve).with("action", action)).await;
        assert_eq!(third.status, 409);
        third.says("Rejected by Paul");
    }
    let third = olga.post(&hers.form(&approve).with("action", "approve")).await;
    third.says("Paul rejected it first");
    assert_eq!(world.reread(&draft).await["decided_by"]["name"], "Paul");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_approve_at_once_one_sends_and_the_other_is_told() {
    let (world, _, draft) = world_with_a_draft().await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    let paul = Person::member(&world, "Paul", MemberRole::Approver).await;
    let path = format!("/drafts/{}", id(&draft));
    let approve = format!("{path}/approve");
    let (hers, his) = (olga.see(&path).await, paul.see(&path).await);
    let (hers, his) = (hers.form(&approve), his.form(&approve));
    let (hers, his) = (hers.with("action", "approve_and_send"), his.with("action", "approve_and_send"));
    let (one, two) = tokio::join!(olga.post(&hers), paul.post(&his));
    let (won, lost) = if one.status == 200 { (one, two) } else { (two, one) };
    assert_eq!((won.status, lost.status), (200, 409), "{}\n{}", won.text(), lost.text());
    won.says("Approved, and on its way");
    let told = ["approved it first", "It is on its way", "It was sent already"];
    assert!(told.iter().any(|words| lost.text().contains(words)), "{}", lost.text());
    world.come_to_rest().await;
    assert_eq!(world.sent_to(CUSTOMER).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_nobody_saw_is_not_approved() {
    let (world, _, draft) = world_with_a_draft().await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    let path = format!("/drafts/{}", id(&draft));
    let seen = olga.see(&path).await;
    let edit = json!({"body_text": "We never open.", "version": 1});
    world.owner.patch(&format!("/v1/drafts/{}", id(&draft)), edit).await.expect(200);
    let page = olga.post(&seen.form(&format!("{path}/approve")).with("action", "approve_and_send")).await;
    assert_eq!(page.status, 409);
    page.says("It changed since you looked").says("We never open.");
    assert_eq!(world.reread(&draft).await["status"], "pending");
    // A form that does not say which version was seen decides nothing.
    let form = page.form(&format!("{path}/approve")).with("action", "approve").with("version", "");
    assert_eq!(olga.post(&form).await.status, 422);
    assert_eq!(world.reread(&draft).await["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_looks_and_decides_nothing() {
    let (world, thread, draft) = world_with_a_draft().await;
    let vera = Person::member(&world, "Vera", MemberRole::Viewer).await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    let path = format!("/drafts/{}", id(&draft));
    let page = vera.see(&path).await;
    page.says("It waits for somebody who may decide");
    for act in ["approve", "reject", "edit"] {
        assert!(!page.offers(&format!("{path}/{act}")), "{act}");
    }
    // Nor by forms that were shown to somebody else.
    let hers = olga.see(&path).await;
    for (act, action) in [("approve", "approve_and_send"), ("reject", ""), ("edit", "")] {
        let form = hers.form(&format!("{path}/{act}")).with("action", action).with("text", "x").with("subject", "x");
        let page = vera.post(&form).await;
        assert_eq!(page.status, 403, "{act}");
        page.says("Your role does not allow this");
    }
    let hers = olga.see(&format!("/threads/{}", id(&thread))).await;
    let answer = hers.form(&format!("/threads/{}/answer", id(&thread))).with("text", "Hello").with("action", "send");
    assert_eq!(vera.post(&answer).await.status, 403);
    assert_eq!(world.reread(&draft).await["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_decides_and_administers_nothing() {
    let (world, thread, _) = world_with_a_draft().await;
    let paul = Person::member(&world, "Paul", MemberRole::Approver).await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    let keys = olga.see("/settings/keys").await;
    let form = keys.form("/settings/keys").with("name", "mine").with("role", "full");
    assert_eq!(paul.post(&form).await.status, 403);
    let domains = olga.see("/domains").await;
    assert_eq!(paul.post(&domains.form("/domains").with("domain", "x.test")).await.status, 403);
    // An answer of one's own leaves by one's own approval.
    let path = format!("/threads/{}", id(&thread));
    let page = paul.see(&path).await;
    let answer = page.form(&format!("{path}/answer")).with("text", "Hello, Paul here.").with("action", "send");
    paul.post(&answer).await.says("It is on its way");
    eventually("the answer", async || world.sent_to(CUSTOMER).await.into_iter().next()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_senders_are_let_in_or_not() {
    let world = World::start().await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    let page = olga.see("/held").await;
    let page = olga.post(&page.form("/held/gating")).await;
    page.says("mail of unknown senders is held here");
    world.receive(&Letter::from("eve@stranger.test").subject("Hello there")).await;
    let held = eventually("the held mail", async || {
        let page = olga.see("/held").await;
        page.text().contains("Hello there").then_some(page)
    })
    .await;
    held.says("eve@stranger.test");
    let action = held.html.split("action=\"/held/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = olga.post(&held.form(&format!("/held/{action}")).with("action", "approve")).await;
    page.says("Let in");
    eventually("the thread", async || olga.see("/inbox").await.text().contains("Hello there").then_some(())).await;
}

/// Every screen is there for every role, whatever there is to see.
#[tokio::test(flavor = "multi_thread")]
async fn every_screen_is_shown_to_every_role() {
    let (world, _, _) = world_with_a_draft().await;
    let rule = json!({"name": "Billing", "trigger": "email.received", "actions": [{"type": "add_tag", "tag": "x"}]});
    let rule = world.owner.post("/v1/rules", rule).await.expect(201);
    let webhook = json!({"url": format!("{}/nowhere", world.engine.http), "events": ["*"]});
    let webhook = world.owner.post("/v1/webhooks", webhook).await.expect(201);
    let contact = world.owner.get("/v1/contacts").await.expect(200)["data"][0].clone();
    let of = |path: &str, value: &Value| format!("{path}/{}", id(value));
    let mut paths: Vec<String> = [
        "/onboarding",
        "/inbox",
        "/inbox?show=all&q=opening",
        "/inbox?q=%22",
        "/drafts",
        "/drafts?status=all",
        "/held",
        "/identities",
        "/identities/new",
        "/domains",
        "/contacts",
        "/contacts?status=blocked&q=x",
        "/rules",
        "/webhooks",
        "/settings",
        "/settings/keys",
        "/events",
        "/events?type=email.received",
        "/suppressions",
        "/usage",
        "/billing",
    ]
    .map(str::to_owned)
    .into();
    paths.extend([
        of("/identities", &world.identity),
        of("/domains", &world.domain),
        of("/rules", &rule),
        of("/webhooks", &webhook),
        of("/contacts", &contact),
    ]);
    for role in MemberRole::ALL {
        let person = Person::member(&world, role.as_str(), role).await;
        for path in &paths {
            let page = person.open(path).await;
            // A search without a word in it says so.
            let expected = if path.ends_with("q=%22") { 422 } else { 200 };
            assert_eq!(page.status, expected, "{path}: {}", page.text());
            assert_eq!(page.html.matches("<h1>").count(), 1, "{path}");
            assert!(page.policy.contains("default-src 'none'") && page.policy.contains("frame-ancestors 'none'"));
        }
        for path in ["/threads/x", "/drafts/0197f3a0-5c1e-7d2a-9f00-1234567890ab", "/identities/x", "/rules/x"] {
            assert_eq!(person.open(path).await.status, 404, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_webhooks_are_made_by_forms() {
    let (world, _, _) = world_with_a_draft().await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    // A group within the group, two actions: each button sends the form along and gives it back.
    let page = olga.see("/rules/new").await;
    let form = page.form("/rules").with("name", "Hours").with("trigger", "email.received");
    let refused = olga.post(&form.clone()).await;
    assert_eq!(refused.status, 422);
    refused.says("That cannot be taken yet");
    let form = form.with("field", "message.subject").with("op", "contains").with("value", "opening");
    let page = olga.post(&form.with("edit", "group 0")).await;
    let form = page.form("/rules").with_at("operator", 1, "NOT").with_at("field", 1, "message.is_automated");
    let form = form.with_at("op", 1, "equals").with_at("value", 1, "yes");
    let page = olga.post(&form.with_at("argument", 0, "hours").with("edit", "do")).await;
    let form = page.form("/rules").with_at("action", 1, "set_needs_review");
    let page = olga.post(&form).await;
    page.says("The rule was created").says("the mail's subject contains “opening”").says("none of these holds");
    page.says("written by a machine is yes").says("add the tag “hours”; mark for review");
    let rule = page.path.clone();
    let tried = olga.post(&page.form(&format!("{rule}/try"))).await;
    tried.says("It would match").says("add the tag “hours”: done");

    // What the form shows is the rule; changed and saved, it is another.
    let edit = olga.see(&format!("{rule}/edit")).await;
    let unchanged = olga.post(&edit.form(&rule)).await;
    unchanged.says("Saved.").says("none of these holds").says("mark for review");
    let edit = olga.see(&format!("{rule}/edit")).await;
    let page = olga.post(&edit.form(&rule).with("edit", "remove 2")).await;
    olga.post(&page.form(&rule)).await.says("Saved.");
    let shown = olga.see(&rule).await;
    assert!(!shown.text().contains("none of these holds"), "{}", shown.text());

    // What it did stands on its page and in the conversation.
    world.receive(&Letter::from("grace@customer.test").subject("Opening on Monday")).await;
    let shown = eventually("the run", async || {
        let page = olga.see(&rule).await;
        page.text().contains("add the tag “hours”: done").then_some(page)
    })
    .await;
    shown.says("Opening on Monday").says("It matched");
    let event = shown.html.split("name=\"event\" value=\"").nth(1).unwrap()[..36].to_owned();
    let again = olga.post(&shown.form(&format!("{rule}/try")).with("event", &event)).await;
    again.says("It would match").says("add the tag “hours”: was so already");
    let thread = olga.see(&shown.link("/threads/")).await;
    thread.says("Rule Hours").says("add the tag “hours”: done");

    let page = olga.see("/webhooks").await;
    let form = page.form("/webhooks").with("url", &format!("{}/hook", world.engine.http));
    let made = olga.post(&form.with("description", "Mine")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.says("Copy its secret now");
    let secret = made.html.split("whsec_").nth(1).unwrap()[..32].to_owned();
    let listed = olga.see("/webhooks").await;
    let one = olga.see(&listed.link("/webhooks/")).await;
    assert!(!one.html.contains(&secret));
    olga.post(&one.form(&format!("{}/test", one.path))).await.says("A test event is on its way");
    // What the endpoint answered is text on the screen.
    let delivered = eventually("the answer", async || {
        let page = olga.see(&one.path).await;
        let page = olga.see(&page.link(&format!("{}/deliveries/", one.path))).await;
        page.text().contains("404").then_some(page)
    })
    .await;
    delivered.says("not_found").says("What is sent");
}
