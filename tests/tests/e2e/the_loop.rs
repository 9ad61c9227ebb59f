//! Mail in, thread, draft, human approval, exactly one mail out; and how the conversation goes on.

use actionlayer_tests::{
    APPROVER, CUSTOMER, Letter, World, eventually,
    letter::encoded,
    smtp,
    world::{array, id, step},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use mail_parser::MimeHeaders as _;
use serde_json::{Value, json};

const FILE: &[u8] = b"%PDF-1.4\r\n\x00\x01\xfe\xff not text \r\n.\r\n";
const SUBJECT: &str = "Größe & Preis – 価格?";

/// HTML and text, a file with a name that is not ASCII, subject and name that are not ASCII.
fn rich_mail(to: &str) -> Vec<u8> {
    format!(
        "From: {name} <{CUSTOMER}>\r\nReply-To: <desk@customer.test>\r\nTo: <{to}>\r\nSubject: {subject}\r\n\
         Message-ID: <first@customer.test>\r\nReferences: <older@customer.test>\r\n\
         Date: Thu, 30 Apr 2026 14:28:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=outer\r\n\r\n\
         --outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n\
         --inner\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         What does the gr=FCne one cost?\r\n\
         --inner\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         <p>What does the <b>grüne</b> one cost?</p>\r\n--inner--\r\n\
         --outer\r\nContent-Type: application/pdf; name=\"{filename}\"\r\n\
         Content-Disposition: attachment; filename=\"{filename}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         {file}\r\n--outer--\r\n",
        name = encoded("Ada Löwe"),
        subject = encoded(SUBJECT),
        filename = encoded("Angebot Löwe.pdf"),
        file = BASE64.encode(FILE),
    )
    .into_bytes()
}

#[tokio::test]
async fn a_mail_is_answered_once_a_person_approved() {
    let world = World::start_with(json!({
        "reply_to_email": "team@novacore.test",
        "signature_text": "Mia, Novacore",
        "can_send_cold": false,
    }))
    .await;
    let agent = world.key("agent").await;
    assert_eq!(array(&agent.get("/v1/threads?needs_review=true").await.expect(200)["data"]).len(), 0);

    // Mail in.
    let raw = rich_mail(world.address());
    smtp::send(world.engine.smtp, "bounces@customer.test", &[world.address()], &raw).await.unwrap();
    let listed = eventually("a thread that needs review", async || {
        let list = agent.get("/v1/threads?needs_review=true").await.expect(200);
        array(&list["data"]).first().cloned()
    })
    .await;
    assert_eq!((listed["subject"].as_str(), listed["status"].as_str()), (Some(SUBJECT), Some("open")));
    let thread = agent.get(&format!("/v1/threads/{}", id(&listed))).await.expect(200);
    assert_eq!(thread["contact"]["email"], CUSTOMER);
    assert_eq!(thread["messages_total"], 1);
    let message = &thread["messages"][0];
    assert_eq!(message["from_name"], "Ada Löwe");
    assert_eq!(message["from_email"], CUSTOMER);
    assert_eq!(message["reply_to"], json!(["desk@customer.test"]));
    assert_eq!(message["body_text"].as_str().unwrap().trim(), "What does the grüne one cost?");
    assert!(message["body_html"].as_str().unwrap().contains("<b>grüne</b>"));
    assert_eq!(message["message_id_header"], "first@customer.test");
    assert_eq!(message["authentication"]["dmarc"], "PASS");
    assert_eq!(message["authentication"]["aligned"], true);
    assert_eq!(message["safety"]["untrusted"], true);
    assert_eq!(message["is_automated"], false);
    files_can_be_had(&agent, message, &raw).await;

    // Draft.
    let mut proposal = world.proposal(&thread, "The green one costs 40 €.");
    proposal["rationale"] = json!("The price list says so.");
    proposal["cc"] = json!("bob@customer.test");
    proposal["bcc"] = json!(["eve@novacore.test"]);
    let draft = agent.post("/v1/drafts", proposal).await.expect(201);
    assert_eq!((draft["status"].as_str(), draft["version"].as_u64()), (Some("pending"), Some(1)));
    assert_eq!(draft["stale_warning"], false);
    assert_eq!(draft["to"], json!(["desk@customer.test"]));
    assert_eq!(draft["subject"], format!("Re: {SUBJECT}"));
    assert_eq!(world.thread(&thread).await["status"], "draft_pending");

    // Approval.
    let mail = world.approval_mail("The green one costs 40").await;
    assert_eq!(mail.envelope_to, [APPROVER]);
    assert_eq!(mail.message().subject(), Some(format!("Approve? Re: {SUBJECT}").as_str()));
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(mail.text().contains("The price list says so.") && mail.text().contains("grüne"));
    let link = mail.approval_path().unwrap();
    let page = world.anyone.get(&link).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("The green one costs 40 €.") && page.text().contains("The price list says so."));
    assert_eq!(world.reread(&draft).await["status"], "pending");
    let decided = world.anyone.press(&link, "approve").await;
    assert_eq!(decided.status, 200, "{}", decided.text());
    let approved = world.reread(&draft).await;
    assert_eq!(approved["status"], "approved");
    assert_eq!((&approved["decided_by"]["kind"], &approved["decided_by"]["name"]), (&json!("email"), &json!(APPROVER)));
    assert!(approved["decided_at"].is_string() && approved["send_state"].is_null());
    assert!(world.sent_to("desk@customer.test").await.is_empty(), "approving does not send");

    // Mail out.
    let queued = agent.post_empty(&step(&draft, "send")).await.expect(202);
    assert_eq!((queued["status"].as_str(), queued["sent_message_id"].is_null()), (Some("approved"), true));
    let sent = world.until_draft(&draft, "sent").await;
    let mails = world.sent_to("desk@customer.test").await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.envelope_from, world.address());
    assert_eq!(mail.envelope_to, ["desk@customer.test", "bob@customer.test", "eve@novacore.test"]);
    let parsed = mail.message();
    let address = |list: Option<&mail_parser::Address<'_>>| -> Vec<(String, String)> {
        let part = |text: Option<&str>| text.unwrap_or_default().to_owned();
        list.into_iter().flat_map(|list| list.iter()).map(|a| (part(a.name()), part(a.address()))).collect()
    };
    let pair = |name: &str, email: &str| vec![(name.to_owned(), email.to_owned())];
    assert_eq!(address(parsed.from()), pair("Mia (AI Assistant)", world.address()));
    assert_eq!(address(parsed.to()), pair("", "desk@customer.test"));
    assert_eq!(address(parsed.cc()), pair("", "bob@customer.test"));
    assert_eq!(address(parsed.reply_to()), pair("", "team@novacore.test"));
    assert!(!String::from_utf8_lossy(&mail.raw).contains("eve@novacore.test"), "blind copies stay blind");
    assert_eq!(parsed.subject(), Some(format!("Re: {SUBJECT}").as_str()));
    assert_eq!(mail.header("In-Reply-To").as_deref(), Some("<first@customer.test>"));
    assert_eq!(mail.header("References").as_deref(), Some("<older@customer.test> <first@customer.test>"));
    assert_eq!(mail.header("Message-ID"), Some(format!("<{}@email.amazonses.com>", mail.ses_message_id)));
    assert_eq!(mail.header("Auto-Submitted"), None, "a person approved it");
    assert_eq!(parsed.content_type().map(|t| (t.ctype(), t.subtype())), Some(("multipart", Some("alternative"))));
    for part in [mail.text(), mail.html()] {
        assert!(part.contains("The green one costs 40 €."), "{part}");
        assert_eq!(part.matches("Mia, Novacore").count(), 1, "the signature, once: {part}");
    }

    // The thread waits for the other side.
    let thread = world.thread(&thread).await;
    assert_eq!((thread["status"].as_str(), thread["needs_review"].as_bool()), (Some("waiting"), Some(false)));
    assert_eq!(thread["messages_total"], 2);
    let answer = &thread["messages"][1];
    assert_eq!(answer["id"], sent["sent_message_id"]);
    assert_eq!((answer["direction"].as_str(), &answer["draft_id"]), (Some("outbound"), &draft["id"]));
    assert_eq!(
        (answer["body_text"].as_str(), answer["from_email"].as_str()),
        (Some("The green one costs 40 €."), Some(world.address()))
    );
    world.until_message(&sent["sent_message_id"], &["delivered"]).await;
    let again = agent.post_empty(&step(&draft, "send")).await.refused(409, "already_sent");
    assert!(again["fix"].as_str().unwrap().contains("sent_message_id"));
    world.come_to_rest().await;
    assert_eq!(world.sent_to("desk@customer.test").await.len(), 1, "exactly one");
}

/// The file and the raw mail, by their signed links, byte by byte.
async fn files_can_be_had(agent: &actionlayer_tests::Api, message: &Value, raw: &[u8]) {
    let files = array(&message["attachments"]);
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(files[0]["filename"], "Angebot Löwe.pdf");
    assert_eq!(files[0]["content_type"], "application/pdf");
    assert_eq!((files[0]["size_bytes"].as_u64(), files[0]["inline"].as_bool()), (Some(FILE.len() as u64), Some(false)));
    let path = format!("/v1/messages/{}/attachments/{}", id(message), id(&files[0]));
    let signed = agent.get(&path).await.expect(200);
    let anyone = actionlayer_tests::Api::new("");
    let file = anyone.get(signed["url"].as_str().unwrap()).await;
    assert_eq!((file.status, file.body.as_slice()), (200, FILE));
    agent.get(&format!("/v1/messages/{}/attachments/nothing", id(message))).await.refused(404, "not_found");

    let signed = agent.get(&format!("/v1/messages/{}/raw", id(message))).await.expect(200);
    let mail = anyone.get(signed["url"].as_str().unwrap()).await;
    assert_eq!(mail.status, 200);
    assert!(mail.body.ends_with(raw), "as it came, below the headers of SES");
    let forged = signed["url"].as_str().unwrap().replace("/inbound/", "/outbound/");
    assert_eq!(anyone.get(&forged).await.status, 403, "a signature is for one object");
}

#[tokio::test]
async fn html_alone_leaves_with_a_text_part() {
    let world = World::start_with(json!({"signature_html": "<p>Mia of <b>Novacore</b></p>"})).await;
    let thread = world.begin(&Letter::from(CUSTOMER)).await;
    let mut proposal = world.proposal(&thread, "");
    proposal["body_text"] = Value::Null;
    proposal["body_html"] = json!("<p>It is <a href=\"https://novacore.test/p\">40 euros</a>.</p>");
    proposal["subject_override"] = json!("Der Preis: größer");
    let draft = world.owner.post("/v1/drafts", proposal).await.expect(201);
    world.act(&draft, "send").await.expect(202);
    let mail = world.the_answer().await;
    assert!(mail.text().contains("40 euros") && mail.html().contains("<a href="));
    for part in [mail.text(), mail.html()] {
        assert_eq!(part.matches("Novacore").count(), 1, "{part}");
    }
    assert_eq!(mail.message().subject(), Some("Der Preis: größer"));
    assert_eq!(mail.message().text_body_count() + mail.message().attachment_count(), 1);
    assert!(mail.message().attachments().all(|part| part.attachment_name().is_none()));
}
