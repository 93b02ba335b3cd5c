//! Receivers that answer what they are told to.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use orderhook_delivery::{Answer, ConnectError, OutgoingRequest, SendError, Transport};
use tokio::sync::{mpsc, oneshot};

/// Too many open files.
const EMFILE: i32 = 24;

/// What a receiver does with a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The test decides.
    Ask,
    /// It answers with this status at once.
    Answer(u16),
    /// It never answers.
    Hang,
    /// It breaks our own code.
    Panic,
    /// We have no file descriptor left to connect to it.
    OutOfFiles,
}

/// A push that waits for the test's answer.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) request: OutgoingRequest,
    answer: oneshot::Sender<Result<Answer, SendError>>,
}

impl Push {
    pub(crate) fn webhook_id(&self) -> &str {
        let id = self.request.headers["webhook-id"].to_str();
        id.expect("visible ASCII")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.request.body).expect("UTF-8")
    }

    pub(crate) fn answer(self, status: u16) {
        self.finish(Ok(answer(status)));
    }

    pub(crate) fn answer_with(self, status: u16, name: &'static str, value: &str) {
        let mut answer = answer(status);
        let value = value.parse().expect("a header value");
        answer.headers.insert(name, value);
        self.finish(Ok(answer));
    }

    pub(crate) fn answer_body(self, body: &'static str) {
        let body = Bytes::from_static(body.as_bytes());
        self.finish(Ok(Answer {
            body,
            ..answer(200)
        }));
    }

    fn finish(self, result: Result<Answer, SendError>) {
        let _ = self.answer.send(result);
    }
}

fn answer(status: u16) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).expect("a status"),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        cut: false,
    }
}

pub(crate) struct Receivers {
    manners: Mutex<HashMap<String, Manner>>,
    counts: Mutex<HashMap<String, Counts>>,
    pushes: mpsc::UnboundedSender<Push>,
}

/// What came to one address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) begun: usize,
    pub(crate) at_a_time: usize,
    pub(crate) most_at_a_time: usize,
}

impl Receivers {
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Push>) {
        let (pushes, asked) = mpsc::unbounded_channel();
        let receivers = Self {
            manners: Mutex::default(),
            counts: Mutex::default(),
            pushes,
        };
        (Arc::new(receivers), asked)
    }

    pub(crate) fn set(&self, url: &str, manner: Manner) {
        let mut manners = self.manners.lock().expect("not poisoned");
        manners.insert(url.to_owned(), manner);
    }

    pub(crate) fn counts(&self, url: &str) -> Counts {
        let counts = self.counts.lock().expect("not poisoned");
        counts.get(url).copied().unwrap_or_default()
    }

    fn count(&self, url: &str, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.lock().expect("not poisoned");
        change(counts.entry(url.to_owned()).or_default());
    }

    async fn react(&self, request: OutgoingRequest) -> Result<Answer, SendError> {
        let manner = self
            .manners
            .lock()
            .expect("not poisoned")
            .get(&*request.url)
            .copied();
        match manner.unwrap_or(Manner::Ask) {
            Manner::Answer(status) => Ok(answer(status)),
            Manner::Hang => std::future::pending().await,
            Manner::Panic => panic!("as the test told it to"),
            Manner::OutOfFiles => Err(SendError::Connect(ConnectError::Tcp {
                address: ([192, 0, 2, 1], 443).into(),
                source: Arc::new(io::Error::from_raw_os_error(EMFILE)),
            })),
            Manner::Ask => {
                let (answer, answered) = oneshot::channel();
                let _ = self.pushes.send(Push { request, answer });
                answered.await.unwrap_or(Err(SendError::Closed))
            }
        }
    }
}

#[async_trait]
impl Transport for Receivers {
    async fn post(&self, request: OutgoingRequest) -> Result<Answer, SendError> {
        let url = Arc::clone(&request.url);
        self.count(&url, |counts| {
            counts.begun += 1;
            counts.at_a_time += 1;
            counts.most_at_a_time = counts.most_at_a_time.max(counts.at_a_time);
        });
        let result = self.react(request).await;
        self.count(&url, |counts| counts.at_a_time -= 1);
        result
    }
}
