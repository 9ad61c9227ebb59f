#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, DkimStatus, EmailContent, Message, MessageTag, RawMessage, SuppressionListReason,
    VerificationStatus,
};
use serde_json::{Value, json};

use super::world::{Kept, World, key_pair};
use crate::faults::{Fault, FaultKind, Service};
use crate::smtp::SmtpLimits;

const RAW: &[u8] = b"From: Ada <ada@shop.test>\r\nTo: Bob <bob@world.test>\r\nSubject: Caf\xc3\xa9\r\n\
    Message-ID: <ours@shop.test>\r\nDate: Mon, 01 Jan 2001 00:00:00 +0000\r\nBcc: hidden@world.test\r\n\
    In-Reply-To: <theirs@world.test>\r\n\r\n8 bit: \xff\r\n.\r\nend\r\n";

fn raw(world: &World, bytes: &[u8]) -> SendEmailFluentBuilder {
    let message = RawMessage::builder().data(Blob::new(bytes)).build().unwrap();
    world.ses.send_email().content(EmailContent::builder().raw(message).build())
}

fn to(addresses: &[&str]) -> Destination {
    Destination::builder().set_to_addresses(Some(addresses.iter().map(ToString::to_string).collect())).build()
}

fn fault(operation: &str, kind: FaultKind) -> Fault {
    Fault { service: Service::Ses, operation: operation.to_owned(), kind, after: 0, count: 1 }
}

async fn refused(send: SendEmailFluentBuilder) -> (String, String) {
    let error = send.send().await.unwrap_err().into_service_error();
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_domain_is_verified_while_its_zone_publishes_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let (private_key, public_key) = key_pair();
    world.create_identity("Shop.test", &private_key).await;
    let get = || async { world.ses.get_email_identity().email_identity("shop.test").send().await.unwrap() };

    let pending = get().await;
    assert!(!pending.verified_for_sending_status());
    let dkim = pending.dkim_attributes().unwrap();
    assert_eq!(dkim.status(), Some(&DkimStatus::Pending));
    assert_eq!(dkim.tokens(), ["al1"]);
    assert_eq!(dkim.signing_attributes_origin().unwrap().as_str(), "EXTERNAL");

    let (_, of_another) = key_pair();
    world.publish_key("shop.test", &of_another).await;
    assert!(!get().await.verified_for_sending_status());
    world.publish_key("shop.test", &public_key).await;
    let verified = get().await;
    assert!(verified.verified_for_sending_status());
    assert_eq!(verified.verification_status(), Some(&VerificationStatus::Success));
    world.zones.unpublish("shop.test").await.unwrap();
    assert!(!get().await.verified_for_sending_status());

    let again = world.ses.create_email_identity().email_identity("shop.test").send().await.unwrap_err();
    assert!(again.into_service_error().is_already_exists_exception());
    let listed = world.ses.list_email_identities().send().await.unwrap();
    assert_eq!(listed.email_identities().len(), 1);
    world.ses.delete_email_identity().email_identity("shop.test").send().await.unwrap();
    let gone = world.ses.get_email_identity().email_identity("shop.test").send().await.unwrap_err();
    assert!(gone.into_service_error().is_not_found_exception());
    let gone = world.ses.delete_email_identity().email_identity("shop.test").send().await.unwrap_err();
    assert!(gone.into_service_error().is_not_found_exception());
}

#[tokio::test]
async fn what_is_no_identity_or_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    for name in ["nodot", "a b.test", "", "-@"] {
        let error = world.ses.create_email_identity().email_identity(name).send().await.unwrap_err();
        assert!(name.is_empty() || error.into_service_error().is_bad_request_exception(), "{name}");
    }
    let attributes = aws_sdk_sesv2::types::DkimSigningAttributes::builder()
        .domain_signing_selector("al1")
        .domain_signing_private_key("bm8ga2V5")
        .build();
    let create = world.ses.create_email_identity().email_identity("shop.test").dkim_signing_attributes(attributes);
    assert!(create.send().await.unwrap_err().into_service_error().is_bad_request_exception());

    let easy = world.ses.create_email_identity().email_identity("easy.test").send().await.unwrap();
    assert_eq!(easy.dkim_attributes().unwrap().tokens().len(), 3);
    let (private_key, public_key) = key_pair();
    world.publish_key("easy.test", &public_key).await;
    let put = world
        .ses
        .put_email_identity_dkim_signing_attributes()
        .email_identity("easy.test")
        .signing_attributes_origin(aws_sdk_sesv2::types::DkimSigningAttributesOrigin::External)
        .signing_attributes(
            aws_sdk_sesv2::types::DkimSigningAttributes::builder()
                .domain_signing_selector("al1")
                .domain_signing_private_key(private_key)
                .build(),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(put.dkim_status(), Some(&DkimStatus::Success));
}

#[tokio::test]
async fn an_accepted_mail_is_in_the_outbox_as_ses_sends_it_and_its_events_are_published() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.verify("shop.test").await;
    let sent = raw(&world, RAW)
        .from_email_address("Ada <ada@shop.test>")
        .destination(to(&["bob@world.test"]))
        .configuration_set_name("main")
        .email_tags(MessageTag::builder().name("al_attempt").value("7").build().unwrap())
        .send()
        .await
        .unwrap();
    let id = sent.message_id().unwrap();
    assert!(id.starts_with("0100") && id.ends_with("-000000") && id.len() == 60, "{id}");

    let outbox = world.outbox().await;
    assert_eq!(outbox.len(), 1);
    assert_eq!(outbox[0]["envelope_from"], "ada@shop.test");
    assert_eq!(outbox[0]["envelope_to"], json!(["bob@world.test"]));
    assert_eq!(outbox[0]["ses_message_id"], id);
    let url = outbox[0]["raw_url"].as_str().unwrap();
    let bytes = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(&format!("\r\nMessage-ID: <{id}@email.amazonses.com>\r\n")));
    assert!(!text.contains("ours@shop.test") && !text.contains("2001") && !text.contains("hidden"));
    assert!(text.contains("In-Reply-To: <theirs@world.test>\r\n"));
    assert!(bytes.ends_with(b"\r\n\r\n8 bit: \xff\r\n.\r\nend\r\n"));
    assert_eq!(world.get("/local/outbox/nothing/raw").await.0, 404);

    let events = world.feedback.wait_for(2).await;
    assert_eq!(events[0]["eventType"], "Send");
    assert_eq!(events[0]["send"], json!({}));
    let mail = &events[0]["mail"];
    assert_eq!(mail["messageId"], id);
    assert_eq!(mail["source"], "ada@shop.test");
    assert_eq!(mail["destination"], json!(["bob@world.test"]));
    assert_eq!(mail["tags"]["al_attempt"], json!(["7"]));
    assert_eq!(mail["tags"]["ses:configuration-set"], json!(["main"]));
    assert_eq!(mail["tags"]["ses:from-domain"], json!(["shop.test"]));
    assert_eq!(mail["commonHeaders"]["messageId"], id);
    assert!(mail["headers"].as_array().unwrap().contains(&json!({"name": "Message-ID", "value": "<ours@shop.test>"})));
    assert_eq!(events[1]["eventType"], "Delivery");
    assert_eq!(events[1]["delivery"]["recipients"], json!(["bob@world.test"]));
}

#[tokio::test]
async fn simple_content_becomes_a_message_and_nobody_asked_for_events() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.verify("shop.test").await;
    let content = |text: &str| Content::builder().data(text).build().unwrap();
    let message = Message::builder()
        .subject(content("Grüße"))
        .body(Body::builder().text(content("hällo")).html(content("<p>hällo</p>")).build())
        .build();
    world
        .ses
        .send_email()
        .from_email_address("Jörg <ada@shop.test>")
        .destination(Destination::builder().to_addresses("b@world.test").bcc_addresses("c@world.test").build())
        .reply_to_addresses("r@shop.test")
        .content(EmailContent::builder().simple(message).build())
        .send()
        .await
        .unwrap();
    let outbox = world.outbox().await;
    assert_eq!(outbox[0]["envelope_to"], json!(["b@world.test", "c@world.test"]));
    let (_, bytes) = world.get(&format!("/local/outbox/{}/raw", outbox[0]["id"].as_str().unwrap())).await;
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.subject(), Some("Grüße"));
    assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Jörg"));
    assert_eq!(parsed.body_text(0).unwrap().trim(), "hällo");
    assert!(parsed.body_html(0).unwrap().contains("<p>hällo</p>"));
    assert!(parsed.message_id().unwrap().ends_with("@email.amazonses.com"));
    assert!(!String::from_utf8_lossy(&bytes).contains("c@world.test"));
    assert!(world.feedback.so_far().await.is_empty());
}

#[tokio::test]
async fn what_ses_refuses_is_refused_by_its_name_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let good = || raw(&world, RAW).destination(to(&["bob@world.test"]));
    let (code, message) = refused(good()).await;
    assert_eq!(code, "MessageRejected");
    assert_eq!(
        message,
        "Email address is not verified. The following identities failed the check in region US-EAST-1: ada@shop.test"
    );

    world.verify("shop.test").await;
    let (code, message) = refused(good().from_email_address("eve@evil.test")).await;
    assert_eq!(code, "MessageRejected");
    assert!(message.ends_with(": eve@evil.test"), "{message}");
    let many: Vec<String> = (0..51).map(|n| format!("r{n}@world.test")).collect();
    let crowd = Destination::builder().set_to_addresses(Some(many)).build();
    let tag = |name: &str| MessageTag::builder().name(name).value("v").build().unwrap();
    for (send, expected) in [
        (good().destination(crowd), "BadRequestException"),
        (good().destination(to(&["no address"])), "BadRequestException"),
        (good().destination(to(&["a@b.test>\r\nRCPT TO:<c@d.test"])), "BadRequestException"),
        (good().configuration_set_name("other"), "NotFoundException"),
        (good().email_tags(tag("no spaces")), "BadRequestException"),
        (raw(&world, b"To: x@y.test\r\n\r\n"), "BadRequestException"),
        (raw(&world, b"From: ada@shop.test\r\n\r\n"), "BadRequestException"),
        (raw(&world, b"From: ada@shop.test\r\nFrom: eve@evil.test\r\nTo: x@y.test\r\n\r\n"), "BadRequestException"),
    ] {
        assert_eq!(refused(send).await.0, expected);
    }
    world.ses.put_account_sending_attributes().sending_enabled(false).send().await.unwrap();
    assert_eq!(refused(good()).await.0, "SendingPausedException");
    assert!(!world.ses.get_account().send().await.unwrap().sending_enabled());
    world.ses.put_account_sending_attributes().sending_enabled(true).send().await.unwrap();
    assert!(world.outbox().await.is_empty());

    let lacking = world.ses.get_configuration_set().configuration_set_name("main").send().await.unwrap_err();
    assert_eq!(lacking.raw_response().unwrap().status().as_u16(), 501);
    assert!(lacking.into_service_error().message().unwrap().contains("GET /v2/email/configuration-sets/main"));
}

#[tokio::test]
async fn faults_throttle_or_leave_the_outcome_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.verify("shop.test").await;
    let send = || raw(&world, RAW).configuration_set_name("main");
    world.faults.order(fault("SendEmail", FaultKind::Throttle)).unwrap();
    let error = send().send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 429);
    assert!(error.into_service_error().is_too_many_requests_exception());
    assert!(world.outbox().await.is_empty());

    world.faults.order(fault("*", FaultKind::TimeoutAfterEffect)).unwrap();
    let error = send().send().await.unwrap_err();
    assert!(error.as_service_error().is_none(), "the client must not learn the outcome: {error:?}");
    assert_eq!(world.outbox().await.len(), 1);
    assert_eq!(world.feedback.wait_for(1).await[0]["eventType"], "Send");

    world.faults.order(fault("SendEmail", FaultKind::TimeoutBefore)).unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(200), send().send()).await.is_err());
    assert_eq!(world.outbox().await.len(), 1);
}

#[tokio::test]
async fn the_simulator_and_the_suppression_list_bounce_and_complain() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.verify("shop.test").await;
    let put = world.ses.put_suppressed_destination().email_address("Gone@world.test");
    put.reason(SuppressionListReason::Bounce).send().await.unwrap();
    let listed = world.ses.get_suppressed_destination().email_address("gone@world.test").send().await.unwrap();
    assert_eq!(listed.suppressed_destination().unwrap().reason(), &SuppressionListReason::Bounce);

    let recipients = [
        "bounce+1@simulator.amazonses.com",
        "complaint@simulator.amazonses.com",
        "success@simulator.amazonses.com",
        "gone@world.test",
    ];
    raw(&world, RAW).destination(to(&recipients)).configuration_set_name("main").send().await.unwrap();
    let events = world.feedback.wait_for(5).await;
    let kinds: Vec<&Value> = events.iter().map(|event| &event["eventType"]).collect();
    assert_eq!(kinds, ["Send", "Delivery", "Bounce", "Bounce", "Complaint"]);
    assert_eq!(events[1]["delivery"]["recipients"], json!([recipients[1], recipients[2]]));
    assert_eq!(events[2]["bounce"]["bounceType"], "Permanent");
    assert_eq!(events[2]["bounce"]["bouncedRecipients"][0]["emailAddress"], recipients[0]);
    assert_eq!(events[3]["bounce"]["bounceSubType"], "OnAccountSuppressionList");
    assert_eq!(events[4]["complaint"]["complainedRecipients"][0]["emailAddress"], recipients[1]);

    world.ses.delete_suppressed_destination().email_address("gone@world.test").send().await.unwrap();
    let gone = world.ses.get_suppressed_destination().email_address("gone@world.test").send().await.unwrap_err();
    assert!(gone.into_service_error().is_not_found_exception());
    let quota = world.ses.get_account().send().await.unwrap();
    assert!((quota.send_quota().unwrap().sent_last24_hours() - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn an_accepted_mail_yields_its_events_and_comes_back_in_once_whatever_died_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let (feedback, received) = (Arc::new(Kept::default()), Arc::new(Kept::default()));
    feedback.refuses.store(true, Ordering::SeqCst);
    received.refuses.store(true, Ordering::SeqCst);
    let open = || World::open_with(folder.path(), None, SmtpLimits::default(), feedback.clone(), received.clone());
    let world = open().await;
    world.verify("shop.test").await;
    let send = raw(&world, RAW).destination(to(&["bob@shop.test", "far@world.test"])).configuration_set_name("main");
    send.send().await.unwrap();
    world.kill().await;

    feedback.refuses.store(false, Ordering::SeqCst);
    received.refuses.store(false, Ordering::SeqCst);
    let world = open().await;
    world.clock.advance(Duration::from_mins(2)).await.unwrap();
    let events = feedback.wait_for(3).await;
    let kinds: Vec<&Value> = events.iter().map(|event| &event["eventType"]).collect();
    assert_eq!(kinds, ["Send", "Delivery", "Delivery"]);
    assert_eq!(events[2]["delivery"]["recipients"], json!(["bob@shop.test"]));
    let came_back = received.wait_for(1).await;
    assert_eq!(came_back[0]["Records"][0]["ses"]["receipt"]["recipients"], json!(["bob@shop.test"]));
    world.kill().await;

    let world = open().await;
    assert_eq!(world.outbox().await.len(), 1);
    // Whatever were left would go out before this one.
    raw(&world, RAW).destination(to(&["x@world.test"])).configuration_set_name("main").send().await.unwrap();
    assert_eq!(feedback.wait_for(5).await.len(), 5);
    assert_eq!(received.so_far().await.len(), 1);
}
