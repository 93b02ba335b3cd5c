//! A merchant's receiver, in the process of the test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use orderhook_webhook::{SigningSecret, Verifier};
use serde_json::Value;

/// What acknowledges both kinds of push.
pub(crate) const ACKNOWLEDGED: (u16, &str) =
    (200, r#"{"code": "00000", "msg": "ok", "requestTime": 1}"#);

/// Answers until the test process ends, and passes every push to the test.
#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    pushes: mpsc::Receiver<Push>,
}

/// A push as it came.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Receiver {
    pub(crate) fn acknowledging() -> Self {
        Self::answering(|_| ACKNOWLEDGED)
    }

    /// Each push is answered with the status and the body that `answer` has for it.
    pub(crate) fn answering(
        answer: impl Fn(&Push) -> (u16, &'static str) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, pushes) = mpsc::channel();
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (answer, sender) = (Arc::clone(&answer), sender.clone());
                thread::spawn(move || serve(connection.unwrap(), &*answer, &sender));
            }
        });
        Self { address, pushes }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next push.
    #[track_caller]
    pub(crate) fn next(&self) -> Push {
        let push = self.pushes.recv_timeout(Duration::from_secs(30));
        push.expect("no push came")
    }

    /// Whether no push has come that was not looked at.
    pub(crate) fn is_empty(&self) -> bool {
        self.pushes.try_recv().is_err()
    }
}

impl Push {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Whether one of its signatures is by `secret`.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let secret: SigningSecret = secret.parse().unwrap();
        let seconds = self.header("webhook-timestamp").parse().unwrap();
        let received_at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let verifier = Verifier::new([secret]).unwrap();
        verifier
            .verify(&self.headers, &self.body, received_at)
            .is_ok()
    }

    pub(crate) fn signatures(&self) -> usize {
        self.header("webhook-signature").split(' ').count()
    }
}

fn serve(
    mut connection: TcpStream,
    answer: &impl Fn(&Push) -> (u16, &'static str),
    pushes: &Sender<Push>,
) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let Some(push) = read(&mut reader) else {
        return;
    };
    let (status, body) = answer(&push);
    // The test may have ended.
    let _ = pushes.send(push);
    let _ = write!(
        connection,
        "HTTP/1.1 {status} Answer\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Push> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = HeaderMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_str(value).ok()?,
        );
    }
    let length = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Push {
        target,
        headers,
        body,
    })
}
