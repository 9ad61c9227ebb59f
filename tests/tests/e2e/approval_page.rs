//! What the page behind an approval link shows of a draft that is HTML.

use actionlayer_tests::{CUSTOMER, Letter, World, world::merge};
use serde_json::{Value, json};

/// Runs, loads, submits, hides, and breaks out of an attribute, if anything does.
const HOSTILE: &str = r#"<p style="text-align:center">Dear <b>Ada</b>, the price is <s>90</s> 80.</p>
<div style="display:none">nobody sees this</div><p>in&#x202e;side</p>
<script>alert(1)</script><img src="https://evil.test/pixel.gif" alt="Our logo" onerror="alert(2)">
<a href="javascript:alert(3)">terms</a> <a href="https://shop.test/pay">pay</a>
<style>@import "https://evil.test/a.css"; p { background: url(https://evil.test/b.png) }</style>
<form action="https://evil.test/c"><button name="action" value="approve">Approve</button></form>
<iframe srcdoc="<script>alert(4)</script>"></iframe><meta http-equiv="refresh" content="0;url=https://evil.test">
"></iframe><script>alert(5)</script>&quot;&gt;&lt;script&gt;alert(6)&lt;/script&gt;' sandbox="allow-scripts"#;

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
async fn html_is_shown_as_it_looks_and_can_do_nothing() {
    let world = World::start().await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    for (text, more) in [
        ("beside its html", json!({"body_html": HOSTILE})),
        ("only html here", json!({"body_text": null, "body_html": format!("<p>only html here</p>{HOSTILE}")})),
    ] {
        let page = page_of(&world, &thread, text, more).await;
        let (document, around) = frame(&page);
        let shown = document.to_ascii_lowercase();
        for bad in
            ["<script", "onerror", "evil.test", "javascript:", "<form", "<button", "<iframe", "refresh", "none\">"]
        {
            assert!(!shown.contains(bad), "{bad} in {document}");
        }
        assert!(shown.contains("default-src 'none'"), "{document}");
        assert!(document.contains("Dear <b>Ada</b>, the price is <s>90</s> 80."), "{document}");
        assert!(document.contains("text-align:center") && document.contains("alt=\"Our logo\""), "{document}");
        assert!(document.contains("nobody sees this") && document.contains("in\u{fffd}side"), "{document}");
        for bad in ["<iframe", "<script", "<img"] {
            assert!(!around.contains(bad), "{bad} in {around}");
        }
        // Where links lead can be read, though they lead nowhere here; and what is decided about is one form of ours.
        assert!(around.contains("https://shop.test/pay"), "{around}");
        assert_eq!(around.matches("value=\"approve\"").count(), 1);
    }
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
