//! What the page behind an approval link shows of a draft that is HTML.

use actionlayer_tests::{CUSTOMER, Letter, World, world::merge};
use serde_json::{Value, json};

/// What people write, with some style.
const STYLED: &str = r#"<p style="text-align:center;color:#333333">Dear <b>Ada</b>, the price is <s>90</s> 80.</p>
<table border="1"><tr><td style="padding:8px;background:#eee">x</td></tr></table>
<a href="https://shop.test/pay" style="color:#ffffff;background-color:#00543d">pay</a>
"></iframe>&quot;&gt;&lt;script&gt;alert(6)&lt;/script&gt;' sandbox="allow-scripts"#;

/// Words that an approver would not see, or would see and the recipient not, each with the word it is refused with.
const HIDDEN: [(&str, &str); 20] = [
    ("comment", "<!--[if mso]><p>Pay to DE00</p><![endif]-->"),
    ("style_sheet", "<style>p::after { content: 'DE00' }</style>"),
    ("uncertain_element", "<noscript>DE00</noscript>"),
    ("uncertain_element", "<template>DE00</template>"),
    ("uncertain_element", "<details><summary>more</summary>DE00</details>"),
    ("form_element", "<textarea>DE00</textarea>"),
    ("form_element", "<input value='DE00'>"),
    ("form_element", "<form action=https://evil.test><button>DE00</button></form>"),
    ("active_element", "<iframe srcdoc='DE00'></iframe>"),
    ("active_element", "<svg><text>DE00</text></svg>"),
    ("active_element", "<script>alert(1)</script>"),
    ("active_element", "<meta http-equiv=refresh content='0;url=https://evil.test'>"),
    ("picture", "<img src='https://evil.test/de00.png' alt='DE00'>"),
    ("picture", "<p style='background:url(https://evil.test/b.png)'>x</p>"),
    ("hidden_text", "<div style='display:none'>DE00</div>"),
    ("hidden_text", "<font color='#fffffe'>DE00</font>"),
    ("hidden_text", "<span style='font-size:1px'>DE00</span>"),
    ("hidden_text", "<div style='max-height:0;overflow:hidden'>DE00</div>"),
    ("hidden_text", "<p hidden>DE00</p>"),
    ("link_target", "<a href='javascript:alert(3)'>terms</a>"),
];

/// A draft with that HTML beside the text, and the page its approver sees.
async fn page_of(world: &World, thread: &Value, text: &str, more: Value) -> String {
    let mut draft = world.proposal(thread, text);
    merge(&mut draft, more);
    world.owner.post("/v1/drafts", draft).await.expect(201);
    let page = world.anyone.get(&world.approval_path(text).await).await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    page.text()
}

/// The page in the frame, as a browser reads the attribute; and the page around it.
fn frame(page: &str) -> (String, String) {
    let (before, rest) = page.split_once("<iframe ").expect("a frame");
    let (attributes, rest) = rest.split_once("srcdoc=\"").expect("a page in it");
    assert!(attributes.contains("sandbox=\"\""), "it has no rights: {attributes}");
    let (value, after) = rest.split_once('"').expect("an end");
    let height = after.strip_prefix(" style=\"height: ").and_then(|rest| rest.split_once("rem\"></iframe>"));
    assert!(
        height.is_some_and(|(rem, _)| rem.parse::<u32>().is_ok()),
        "nothing but its height stands in the tag: {after:.80}"
    );
    let mut document = value.to_owned();
    for (reference, character) in [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")] {
        document = document.replace(reference, character);
    }
    (document, format!("{before}{after}"))
}

#[tokio::test]
async fn what_was_seen_is_what_is_sent() {
    let world = World::start_with(json!({
        "signature_html": "<b>Mia</b> of <i>Novacore</i>", "signature_text": "Mia of Novacore", "reply_to_email": "desk@novacore.test",
    }))
    .await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let page = page_of(&world, &thread, "beside its html", json!({"body_html": STYLED, "quote_history": true})).await;
    let (document, around) = frame(&page);
    let shown = document.to_ascii_lowercase();
    for bad in ["<script", "evil.test", "<form", "<button", "<iframe", "none\">"] {
        assert!(!shown.contains(bad), "{bad} in {document}");
    }
    for bad in ["<iframe", "<script", "<img"] {
        assert!(!around.contains(bad), "{bad} in {around}");
    }
    // Where links lead can be read, though they lead nowhere here; and what is decided about is one form of ours.
    assert!(around.contains("https://shop.test/pay") && around.contains("desk@novacore.test"), "{around}");
    assert_eq!(around.matches("value=\"approve\"").count(), 1);

    let drafts = world.owner.get("/v1/drafts").await.expect(200);
    let draft = drafts["data"][0].clone();
    world.act(&draft, "approve").await.expect(200);
    // An identity that is changed afterwards changes nothing about what was approved.
    let changed = json!({
        "display_name": "Mallory", "signature_html": "<p>Pay to DE00</p>", "signature_text": "Pay to DE00",
        "reply_to_email": "mallory@evil.test",
    });
    world.owner.patch(&format!("/v1/identities/{}", draft["identity_id"].as_str().unwrap()), changed).await.expect(200);
    world.act(&draft, "send").await.expect(202);
    let sent = world.the_answer().await;
    let (_, seen) = document.split_once("overflow-wrap: anywhere\">").expect("the frame's own head");
    assert_eq!(sent.html().trim_end(), seen.trim_end(), "to the byte");
    assert!(sent.text().contains("Mia of Novacore") && !String::from_utf8_lossy(&sent.raw).contains("DE00"));
    assert!(sent.header("From").unwrap().contains("Mia (AI Assistant)"));
    assert_eq!(sent.header("Reply-To").unwrap(), "desk@novacore.test");
    world.until_draft(&draft, "sent").await;
}

#[tokio::test]
async fn what_an_approver_would_not_see_is_refused_by_name() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    for (kind, hidden) in HIDDEN {
        let html = format!("<p>We open at nine.</p>{hidden}");
        let mut draft = world.proposal(&thread, "We open at nine.");
        merge(&mut draft, json!({"body_html": html}));
        let refused = world.owner.post("/v1/drafts", draft).await.refused(422, "validation_error");
        let named = refused["details"].to_string();
        assert!(named.contains("body_html") && named.contains(&format!("{kind}: ")), "{hidden}: {named}");
        for (path, more) in [
            ("/v1/emails/reply", json!({"thread_id": thread["id"]})),
            ("/v1/emails/send", json!({"to": ["ada@customer.test"], "subject": "x"})),
        ] {
            let mut mail = json!({"identity_id": thread["identity_id"], "body_html": html});
            merge(&mut mail, more);
            world.owner.post(path, mail).await.refused(422, "validation_error");
        }
        let preview = world.owner.post("/v1/drafts/preview", json!({"body_html": html})).await.expect(200);
        assert_eq!(preview["accepted"], json!(false), "{preview}");
        let left = preview["body_html"].as_str().unwrap();
        assert!(left.starts_with("<p>We open at nine.</p>"), "{left}");
        // And what is left of it is a draft that is accepted.
        let again = world.owner.post("/v1/drafts/preview", json!({"body_html": left})).await.expect(200);
        assert!(again["body_html"] == left, "{again}");
    }
    let preview = world.owner.post("/v1/drafts/preview", json!({"body_html": STYLED})).await.expect(200);
    assert_eq!((&preview["accepted"], &preview["links"][0]["url"]), (&json!(true), &json!("https://shop.test/pay")));
    assert_eq!(world.owner.get("/v1/drafts").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn a_draft_of_text_has_no_frame() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let page = page_of(&world, &thread, "<b>words</b> only", json!({})).await;
    assert!(!page.contains("<iframe") && page.contains("&#60;b&#62;words"), "{page}");
}

#[tokio::test]
async fn a_page_changes_the_draft_and_shows_what_stands_around_it() {
    let world = World::start().await;
    let letter = Letter::from(CUSTOMER).text("When do you open?");
    let thread = world.begin(&letter).await;
    let draft = world.submit(&thread, "We open at nine.").await;
    world.submit(&thread, "Another answer altogether.").await;
    let link = world.approval_path("We open at nine.").await;
    let page = world.anyone.get(&link).await.text();
    for shown in [
        "Another draft answers the same mail",
        "Another answer altogether.",
        "The conversation so far",
        "When do you open?",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let subject = draft["subject"].as_str().unwrap().replace(' ', "+");
    let form = format!("action=edit&subject={subject}&text=We+open+at+ten.%0D%0ASee+you!");
    let saved = world.anyone.staying().form(&link, &form).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    let edited = world.reread(&draft).await;
    assert_eq!(
        (edited["version"].as_u64(), edited["body_text"].as_str()),
        (Some(2), Some("We open at ten.\nSee you!"))
    );
    let next = saved.header("location").to_owned();
    let page = world.anyone.get(&next).await.text();
    assert!(page.contains("<del>nine.</del>") && page.contains("Changed since version 1"), "{page}");
    assert_eq!(world.anyone.form(&link, &form).await.status, 409, "the old page changes nothing");
    assert_eq!(world.anyone.form(&next, "action=edit&subject=Hi&text=+").await.status, 422);
    assert_eq!(world.anyone.form(&next, "action=edit&text=Hi").await.status, 422);
    assert_eq!(world.anyone.press(&next, "approve_and_send").await.status, 200);
    world.until_draft(&draft, "sent").await;
    assert!(world.the_answer().await.text().contains("We open at ten."));
    // The other one would be a second answer now.
    let rival_link = world.approval_path("Another answer altogether.").await;
    let page = world.anyone.get(&rival_link).await;
    assert!(
        page.status == 409 || page.text().contains("This would be a second answer to the same mail."),
        "{}",
        page.text()
    );
}
