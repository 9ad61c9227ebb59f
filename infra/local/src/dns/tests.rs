#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use hickory_proto::rr::{RData, RecordType};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::task::JoinSet;

use super::{DnsServer, RecordKind, RecordsError, RecordsProvider, ZoneRecord, Zones, router};
use crate::ses::world::{open_state, serve};

fn record(kind: RecordKind, name: &str, value: &str) -> ZoneRecord {
    ZoneRecord { kind, name: name.to_owned(), value: value.to_owned(), priority: None }
}

fn five() -> Vec<ZoneRecord> {
    let long = format!("v=DKIM1; k=rsa; p={}", "Ab1+".repeat(100));
    vec![
        record(RecordKind::Txt, "_novacore.shop.test", "token"),
        record(RecordKind::Txt, "shop.test", "v=spf1 include:amazonses.com ~all"),
        record(RecordKind::Txt, "al1._domainkey.shop.test.", &long),
        record(RecordKind::Txt, "_amazonses.SHOP.test", "ses"),
        record(RecordKind::Mx, "shop.test", "10 inbound-smtp.us-east-1.amazonaws.com"),
    ]
}

fn resolver(server: SocketAddr, connection: ConnectionConfig) -> TokioResolver {
    let mut connection = connection;
    connection.port = server.port();
    let name_server = NameServerConfig::new(server.ip(), true, vec![connection]);
    let config = ResolverConfig::from_name_servers(vec![name_server]);
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build().unwrap()
}

async fn texts(resolver: &TokioResolver, name: &str) -> Vec<String> {
    let Ok(lookup) = resolver.txt_lookup(name).await else { return Vec::new() };
    let text = |data: &RData| match data {
        RData::TXT(txt) => String::from_utf8(txt.txt_data.concat()).ok(),
        _ => None,
    };
    lookup.answers().iter().filter_map(|record| text(&record.data)).collect()
}

async fn open(folder: &Path) -> Zones {
    Zones::open(open_state(folder).await).unwrap()
}

#[tokio::test]
async fn published_records_are_answered_over_udp_and_tcp_and_gone_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let zones = open(folder.path()).await;
    let server = DnsServer::start(zones.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    zones.publish("Shop.Test.", five()).await.unwrap();
    for connection in [ConnectionConfig::udp(), ConnectionConfig::tcp()] {
        let resolver = resolver(server.address(), connection);
        assert_eq!(texts(&resolver, "_novacore.shop.test.").await, ["token"]);
        assert_eq!(texts(&resolver, "SHOP.test.").await, ["v=spf1 include:amazonses.com ~all"]);
        assert_eq!(texts(&resolver, "al1._domainkey.shop.test.").await[0].len(), 18 + 400);
        let mx = resolver.mx_lookup("shop.test.").await.unwrap();
        let RData::MX(mx) = &mx.answers()[0].data else { panic!("no MX") };
        assert_eq!((mx.preference, mx.exchange.to_ascii()), (10, "inbound-smtp.us-east-1.amazonaws.com.".to_owned()));
        assert_eq!(resolver.ns_lookup("shop.test.").await.unwrap().answers().len(), 1);
        let soa = resolver.lookup("shop.test.", RecordType::SOA).await.unwrap();
        assert!(matches!(&soa.answers()[0].data, RData::SOA(soa) if soa.serial == 1));
        for (name, exists) in
            [("_domainkey.shop.test.", true), ("nothing.shop.test.", false), ("elsewhere.example.", false)]
        {
            let error = resolver.txt_lookup(name).await.unwrap_err();
            assert!(error.is_no_records_found(), "{name}: {error}");
            assert_eq!(error.is_nx_domain(), !exists, "{name}");
        }
        let error = resolver.mx_lookup("_novacore.shop.test.").await.unwrap_err();
        assert!(error.is_no_records_found() && !error.is_nx_domain());
    }
    let resolver = resolver(server.address(), ConnectionConfig::udp());
    assert_eq!(texts(&resolver, "_amazonses.shop.test.").await, ["ses"]);
    assert!(zones.unpublish("shop.test").await.unwrap());
    assert!(!zones.unpublish("shop.test").await.unwrap());
    assert!(texts(&resolver, "_amazonses.shop.test.").await.is_empty());
    zones.publish("shop.test", five()).await.unwrap();
    assert_eq!(texts(&resolver, "_amazonses.shop.test.").await, ["ses"]);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn zones_survive_reopening_and_the_closest_one_answers() {
    let folder = tempfile::tempdir().unwrap();
    let zones = open(folder.path()).await;
    zones.publish("shop.test", five()).await.unwrap();
    zones.publish("ai.shop.test", vec![record(RecordKind::Txt, "ai.shop.test", "below")]).await.unwrap();
    drop(zones);
    let zones = open(folder.path()).await;
    assert_eq!(zones.lookup("ai.shop.test", RecordKind::Txt).await.unwrap()[0].value, "below");
    assert_eq!(zones.lookup("_amazonses.shop.test", RecordKind::Txt).await.unwrap()[0].value, "ses");
    assert!(zones.lookup("_amazonses.ai.shop.test", RecordKind::Txt).await.unwrap().is_empty());
}

struct OneDomain;

#[async_trait]
impl RecordsProvider for OneDomain {
    async fn records(&self, domain: &str) -> Result<Option<Vec<ZoneRecord>>, RecordsError> {
        match domain {
            "shop.test" => Ok(Some(five())),
            "broken.test" => Err(RecordsError::Source("on purpose".into())),
            _ => Ok(None),
        }
    }
}

#[tokio::test]
async fn the_routes_publish_what_a_domain_waits_for() {
    let folder = tempfile::tempdir().unwrap();
    let zones = open(folder.path()).await;
    let mut tasks = JoinSet::new();
    let address = serve(router(zones.clone(), Arc::new(OneDomain)), &mut tasks).await;
    let client = reqwest::Client::new();
    let publish = |body: &str| {
        let request = client.post(format!("http://{address}/local/dns/publish")).body(body.to_owned());
        async move { request.send().await.unwrap() }
    };
    for (body, status) in [
        (r#"{"domain":"other.test"}"#, 404),
        (r#"{"domain":"broken.test"}"#, 500),
        (r#"{"domain":1}"#, 422),
        (r#"{"domian":"shop.test"}"#, 422),
        ("{", 400),
    ] {
        assert_eq!(publish(body).await.status().as_u16(), status, "{body}");
    }
    let published = publish(r#"{"domain":"Shop.test"}"#).await;
    assert_eq!(published.status().as_u16(), 200);
    let body: serde_json::Value = serde_json::from_slice(&published.bytes().await.unwrap()).unwrap();
    assert_eq!(body["records"].as_array().unwrap().len(), 5);
    assert_eq!(zones.lookup("_novacore.shop.test", RecordKind::Txt).await.unwrap().len(), 1);

    let delete = |domain: &str| client.delete(format!("http://{address}/local/dns/{domain}")).send();
    assert_eq!(delete("shop.test").await.unwrap().status().as_u16(), 204);
    assert_eq!(delete("shop.test").await.unwrap().status().as_u16(), 404);
}
