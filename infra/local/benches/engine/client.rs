//! HTTP and SMTP over connections that stay open, with as little work as possible on this side.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

use serde_json::Value;

/// An HTTP connection.
pub(crate) struct Http {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
    key: String,
}

impl Http {
    pub(crate) fn connect(address: SocketAddr, key: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), host: address, key: key.to_owned() }
    }

    pub(crate) fn get(&mut self, path: &str) -> (u16, Value) {
        self.ask("GET", path, "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, &body.to_string());
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            self.key,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = None;
        let mut chunked = false;
        loop {
            let line = self.line().to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = Some(value.parse().unwrap()),
                Some(("transfer-encoding", "chunked")) => chunked = true,
                None => break,
                _ => {}
            }
        }
        let body = if chunked { self.chunks() } else { self.bytes(length.unwrap_or(0)) };
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line(), 16).unwrap();
            body.extend(self.bytes(length));
            self.line();
            if length == 0 {
                return body;
            }
        }
    }
}

/// An SMTP session.
pub(crate) struct Smtp(BufReader<TcpStream>);

impl Smtp {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut session = Self(BufReader::new(stream));
        session.expect("220");
        session.say("EHLO bench.test\r\n", "250");
        session
    }

    pub(crate) fn send(&mut self, from: &str, to: &str, mail: &str) {
        self.say(&format!("MAIL FROM:<{from}>\r\n"), "250");
        self.say(&format!("RCPT TO:<{to}>\r\n"), "250");
        self.say("DATA\r\n", "354");
        self.say(&format!("{mail}\r\n.\r\n"), "250");
    }

    fn say(&mut self, line: &str, code: &str) {
        self.0.get_mut().write_all(line.as_bytes()).unwrap();
        self.expect(code);
    }

    fn expect(&mut self, code: &str) {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            assert!(line.starts_with(code), "{line}");
            // `250-` goes on, `250 ` ends.
            if line.as_bytes().get(3) != Some(&b'-') {
                return;
            }
        }
    }
}
