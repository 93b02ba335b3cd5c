//! Reading an answer, whose body may hold a `sign_secret`, which no error may show.

use reqwest::Response;
use serde::de::DeserializeOwned;

use crate::{Error, ResponseValue};

/// What stands in an error in the place of a body that can't be read.
const LEFT_OUT: &[u8] = b"left out: it may hold a secret";

/// What the generated client calls in the place of `ResponseValue::from_response`.
pub(crate) async fn read<T: DeserializeOwned, E>(
    response: Response,
) -> Result<ResponseValue<T>, Error<E>> {
    let value = ResponseValue::from_response(response).await;
    value.map_err(|error| match error {
        Error::InvalidResponsePayload(_, error) => {
            Error::InvalidResponsePayload(LEFT_OUT.into(), error)
        }
        other => other,
    })
}
