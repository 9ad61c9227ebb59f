//! Where webhooks can be made to lead, held against a real resolver of this DNS.
#![allow(clippy::unwrap_used)]

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use actionlayer_clients::{dns::Dns, http::GuardedClient};
use actionlayer_domain::{
    WebhookUrl,
    public_address::is_public,
    webhook::{AttemptError, Reach},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{DnsServer, RecordKind, ZoneRecord, Zones};
use crate::ses::world::open_state;

/// At least one address of every block that is not the public Internet (IANA special-purpose registries, cloud metadata
/// services, and IPv4 inside IPv6 in all its forms).
#[rustfmt::skip]
const INSIDE: &[&str] = &[
    // This network, private use, shared, loopback, link local.
    "0.0.0.0", "0.0.0.1", "0.255.255.255", "10.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.0", "100.64.0.1",
    "100.100.100.200", "100.127.255.255", "127.0.0.0", "127.0.0.1", "127.0.0.53", "127.0.1.1", "127.1.2.3",
    "127.255.255.254", "127.255.255.255", "169.254.0.1", "169.254.169.123", "169.254.169.253", "169.254.169.254",
    "169.254.170.2", "169.254.170.23", "169.254.255.255", "172.16.0.0", "172.16.0.1", "172.17.0.1", "172.20.10.1",
    "172.31.255.255", "192.168.0.0", "192.168.0.1", "192.168.1.1", "192.168.99.100", "192.168.255.255",
    // Protocol assignments, documentation, relays, benchmarking.
    "192.0.0.0", "192.0.0.1", "192.0.0.8", "192.0.0.170", "192.0.0.192", "192.0.0.255", "192.0.2.0", "192.0.2.1",
    "192.0.2.255", "192.88.99.0", "192.88.99.1", "192.88.99.255", "198.18.0.0", "198.18.0.1", "198.19.255.255",
    "198.51.100.0", "198.51.100.1", "198.51.100.255", "203.0.113.0", "203.0.113.1", "203.0.113.255",
    // Multicast, reserved, broadcast.
    "224.0.0.0", "224.0.0.1", "224.0.0.251", "233.252.0.1", "239.255.255.250", "239.255.255.255", "240.0.0.0",
    "240.0.0.1", "250.1.2.3", "255.255.255.254", "255.255.255.255",
    // IPv6: unspecified, loopback, IPv4-compatible, mapped, translated.
    "::", "::1", "::2", "::7f00:1", "::127.0.0.1", "::10.0.0.1", "::169.254.169.254", "::8.8.8.8",
    "::ffff:0.0.0.0", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:172.16.0.1",
    "::ffff:192.168.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8", "64:ff9b::", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::1", "64:ff9b:1:ffff::7f00:1", "64:ff9b:1::a9fe:a9fe",
    // Discard, dummy, Teredo, ORCHID, benchmarking, documentation, 6to4, segment routing.
    "100::", "100::1", "100:0:0:1::1", "2001::", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1::1",
    "2001:2::1", "2001:3::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::", "2001:db8::1",
    "2001:db8:ffff::1", "2002::", "2002:7f00:1::", "2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:a9fe::1",
    "2002:c0a8:1::1", "2002:808:808::1", "3fff::1", "3fff:fff::1", "5f00::1", "5f00:ffff::1",
    // Unique local, link local, site local, multicast, and what nobody has.
    "fc00::", "fc00::1", "fd00::1", "fd00:ec2::254", "fd00:ec2::23", "fdff:ffff::1", "fe80::", "fe80::1",
    "fe80::a9fe:a9fe", "febf:ffff::1", "fec0::1", "feff::1", "ff00::", "ff01::1", "ff02::1", "ff02::fb", "ff0e::1",
    "ffff::1", "400::1", "1000::1", "4000::1", "8000::1", "c000::1", "e000::1",
];

/// Spellings of this machine, its network, and of what is no plain https URL.
#[rustfmt::skip]
const SPELLINGS: &[&str] = &[
    // Decimal, octal, hexadecimal, shortened, with zeros.
    "https://2130706433/", "https://0x7f000001/", "https://0X7F000001/", "https://017700000001/", "https://127.1/",
    "https://127.0.1/", "https://127.0.0.1./", "https://0177.0.0.1/", "https://0177.1/", "https://0x7f.1/",
    "https://0x7f.0x0.0x0.0x1/", "https://127.0x0.00.1/", "https://000000177.0.0.01/", "https://0/", "https://0x0/",
    "https://00/", "https://0.0/", "https://0.0.0/", "https://2852039166/", "https://0xa9fea9fe/",
    "https://0xA9.0xFE.0xA9.0xFE/", "https://0251.0376.0251.0376/", "https://169.254.43518/", "https://169.16689662/",
    "https://3232235521/", "https://0xc0a80001/", "https://167772161/", "https://10.1/", "https://172.1048577/",
    "https://4294967295/", "https://0xffffffff/", "https://1684275200/",
    // Percent-encoded, wide, circled, with other dots.
    "https://%31%32%37.0.0.1/", "https://127%2e0%2e0%2e1/", "https://１２７.０.０.１/", "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/", "https://127．0．0．1/", "https://127｡0｡0｡1/", "https://ｌｏｃａｌｈｏｓｔ/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "https://loc\u{ad}alhost/", "https://%6c%6f%63%61%6c%68%6f%73%74/",
    // IPv6 in every dress.
    "https://[::]/", "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[0000::0001]/", "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::FFFF:7F00:0001]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/", "https://[::ffff:a9fe:a9fe]/", "https://[64:ff9b::169.254.169.254]/",
    "https://[2002:7f00:1::]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fd00:ec2::254]/",
    "https://[ff02::1]/", "https://[::1/", "https://[127.0.0.1]/", "https://[::1]:8443/",
    // Names of this machine and its network.
    "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://localhost:443/", "https://a.localhost/",
    "https://a.b.localhost./", "https://intranet/", "https://router/", "https://printer.local/", "https://a.b.local./",
    "https://metadata.google.internal/", "https://metadata.google.internal./computeMetadata/v1/",
    "https://instance-data.ec2.internal/", "https://kubernetes/", "https://com/",
    // Credentials, schemes, ports, fragments, and URLs that only look like one.
    "https://user@example.com/", "https://user:pass@example.com/", "https://:pass@example.com/",
    "https://example.com@127.0.0.1/", "https://example.com:443@127.0.0.1/", "https://127.0.0.1\\@example.com/",
    "https:\\\\127.0.0.1/", "https:/127.0.0.1/", "https:127.0.0.1/", "https:///127.0.0.1/", "http://example.com/",
    "HTTP://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/_x", "data:text/plain,x",
    "javascript:alert(1)", "ws://example.com/", "wss://example.com/", "dict://example.com:11211/", "ldap://example.com/",
    "unix:///var/run/docker.sock", "https+unix://x/", "https://example.com:22/", "https://example.com:25/",
    "https://example.com:80/", "https://example.com:6379/", "https://example.com:9200/", "https://example.com:2375/",
    "https://example.com:8080/", "https://example.com:0/", "https://example.com:65536/", "https://example.com:444/",
    "https://example.com/#fragment", "https://", "https:///", "//example.com/", "example.com", "", " ",
    "https://exa mple.com/", "https://example.com/\n", "https://example.com/\r\nHost: inside", "https://exam\tple.com/",
    "https://example.com\u{0}.inside/", "https://1.2.3.4.5/", "https://256.256.256.256/",
];

/// A record of `host.test`, or of a name below it.
fn record(kind: RecordKind, name: &str, value: &str) -> ZoneRecord {
    ZoneRecord { kind, name: name.to_owned(), value: value.to_owned(), priority: None }
}

fn address_record(name: &str, address: &str) -> ZoneRecord {
    let kind = if address.contains(':') { RecordKind::Aaaa } else { RecordKind::A };
    record(kind, name, address)
}

struct World {
    _folder: tempfile::TempDir,
    zones: Zones,
    dns: Dns,
    _server: DnsServer,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let zones = Zones::open(open_state(folder.path()).await).unwrap();
    let server = DnsServer::start(zones.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let dns = Dns::at(server.address());
    World { _folder: folder, zones, dns, _server: server }
}

/// A listener that counts who comes and answers 200.
async fn sink(address: &str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let (bound, visits) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
    let counted = Arc::clone(&visits);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = [0; 4_096];
                _ = stream.read(&mut buffer).await;
                _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
            });
        }
    });
    (bound, visits)
}

fn anywhere(url: &str) -> WebhookUrl {
    WebhookUrl::parse(url, Reach::Anywhere).unwrap()
}

async fn post(client: &GuardedClient, url: &WebhookUrl) -> Result<u16, AttemptError> {
    client.post_json(url, &[], b"{}".to_vec()).await.map(|answer| answer.status)
}

#[tokio::test]
async fn no_name_and_no_spelling_leads_inside() {
    let world = world().await;
    assert!(INSIDE.len() + SPELLINGS.len() >= 200, "{} + {}", INSIDE.len(), SPELLINGS.len());
    let mut records = Vec::new();
    for (i, address) in INSIDE.iter().enumerate() {
        records.push(address_record(&format!("v{i}.host.test"), address));
        records.push(record(RecordKind::Cname, &format!("c{i}.host.test"), &format!("v{i}.host.test")));
    }
    world.zones.publish("host.test", records).await.unwrap();
    let public = GuardedClient::new(world.dns.clone(), Reach::Public);
    for (i, address) in INSIDE.iter().enumerate() {
        let ip: IpAddr = address.parse().unwrap();
        assert!(!is_public(&ip), "{address}");
        // A name that leads there, an alias of that name, and the address itself.
        for url in [format!("https://v{i}.host.test/"), format!("https://c{i}.host.test:8443/x")] {
            let url = WebhookUrl::parse(&url, Reach::Public).unwrap();
            assert_eq!(post(&public, &url).await, Err(AttemptError::BlockedAddress), "{url} is {address}");
        }
        let literal = if ip.is_ipv6() { format!("https://[{address}]/") } else { format!("https://{address}/") };
        assert!(WebhookUrl::parse(&literal, Reach::Public).is_err(), "{literal}");
        // As if it had been saved by a deployment that may reach it.
        assert_eq!(post(&public, &anywhere(&literal)).await, Err(AttemptError::BlockedAddress), "{literal}");
    }
    for spelling in SPELLINGS {
        assert!(WebhookUrl::parse(spelling, Reach::Public).is_err(), "{spelling:?}");
        if let Ok(url) = WebhookUrl::parse(spelling, Reach::Anywhere) {
            let refused = post(&public, &url).await.unwrap_err();
            assert!(matches!(refused, AttemptError::BlockedAddress | AttemptError::BlockedUrl), "{spelling:?}");
        }
    }
}

#[tokio::test]
async fn what_is_dialled_is_what_passed_the_filter() {
    let world = world().await;
    // One port, two hosts: one that may be reached and one that may not.
    let (outside, outside_visits) = sink("127.0.0.2:0").await;
    let (inside, inside_visits) = sink(&format!("127.0.0.1:{}", outside.port())).await;
    assert_eq!(inside.port(), outside.port());
    let port = outside.port();
    let only_outside = Arc::new(|address: &IpAddr| *address == IpAddr::from([127, 0, 0, 2]));
    let client = GuardedClient::filtered(world.dns.clone(), Reach::Anywhere, only_outside);
    let both = |order: [&str; 2]| order.map(|address| address_record("host.test", address)).to_vec();
    let url = anywhere(&format!("http://host.test:{port}/"));
    for order in [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["::1", "127.0.0.2"]] {
        world.zones.publish("host.test", both(order)).await.unwrap();
        assert_eq!(post(&client, &url).await, Ok(200), "{order:?}");
    }
    // Between two tries the name comes to lead inside: every try asks anew, and no connection is kept.
    world.zones.publish("host.test", vec![address_record("host.test", "127.0.0.1")]).await.unwrap();
    assert_eq!(post(&client, &url).await, Err(AttemptError::BlockedAddress));
    for literal in ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"] {
        let url = anywhere(&format!("http://{literal}:{port}/"));
        assert_eq!(post(&client, &url).await, Err(AttemptError::BlockedAddress), "{literal}");
    }
    assert_eq!(post(&client, &anywhere(&format!("http://127.0.0.2:{port}/"))).await, Ok(200));
    world.zones.unpublish("host.test").await.unwrap();
    assert_eq!(post(&client, &url).await, Err(AttemptError::DnsError));
    assert_eq!((outside_visits.load(Ordering::SeqCst), inside_visits.load(Ordering::SeqCst)), (4, 0));
}

mod rebinding {
    use super::*;
    use async_trait::async_trait;
    use hickory_proto::{
        op::{Header, HeaderCounts, Metadata},
        rr::{Name, RData, Record, RecordType, rdata::A},
    };
    use hickory_server::{
        Server,
        net::runtime::Time,
        server::{Request, RequestHandler, ResponseHandler, ResponseInfo},
        zone_handler::MessageResponseBuilder,
    };
    use tokio::net::UdpSocket;

    /// Says the first time what is allowed and ever after what is not.
    struct Rebinder(Arc<AtomicUsize>);

    #[async_trait]
    impl RequestHandler for Rebinder {
        async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut out: R) -> ResponseInfo {
            let info = request.request_info().unwrap();
            let metadata = Metadata::response_from_request(&request.metadata);
            let mut answers = Vec::new();
            if info.query.query_type() == RecordType::A {
                let asked = self.0.fetch_add(1, Ordering::SeqCst);
                let address = if asked == 0 { [127, 0, 0, 2] } else { [127, 0, 0, 1] };
                let name = Name::from(info.query.name());
                answers.push(Record::from_rdata(name, 0, RData::A(A(address.into()))));
            }
            let none = std::iter::empty;
            let response = MessageResponseBuilder::new(&request.queries, None);
            let response = response.build(metadata, answers.iter(), none(), none(), none());
            match out.send_response(response).await {
                Ok(info) => info,
                Err(_) => ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() }),
            }
        }
    }

    #[tokio::test]
    async fn a_name_is_asked_once_for_each_try_so_that_no_second_answer_is_dialled() {
        let (outside, outside_visits) = sink("127.0.0.2:0").await;
        let (_, inside_visits) = sink(&format!("127.0.0.1:{}", outside.port())).await;
        let questions = Arc::<AtomicUsize>::default();
        let mut server = Server::new(Rebinder(Arc::clone(&questions)));
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let dns = Dns::at(socket.local_addr().unwrap());
        server.register_socket(socket);
        let only_outside = Arc::new(|address: &IpAddr| *address == IpAddr::from([127, 0, 0, 2]));
        let client = GuardedClient::filtered(dns, Reach::Anywhere, only_outside);
        let url = anywhere(&format!("http://rebind.test:{}/", outside.port()));
        assert_eq!(post(&client, &url).await, Ok(200));
        assert_eq!(questions.load(Ordering::SeqCst), 1);
        assert_eq!(post(&client, &url).await, Err(AttemptError::BlockedAddress));
        assert_eq!((outside_visits.load(Ordering::SeqCst), inside_visits.load(Ordering::SeqCst)), (1, 0));
    }
}

/// A server that says these bytes to whoever comes, and closes.
async fn says(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4_096];
            _ = stream.read(&mut buffer).await;
            _ = stream.write_all(bytes).await;
        }
    });
    address
}

#[tokio::test]
async fn what_kept_an_answer_from_coming_has_a_word() {
    const LONG: &[u8] = &[b'x'; 40_000];
    let world = world().await;
    let client = GuardedClient::new(world.dns.clone(), Reach::Anywhere);
    let to = async |url: String| post(&client, &anywhere(&url)).await;
    assert_eq!(to("http://127.0.0.1:1/".to_owned()).await, Err(AttemptError::ConnectionFailed));
    assert_eq!(to("http://nobody.test/".to_owned()).await, Err(AttemptError::DnsError));
    let plain = says(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(to(format!("https://{plain}/")).await, Err(AttemptError::TlsError));
    assert_eq!(to(format!("http://{plain}/")).await, Ok(200));
    let nonsense = says(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    assert_eq!(to(format!("http://{nonsense}/")).await, Err(AttemptError::InvalidResponse));
    let silent = says(b"").await;
    assert_eq!(to(format!("http://{silent}/")).await, Err(AttemptError::ConnectionFailed));
    // A redirect is an answer, and is not followed.
    let elsewhere = says(b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(to(format!("http://{elsewhere}/")).await, Ok(307));
    // What an answer says about its length is not believed.
    let mut long = b"HTTP/1.1 200 OK\r\ncontent-length: 40000\r\n\r\n".to_vec();
    long.extend_from_slice(LONG);
    let long = says(long.leak()).await;
    let answer = client.post_json(&anywhere(&format!("http://{long}/")), &[], Vec::new()).await.unwrap();
    assert_eq!(answer.body.len(), 16 * 1_024);
}
