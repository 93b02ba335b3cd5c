//! Requests as bytes on a connection: the tests send what no client library would.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A server that has not answered by then hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// One of the two APIs, and the token that calls go with; none if it is empty.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Api {
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.call("GET", target, &[], None)
    }

    pub(crate) fn delete(&self, target: &str) -> Answer {
        self.call("DELETE", target, &[], None)
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Answer {
        self.call("POST", target, &[], Some(body.to_string().as_bytes()))
    }

    pub(crate) fn put(&self, target: &str, body: &Value) -> Answer {
        self.call("PUT", target, &[], Some(body.to_string().as_bytes()))
    }

    pub(crate) fn post_once(&self, target: &str, key: &str, body: &Value) -> Answer {
        let headers = [("idempotency-key", key)];
        self.call("POST", target, &headers, Some(body.to_string().as_bytes()))
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            address: self.address,
            token: token.to_owned(),
        }
    }

    /// A body is said to be JSON unless `headers` say what it is.
    pub(crate) fn call(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let mut request =
            format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        if !self.token.is_empty() {
            request += &format!("authorization: Bearer {}\r\n", self.token);
        }
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request += "content-type: application/json\r\n";
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let body = body.unwrap_or_default();
        request += &format!("content-length: {}\r\n\r\n", body.len());
        let answer = exchange(self.address, &[request.as_bytes(), body].concat());
        Answer::read(&answer)
            .unwrap_or_else(|| panic!("{method} {target} got no answer: {answer:?}"))
    }
}

/// Sends bytes, and reads until the server closes the connection.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut connection = TcpStream::connect(address).unwrap();
    // Who refuses early need not read to the end, but must be heard.
    let _ = connection.write_all(bytes);
    read_to_end(connection)
}

/// Reads until the server closes the connection.
pub(crate) fn read_to_end(mut connection: TcpStream) -> Vec<u8> {
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end: the answer is looked at.
    if let Err(error) = connection.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    answer
}

impl Answer {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        let json = serde_json::from_str(&self.body);
        json.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// `data` of the envelope of a success.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["data"].take()
    }

    /// All that a caller can tell answers apart by.
    pub(crate) fn without_trace_id(&self) -> (u16, Value) {
        let mut json = self.json();
        json.as_object_mut().unwrap().remove("trace_id");
        (self.status, json)
    }

    /// Asserts a refusal in the envelope with this status, and returns its faults.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> Vec<Value> {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        assert_eq!(json["code"], status, "{json}");
        assert!(json["msg"].is_string(), "{json}");
        assert!(json["trace_id"].is_string(), "{json}");
        json["data"]["faults"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Asserts a refusal that names `field` first.
    #[track_caller]
    pub(crate) fn refused_for(&self, status: u16, field: &str) {
        let faults = self.refused(status);
        assert_eq!(faults[0]["field"], field, "{faults:?}");
    }
}
