//! Against a name server of the test's own, over real UDP.

#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, SocketAddr};

use hickory_proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record,
        rdata::{MX, TXT},
    },
};
use tokio::net::UdpSocket;

use super::{Dns, NoAnswer, Zone};

/// A name server that knows three names, says "no such name" to most others, "server failure" to `broken…` and nothing
/// at all to `silent…`.
async fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let query = question.queries[0].clone();
            let name = query.name().to_string().to_ascii_lowercase();
            if name.starts_with("silent") {
                continue;
            }
            let mut answer = Message::response(question.metadata.id, OpCode::Query);
            answer.add_query(query.clone());
            let data = match name.as_str() {
                "long.example.test." => Some(RData::TXT(TXT::new(vec!["a".repeat(255), "b".repeat(10)]))),
                "mx.example.test." => Some(RData::MX(MX::new(10, Name::from_ascii("Inbound.Example.COM.").unwrap()))),
                _ => None,
            };
            match data {
                Some(data) => {
                    answer.add_answer(Record::from_rdata(query.name().clone(), 0, data));
                }
                None if name.starts_with("broken") => answer.metadata.response_code = ResponseCode::ServFail,
                None => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
        }
    });
    address
}

async fn zone() -> Zone {
    Dns::at(name_server().await).zone(&"example.test".parse().unwrap()).await
}

#[tokio::test]
async fn the_strings_of_a_text_are_one_text() {
    let expected = format!("{}{}", "a".repeat(255), "b".repeat(10));
    assert_eq!(zone().await.txt("long.example.test").await, Ok(vec![expected]));
}

#[tokio::test]
async fn exchanges_have_a_preference_and_a_plain_name() {
    assert_eq!(zone().await.mx("mx.example.test").await, Ok(vec![(10, "inbound.example.com".to_owned())]));
}

#[tokio::test]
async fn nothing_there_is_an_answer() {
    assert_eq!(zone().await.txt("nothing.example.test").await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_failure_or_silence_is_none() {
    let zone = zone().await;
    let (broken, silent) = tokio::join!(zone.txt("broken.example.test"), zone.txt("silent.example.test"));
    assert_eq!((broken, silent), (Err(NoAnswer), Err(NoAnswer)));
}
