//! Reading an answer: never without end, and never so that an error shows a `sign_secret`.

use std::error::Error as _;
use std::iter;

use http_body_util::{LengthLimitError, Limited};
use reqwest::header::HeaderMap;
use reqwest::{Body, Response, ResponseBuilderExt, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{Error, ResponseValue};

/// The longest body that is read, in bytes. The longest page the spec allows has 100 webhooks:
/// with 40 types of events each and 1 KiB an item, it takes half of this.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What [`Error::Custom`] says of a longer one.
pub(crate) const TOO_LARGE: &str = "the answer is larger than 8 MiB";

/// What stands in an error in the place of a success that can't be read.
const LEFT_OUT: &[u8] = b"left out: it may hold a secret";

/// Reads the whole body into memory. A longer one than [`MAX_BODY`] is an error, of which
/// [`is_too_large`] tells.
pub(crate) async fn buffer(response: Response) -> reqwest::Result<Response> {
    let head = Head::of(&response);
    let limited = Limited::new(Body::from(response), MAX_BODY);
    let body = head.clone().with(Body::wrap(limited)).bytes().await?;
    Ok(head.with(body))
}

pub(crate) fn is_too_large(error: &reqwest::Error) -> bool {
    iter::successors(error.source(), |&cause| cause.source())
        .any(<dyn std::error::Error>::is::<LengthLimitError>)
}

/// What the generated client calls in the place of `ResponseValue::from_response`, for successes
/// and for refusals.
///
/// A refusal without the envelope comes from something in front of the server, such as a load
/// balancer. It becomes what it would be with an undocumented status, which keeps the status.
pub(crate) async fn read<T: DeserializeOwned, E>(
    response: Response,
) -> Result<ResponseValue<T>, Error<E>> {
    let head = Head::of(&response);
    let value = ResponseValue::from_response(response).await;
    value.map_err(|error| match error {
        Error::InvalidResponsePayload(_, error) if head.status.is_success() => {
            Error::InvalidResponsePayload(LEFT_OUT.into(), error)
        }
        // Only successes hold secrets, and no Debug shows the body of a response.
        Error::InvalidResponsePayload(body, _) => Error::UnexpectedResponse(head.with(body)),
        other => other,
    })
}

/// A response without its body.
#[derive(Clone)]
struct Head {
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
}

impl Head {
    fn of(response: &Response) -> Self {
        Self {
            url: response.url().clone(),
            status: response.status(),
            headers: response.headers().clone(),
        }
    }

    fn with(self, body: impl Into<Body>) -> Response {
        let mut response = http::Response::builder()
            .url(self.url)
            .body(body.into())
            .expect("a URL makes no response invalid");
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        Response::from(response)
    }
}
