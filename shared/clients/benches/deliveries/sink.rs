//! The outside: an HTTP server that takes everything, and a name server that sends everybody there.

use std::io::Write as _;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
};

/// Prints both addresses in a line, and serves until it is killed.
pub(crate) async fn run() {
    let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dns = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    println!("{} {}", http.local_addr().unwrap(), dns.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    tokio::spawn(answer_names(dns));
    loop {
        let (stream, _) = http.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(answer_posts(stream));
    }
}

/// Reads requests one after the other, each with a body of the length it says, and answers each.
async fn answer_posts(mut stream: TcpStream) {
    let mut taken = Vec::with_capacity(4_096);
    loop {
        while let Some(length) = request_length(&taken) {
            taken.drain(..length);
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.is_err() {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut taken).await, Ok(1..)) {
            return;
        }
    }
}

/// How long the first request is, if all of it is there.
fn request_length(taken: &[u8]) -> Option<usize> {
    let head = taken.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&taken[..head]).unwrap().to_ascii_lowercase();
    let body = text.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let length = head + body.parse::<usize>().unwrap();
    (taken.len() >= length).then_some(length)
}

/// Says that every name has the address 127.0.0.1, for no time at all, and no other.
async fn answer_names(socket: UdpSocket) {
    let mut question = [0; 512];
    loop {
        let (length, asker) = socket.recv_from(&mut question).await.unwrap();
        // A header of 12 bytes, a name that ends with an empty label, type and class.
        let Some(name) = question[12..length].iter().position(|byte| *byte == 0) else { continue };
        let asked = &question[12..12 + name + 5];
        let is_ipv4 = asked[name + 1..name + 3] == [0, 1];
        let mut answer = question[..2].to_vec();
        answer.extend([0x84, 0, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]);
        answer.extend(asked);
        if is_ipv4 {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
        }
        socket.send_to(&answer, asker).await.unwrap();
    }
}
