//! What `listen` answers to a push.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, StatusCode};
use jiff::Timestamp;
use orderhook_types::Acknowledgement;
use orderhook_webhook::acknowledge::{AUTHORIZATION_FAILED, SUCCESS};
use url::Url;

use crate::exit::Failure;

/// Longer than the server waits for an answer.
const FORWARD_TIMEOUT: Duration = Duration::from_secs(60);

/// Headers of one connection, which are not for the next.
const OF_THE_CONNECTION: [HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING];

/// How pushes are answered.
#[derive(Debug)]
pub(super) enum Answering {
    /// With this status and this acknowledgement code.
    Fixed {
        status: Option<StatusCode>,
        code: String,
    },
    /// With what someone else answers.
    Forward { url: Url, client: reqwest::Client },
}

impl Answering {
    pub(super) fn new(
        forward: Option<Url>,
        respond: Option<StatusCode>,
        acknowledge: Option<String>,
    ) -> Result<Self, Failure> {
        let Some(url) = forward else {
            return Ok(Self::Fixed {
                status: respond,
                code: acknowledge.unwrap_or_else(|| SUCCESS.to_owned()),
            });
        };
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(FORWARD_TIMEOUT)
            .build()
            .map_err(anyhow::Error::new)?;
        Ok(Self::Forward { url, client })
    }

    /// The answer to a push.
    pub(super) async fn answer(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        is_authentic: bool,
        now: Timestamp,
    ) -> anyhow::Result<Response> {
        match self {
            // What is not authentic is forwarded to nobody.
            _ if !is_authentic => {
                acknowledgement(StatusCode::UNAUTHORIZED, AUTHORIZATION_FAILED, now)
            }
            Self::Fixed { status, code } => {
                acknowledgement(status.unwrap_or(StatusCode::OK), code, now)
            }
            Self::Forward { url, client } => forward(client, url, headers, body).await,
        }
    }
}

fn acknowledgement(status: StatusCode, code: &str, now: Timestamp) -> anyhow::Result<Response> {
    let body = Acknowledgement {
        code: code.to_owned(),
        msg: if code == SUCCESS {
            "ok"
        } else {
            "not acknowledged"
        }
        .to_owned(),
        data: None,
        request_time: now.as_millisecond(),
    };
    let response = Response::builder().status(status);
    let response = response.header(CONTENT_TYPE, "application/json");
    Ok(response.body(Body::from(serde_json::to_vec(&body)?))?)
}

async fn forward(
    client: &reqwest::Client,
    url: &Url,
    headers: &HeaderMap,
    body: &Bytes,
) -> anyhow::Result<Response> {
    let mut headers = headers.clone();
    for name in OF_THE_CONNECTION {
        headers.remove(name);
    }
    let request = client.post(url.clone()).headers(headers);
    let answer = request.body(body.clone()).send().await?;
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if !OF_THE_CONNECTION.contains(name) {
            response = response.header(name, value);
        }
    }
    Ok(response.body(Body::from(answer.bytes().await?))?)
}
