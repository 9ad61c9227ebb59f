//! Hostile mail on the screens: nothing of it is markup there.

use actionlayer_domain::account::MemberRole;
use actionlayer_tests::{CUSTOMER, Letter, Person, World, eventually};
use serde_json::json;

/// What is tried: markup, attributes, addresses, and ways out of where text stands. Put together with one another below.
const VECTORS: [&str; 36] = [
    "<script>alert(1)</script>",
    "</script><script src=//evil.example/x.js></script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<object data=//evil.example/x.swf></object>",
    "<embed src=//evil.example/x.svg>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import'//evil.example/x.css';</style>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<form action=//evil.example/><button>Approve</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<a href=javascript:alert(1)>here</a>",
    "<a href=\"java&#x0a;script:alert(1)\">here</a>",
    "<a href=data:text/html,<script>alert(1)</script>>here</a>",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u{202e}gnp.exe<script>\u{2028}alert(1)</script>",
];

/// Each alone, after a quote, behind an entity, in other letters, in a tag that never ends, and cut in two by a blank.
fn corpus() -> Vec<String> {
    let mut corpus = Vec::new();
    for vector in VECTORS {
        corpus.push(vector.to_owned());
        corpus.push(format!("\">{vector}"));
        corpus.push(format!("'>{vector}"));
        corpus.push(format!("<x y=\"{vector}"));
        corpus.push(vector.to_uppercase());
        corpus.push(vector.replace('<', "<\t"));
    }
    corpus
}

/// What a page of ours consists of, as an HTML parser sees it: the names of its elements and of their attributes, with the
/// values of those that load, lead or post somewhere.
fn assert_inert(html: &str, what: &str) {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let tag = rest.split('>').next().unwrap_or_default();
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/' || *c == '!').collect();
        let name = name.trim_start_matches('/').to_lowercase();
        let known = [
            "!doctype", "a", "article", "aside", "bdi", "body", "br", "button", "code", "dd", "details", "dialog",
            "div", "dl", "dt", "fieldset", "footer", "form", "h1", "h2", "h3", "head", "header", "html", "iframe",
            "input", "kbd", "label", "legend", "li", "link", "main", "meta", "nav", "ol", "option", "p", "pre",
            "progress", "script", "section", "select", "small", "span", "strong", "summary", "table", "tbody", "td",
            "textarea", "th", "thead", "time", "title", "tr", "ul",
        ];
        assert!(known.contains(&name.as_str()), "{what}: <{tag}>");
        let outside: String = tag.split('"').step_by(2).collect();
        let mut attributes = outside.split_whitespace().skip(1).map(|word| word.trim_end_matches('='));
        let is_handler = |word: &str| word.to_lowercase().starts_with("on");
        assert!(!attributes.any(is_handler), "{what}: <{tag}>");
        for loads in ["src=\"", "href=\"", "action=\""] {
            if let Some((_, value)) = tag.split_once(loads) {
                let value = value.split('"').next().unwrap_or_default();
                assert!(value.starts_with('/') || value.starts_with('#') || value == "data:,", "{what}: <{tag}>");
                assert!(!value.starts_with("//"), "{what}: <{tag}>");
            }
        }
        if name == "iframe" && !rest.starts_with('/') {
            assert!(tag.contains("sandbox=\"\""), "{what}: <{tag}>");
        }
        if name == "script" && !rest.starts_with('/') {
            assert!(tag.contains("src=\"/assets/"), "{what}: <{tag}>");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_mail_is_markup() {
    let corpus = corpus();
    assert!(corpus.len() >= 200, "{}", corpus.len());
    let world = World::start().await;
    let olga = Person::member(&world, "Olga", MemberRole::Owner).await;
    // Nine mails carry all of it, in the subject, the text and the HTML.
    for (at, chunk) in corpus.chunks(24).enumerate() {
        let all = chunk.join("\n");
        let subject: String = chunk[0].chars().filter(|c| !c.is_control()).collect();
        let text = format!(
            "--part\nContent-Type: text/plain; charset=utf-8\n\n{all}\n--part\nContent-Type: text/html; charset=utf-8\n\n\
             <p>Mail {at}</p>{all}\n--part--"
        );
        let letter = Letter::from(CUSTOMER).subject(&format!("Mail {at} {subject}")).text(&text);
        let raw = String::from_utf8(letter.bytes(world.address())).unwrap();
        let raw = raw.replace(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nMessage-ID",
            "Content-Type: multipart/alternative; boundary=part\r\nMessage-ID",
        );
        actionlayer_tests::smtp::send(world.engine.smtp, CUSTOMER, &[world.address()], raw.as_bytes()).await.unwrap();
    }
    let mails = corpus.chunks(24).count();
    let inbox = eventually("all mails", async || {
        let page = olga.see("/inbox?show=all").await;
        (page.html.matches("href=\"/threads/").count() == mails).then_some(page)
    })
    .await;
    assert_inert(&inbox.html, "inbox");
    for thread in world.threads().await {
        let path = format!("/threads/{}", thread["id"].as_str().unwrap());
        // An agent that was talked into repeating it all.
        let evil = corpus[..40].join("\n");
        let mut draft = world.proposal(&thread, &evil);
        draft["rationale"] = json!(evil);
        world.owner.post("/v1/drafts", draft).await.expect(201);
        let page = olga.see(&path).await;
        assert_inert(&page.html, &path);
        page.says("alert(1)");
        let frame = page.html.split("src=\"/messages/").nth(1).expect("the HTML").split('"').next().unwrap();
        let frame = olga.see(&format!("/messages/{frame}")).await;
        for part in ["sandbox", "default-src 'none'", "frame-ancestors 'self'"] {
            assert!(frame.policy.contains(part) && !frame.policy.contains("script-src"), "{}", frame.policy);
        }
        let lower = frame.html.to_lowercase();
        for active in ["<script", "<iframe", "<object", "<embed", "<svg", "<form", "<base", "<link"] {
            assert!(!lower.contains(active), "{active}: {}", frame.html);
        }
        assert!(!lower.contains("href=\"javascript") && !lower.contains("src=\"x\""), "{}", frame.html);
    }
    for path in ["/drafts", "/events", "/contacts", "/onboarding", "/inbox?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"]
    {
        assert_inert(&olga.see(path).await.html, path);
    }
}
