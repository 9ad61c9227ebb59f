#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_lambda_events::event::ses::SimpleEmailEvent;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::relay::Relay;
use super::{MAX_MESSAGE_BYTES, SmtpLimits};
use crate::ses::world::{DEADLINE, Kept, World};

/// A client that speaks exactly the octets it is told.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let mut client = Self { stream: BufReader::new(TcpStream::connect(address).await.unwrap()) };
        assert!(client.reply().await.starts_with("220 "));
        client
    }

    async fn greeted(address: SocketAddr) -> Self {
        let mut client = Self::connect(address).await;
        assert!(client.say("EHLO mx.world.test").await.starts_with("250 "));
        client
    }

    /// Says a line and gives the last line of the reply.
    async fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            tokio::time::timeout(DEADLINE, self.stream.read_line(&mut line)).await.unwrap().unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    /// Sends a mail to one recipient; the reply to the final dot.
    async fn send(&mut self, from: &str, to: &str, data: &[u8]) -> String {
        assert_eq!(&self.say(&format!("MAIL FROM:<{from}>")).await[..3], "250");
        assert_eq!(&self.say(&format!("RCPT TO:<{to}>")).await[..3], "250");
        assert_eq!(&self.say("DATA").await[..3], "354");
        self.write(data).await;
        self.write(b"\r\n.\r\n").await;
        self.reply().await
    }

    async fn ended(&mut self) -> bool {
        let mut rest = Vec::new();
        tokio::time::timeout(DEADLINE, self.stream.read_to_end(&mut rest)).await.unwrap().is_ok()
    }
}

async fn world(folder: &tempfile::TempDir) -> World {
    let world = World::open(folder.path()).await;
    world.verify("shop.test").await;
    world
}

fn mail(event: &Value) -> &Value {
    &event["Records"][0]["ses"]["mail"]
}

fn header<'a>(event: &'a Value, name: &str) -> &'a str {
    let headers = mail(event)["headers"].as_array().unwrap();
    headers.iter().find(|header| header["name"] == name).unwrap()["value"].as_str().unwrap()
}

#[tokio::test]
async fn a_mail_is_stored_to_the_octet_and_the_function_gets_a_genuine_event() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&folder).await;
    let mut client = Client::connect(world.smtp).await;
    // All at once: pipelining.
    client
        .write(
            b"EHLO mx.world.test\r\nMAIL FROM:<Ada@world.test> SIZE=300 BODY=8BITMIME\r\n\
              RCPT TO:<support@shop.test>\r\nrcpt to:<Sales@Shop.Test>\r\nDATA\r\n\
              From: \"Doe, Ada\" <ada@world.test>\r\nTo: support@shop.test, x@y.test\r\nSubject: Caf\xc3\xa9\r\n\
              \r\n..leading dot\r\nraw \xff\xfe\x00 bytes\nbare\r\n..\r\n.\r\nNOOP\r\nQUIT\r\n",
        )
        .await;
    for code in ["250", "250", "250", "250", "354"] {
        assert_eq!(&client.reply().await[..3], code);
    }
    let accepted = client.reply().await;
    let id = accepted.strip_prefix("250 OK ").unwrap();
    assert_eq!(id.len(), 40);
    assert_eq!(&client.reply().await[..3], "250");
    assert_eq!(&client.reply().await[..3], "221");

    let events = world.received.so_far().await;
    assert_eq!(events.len(), 1, "recorded before it was acknowledged");
    let event = &events[0];
    let parsed: SimpleEmailEvent = serde_json::from_value(event.clone()).unwrap();
    let ses = &parsed.records[0].ses;
    assert_eq!(ses.mail.message_id.as_deref(), Some(id));
    assert_eq!(ses.mail.source.as_deref(), Some("Ada@world.test"));
    assert_eq!(ses.receipt.recipients, ["support@shop.test", "Sales@Shop.Test"]);
    assert_eq!(ses.mail.destination, ses.receipt.recipients);
    assert_eq!(ses.receipt.spf_verdict.status.as_deref(), Some("PASS"));
    assert_eq!(ses.receipt.action.type_.as_deref(), Some("Lambda"));
    assert_eq!(ses.receipt.action.invocation_type.as_deref(), Some("Event"));
    assert_eq!(ses.mail.common_headers.from, [r#""Doe, Ada" <ada@world.test>"#]);
    assert_eq!(ses.mail.common_headers.to, ["support@shop.test", "x@y.test"]);
    assert_eq!(ses.mail.common_headers.return_path.as_deref(), Some("Ada@world.test"));
    assert_eq!(ses.mail.common_headers.subject.as_deref(), Some("Café"));
    assert!(!ses.mail.headers_truncated);

    let stored = world.stored(id).await;
    let body: &[u8] = b"From: \"Doe, Ada\" <ada@world.test>\r\nTo: support@shop.test, x@y.test\r\n\
        Subject: Caf\xc3\xa9\r\n\r\n.leading dot\r\nraw \xff\xfe\x00 bytes\nbare\r\n.\r\n";
    assert!(stored.ends_with(body));
    let added = String::from_utf8(stored[..stored.len() - body.len()].to_vec()).unwrap();
    assert!(added.starts_with("Return-Path: <Ada@world.test>\r\nReceived: from mx.world.test ("), "{added}");
    for line in [
        "X-SES-Spam-Verdict: PASS\r\n",
        "X-SES-Virus-Verdict: PASS\r\n",
        "Received-SPF: pass ",
        " dkim=pass header.i=@world.test;",
    ] {
        assert!(added.contains(line), "{added}");
    }
    assert!(header(event, "Authentication-Results").starts_with("amazonses.com; spf=pass "));
}

#[tokio::test]
async fn mail_goes_only_to_verified_domains_and_in_the_right_order() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&folder).await;
    let mut client = Client::connect(world.smtp).await;
    for (line, code) in [
        ("MAIL FROM:<a@b.test>", "503"),
        ("HELO x", "250"),
        ("RCPT TO:<a@shop.test>", "503"),
        ("DATA", "503"),
        ("NONSENSE", "500"),
        ("MAIL FROM:a@b", "501"),
        ("MAIL FROM:<a@b.test> SIZE=41943041", "552"),
        ("MAIL FROM:<>", "250"),
        ("MAIL FROM:<a@b.test>", "503"),
        ("RCPT TO:<a@elsewhere.test>", "550"),
        ("RCPT TO:<a@sub.shop.test>", "550"),
        ("RCPT TO:<postmaster>", "550"),
        ("DATA", "554"),
        ("RCPT TO:<anything+tag@shop.test>", "250"),
        ("RSET", "250"),
        ("RCPT TO:<a@shop.test>", "503"),
        ("VRFY a", "252"),
        ("STARTTLS", "502"),
        ("AUTH PLAIN AGEAYg==", "502"),
        ("NOOP", "250"),
    ] {
        assert_eq!(&client.say(line).await[..3], code, "{line}");
    }
    let accepted = client.send("", "a@shop.test", b"Subject: bounce\r\n\r\n").await;
    assert!(accepted.starts_with("250 OK "));
    let events = world.received.so_far().await;
    assert_eq!(mail(&events[0])["source"], "");
    assert_eq!(header(&events[0], "Return-Path"), "<>");
    // A message may be empty, and may be nothing but a stuffed dot.
    for (data, stored) in [(&b".\r\n"[..], &b""[..]), (b"..\r\n.\r\n", b".\r\n")] {
        for line in ["MAIL FROM:<a@b.test>", "RCPT TO:<a@shop.test>", "DATA"] {
            client.say(line).await;
        }
        client.write(data).await;
        let reply = client.reply().await;
        let bytes = world.stored(reply.strip_prefix("250 OK ").unwrap()).await;
        assert!(bytes.ends_with(&[b"header.from=;\r\n", stored].concat()));
    }
    world.zones.unpublish("shop.test").await.unwrap();
    client.say("MAIL FROM:<a@b.test>").await;
    assert_eq!(&client.say("RCPT TO:<a@shop.test>").await[..3], "550");
    assert_eq!(&client.say("QUIT").await[..3], "221");
    assert!(client.ended().await);
}

#[tokio::test]
async fn too_much_is_refused_and_the_conversation_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&folder).await;
    let mut client = Client::greeted(world.smtp).await;
    let line = [b'x'; 998].iter().copied().chain(*b"\r\n").collect::<Vec<u8>>();
    let huge = line.repeat(MAX_MESSAGE_BYTES / line.len() + 1);
    assert!(client.send("a@b.test", "a@shop.test", &huge).await.starts_with("552 "));
    assert!(client.send("a@b.test", "a@shop.test", b"Subject: small\r\n\r\n").await.starts_with("250 "));
    assert_eq!(world.received.so_far().await.len(), 1);

    client.write(&b"N".repeat(70_000)).await;
    assert!(client.reply().await.starts_with("500 "));
}

#[tokio::test]
async fn message_data_is_never_read_as_commands() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&folder).await;
    let mut client = Client::greeted(world.smtp).await;
    // Neither a bare line feed nor a bare carriage return ends a message (SMTP smuggling).
    let smuggled = b"Subject: one\r\n\r\n\n.\nMAIL FROM:<evil@b.test>\r\n\r.\rRSET\r\n\n.\r\nQUIT";
    assert!(client.send("a@b.test", "a@shop.test", smuggled).await.starts_with("250 "));
    let events = world.received.so_far().await;
    assert_eq!(events.len(), 1);
    let stored = world.stored(mail(&events[0])["messageId"].as_str().unwrap()).await;
    assert!(stored.ends_with(&[&smuggled[..], b"\r\n"].concat()));

    client.write(b"BDAT 20 LAST\r\nRSET\r\nRSET\r\nRSET\r\n").await;
    assert!(client.reply().await.starts_with("502 "));
    assert!(client.ended().await);
}

#[tokio::test]
async fn verdicts_are_set_per_sender() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&folder).await;
    let url = format!("http://{}/local/verdicts", world.http);
    let http = reqwest::Client::new();
    let put = |body: &str| {
        let request = http.put(&url).body(body.to_owned());
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(put(r#"{"sender":"evil.test","spf":"FAIL","dmarc":"FAIL","dmarc_policy":"quarantine"}"#).await, 200);
    assert_eq!(put(r#"{"sender":"Bulk@evil.test","spam":"GRAY","virus":"DISABLED"}"#).await, 200);
    for (status, body) in [
        (400, "{"),
        (422, "{}"),
        (422, r#"{"sender":""}"#),
        (422, r#"{"sender":"a.test","spf":"fail"}"#),
        (422, r#"{"sender":"a.test","fps":"FAIL"}"#),
    ] {
        assert_eq!(put(body).await, status, "{body}");
    }
    let mut client = Client::greeted(world.smtp).await;
    for from in ["x@evil.test", "bulk@EVIL.test", "x@good.test"] {
        client.send(from, "a@shop.test", b"Subject: s\r\n\r\n").await;
    }
    // The From address counts before the envelope.
    client.send("x@good.test", "a@shop.test", b"From: Eve <eve@evil.test>\r\n\r\n").await;
    let events = world.received.so_far().await;
    let statuses = |index: usize| {
        let receipt = &events[index]["Records"][0]["ses"]["receipt"];
        ["spf", "dkim", "dmarc", "spam", "virus"].map(|check| receipt[format!("{check}Verdict")]["status"].clone())
    };
    assert_eq!(statuses(0), ["FAIL", "PASS", "FAIL", "PASS", "PASS"]);
    assert_eq!(events[0]["Records"][0]["ses"]["receipt"]["dmarcPolicy"], "quarantine");
    assert_eq!(statuses(1), ["PASS", "PASS", "PASS", "GRAY", "DISABLED"]);
    assert_eq!(statuses(2), ["PASS"; 5]);
    assert_eq!(events[2]["Records"][0]["ses"]["receipt"].get("dmarcPolicy"), None);
    assert_eq!(statuses(3), statuses(0));
    assert!(header(&events[0], "Authentication-Results").contains("dmarc=fail"));

    let (_, listed) = world.get("/local/verdicts").await;
    assert_eq!(serde_json::from_slice::<Value>(&listed).unwrap()["data"][0]["sender"], "bulk@evil.test");
    assert_eq!(http.delete(format!("{url}?sender=evil.test")).send().await.unwrap().status().as_u16(), 204);
    assert_eq!(world.verdicts.list().await.unwrap().len(), 1);
    assert_eq!(http.delete(&url).send().await.unwrap().status().as_u16(), 204);
    assert!(world.verdicts.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_safely_stored_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&folder).await;
    world.received.refuses.store(true, Ordering::SeqCst);
    let mut client = Client::greeted(world.smtp).await;
    assert!(client.send("a@b.test", "a@shop.test", b"Subject: s\r\n\r\n").await.starts_with("451 "));
    world.received.refuses.store(false, Ordering::SeqCst);
    assert!(client.send("a@b.test", "a@shop.test", b"Subject: s\r\n\r\n").await.starts_with("250 "));
    std::fs::rename(folder.path().join("s3"), folder.path().join("away")).unwrap();
    assert!(client.send("a@b.test", "a@shop.test", b"Subject: s\r\n\r\n").await.starts_with("451 "));
    assert_eq!(world.received.so_far().await.len(), 1);
}

#[tokio::test]
async fn silent_and_supernumerary_clients_are_sent_away() {
    let folder = tempfile::tempdir().unwrap();
    let limits = SmtpLimits { idle: Duration::from_millis(300), connections: 1 };
    let world = World::open_with(folder.path(), None, limits, Arc::default(), Arc::default()).await;
    let mut silent = Client::connect(world.smtp).await;
    let mut second = BufReader::new(TcpStream::connect(world.smtp).await.unwrap());
    let mut line = String::new();
    second.read_line(&mut line).await.unwrap();
    assert!(line.starts_with("421 "), "{line}");
    assert!(silent.reply().await.starts_with("421 4.4.2"));
    assert!(silent.ended().await);
    // The slot is free again.
    let connect = async {
        loop {
            let mut client = BufReader::new(TcpStream::connect(world.smtp).await.unwrap());
            let mut line = String::new();
            client.read_line(&mut line).await.unwrap();
            if line.starts_with("220 ") {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, connect).await.unwrap();
}

fn raw(
    world: &World,
    bytes: &[u8],
    to: &[&str],
) -> aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder {
    let message = RawMessage::builder().data(Blob::new(bytes)).build().unwrap();
    let to = to.iter().map(ToString::to_string).collect();
    world
        .ses
        .send_email()
        .content(EmailContent::builder().raw(message).build())
        .destination(Destination::builder().set_to_addresses(Some(to)).build())
        .configuration_set_name("main")
}

#[tokio::test]
async fn mail_to_a_verified_domain_comes_back_in_as_it_left() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&folder).await;
    let bytes = b"From: a@shop.test\r\nTo: b@shop.test\r\n\r\n.dot \xff\r\n";
    let sent = raw(&world, bytes, &["b@shop.test", "c@shop.test"]).send().await.unwrap();
    let events = world.received.wait_for(1).await;
    assert_eq!(mail(&events[0])["source"], "a@shop.test");
    assert_eq!(mail(&events[0])["destination"], json!(["b@shop.test", "c@shop.test"]));
    let expected = format!("<{}@email.amazonses.com>", sent.message_id().unwrap());
    assert_eq!(mail(&events[0])["commonHeaders"]["messageId"], expected);
    let stored = world.stored(mail(&events[0])["messageId"].as_str().unwrap()).await;
    assert!(stored.ends_with(b"\r\n\r\n.dot \xff\r\n"));
    let feedback = world.feedback.wait_for(2).await;
    assert_eq!(feedback[1]["delivery"]["recipients"], json!(["b@shop.test", "c@shop.test"]));
}

#[tokio::test]
async fn the_relay_takes_mail_for_the_world() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let far = world(&there).await;
    let relay: Relay = format!("smtp://{}", far.smtp).parse().unwrap();
    let near =
        World::open_with(here.path(), Some(relay), SmtpLimits::default(), Arc::default(), Arc::<Kept>::default()).await;
    near.verify("near.test").await;
    let bytes = b"From: a@near.test\r\nTo: b@shop.test\r\n\r\n.dot \xff\r\n";
    raw(&near, bytes, &["b@shop.test", "nobody@unknown.test"]).send().await.unwrap();
    let events = far.received.wait_for(1).await;
    assert_eq!(mail(&events[0])["source"], "a@near.test");
    let stored = far.stored(mail(&events[0])["messageId"].as_str().unwrap()).await;
    assert!(stored.ends_with(b"\r\n\r\n.dot \xff\r\n"));
    let feedback = near.feedback.wait_for(3).await;
    assert_eq!(feedback[1]["delivery"]["recipients"], json!(["b@shop.test"]));
    assert_eq!(feedback[2]["bounce"]["bouncedRecipients"][0]["emailAddress"], "nobody@unknown.test");

    // A relay that cannot be had for now is asked again.
    far.received.refuses.store(true, Ordering::SeqCst);
    raw(&near, bytes, &["b@shop.test"]).send().await.unwrap();
    near.feedback.wait_for(4).await;
    far.received.refuses.store(false, Ordering::SeqCst);
    assert_eq!(far.received.wait_for(2).await.len(), 2);
    assert_eq!(near.feedback.wait_for(5).await[4]["eventType"], "Delivery");
}
