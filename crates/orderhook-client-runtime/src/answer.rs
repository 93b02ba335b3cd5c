//! Answers that are told apart by more than their status.

use bytes::Bytes;
use progenitor_client::{Error, ResponseValue};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::{DeserializeOwned, Error as _};

use crate::text::Text;

/// Which of the documented media types the answer has, by its place; one that stands for several,
/// such as `image/*`, only where no other fits.
pub fn media(response: &Response, documented: &[&str]) -> Option<usize> {
    let given = media_type(response);
    let given = essence(&given);
    let find = |fits: &dyn Fn(&str) -> bool| {
        let mut documented = documented.iter();
        documented.position(|documented| fits(&essence(documented)))
    };
    find(&|documented| documented == given)
        .or_else(|| {
            find(&|documented| {
                let kind = documented.strip_suffix('*').filter(|kind| *kind != "*/");
                kind.is_some_and(|kind| given.starts_with(kind))
            })
        })
        .or_else(|| find(&|documented| documented == "*/*"))
}

/// Without its parameters, in small letters.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// `Content-Type` with its parameters; empty if there is none.
pub fn media_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// Reads a text.
///
/// # Errors
/// [`Error::ResponseBodyError`] for a body that breaks off.
pub async fn text<E>(response: Response) -> Result<ResponseValue<String>, Error<E>> {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.map_err(Error::ResponseBodyError)?;
    Ok(ResponseValue::new(text, status, headers))
}

/// Reads a form.
///
/// # Errors
/// [`Error::ResponseBodyError`] for a body that breaks off, [`Error::InvalidResponsePayload`] for
/// one that is not the documented form.
pub async fn form<T: DeserializeOwned, E>(
    response: Response,
) -> Result<ResponseValue<T>, Error<E>> {
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.map_err(Error::ResponseBodyError)?;
    match serde_urlencoded::from_bytes(&bytes) {
        Ok(form) => Ok(ResponseValue::new(form, status, headers)),
        Err(error) => Err(Error::InvalidResponsePayload(
            bytes,
            serde_json::Error::custom(error),
        )),
    }
}

/// The header `name`, if it is there: a scalar as it is, the items of a list between commas.
///
/// # Errors
/// [`Error::InvalidResponsePayload`] for a text that is none of the type's.
pub fn header<T: DeserializeOwned, E>(
    headers: &HeaderMap,
    name: &str,
) -> Result<Option<T>, Error<E>> {
    let mut values = headers.get_all(name).iter().peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    // Several lines of one name are one list.
    let texts: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let text = texts.join(",");
    match T::deserialize(Text(&text)) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(invalid(name, text, &error.to_string())),
    }
}

/// The header `name`, which the document promises.
///
/// # Errors
/// [`Error::InvalidResponsePayload`] where it is missing, or a text that is none of the type's.
pub fn required<T: DeserializeOwned, E>(headers: &HeaderMap, name: &str) -> Result<T, Error<E>> {
    header(headers, name)?.ok_or_else(|| invalid(name, String::new(), "it is missing"))
}

fn invalid<E>(name: &str, text: String, reason: &str) -> Error<E> {
    let error = serde_json::Error::custom(format!("the header `{name}`: {reason}"));
    Error::InvalidResponsePayload(Bytes::from(text), error)
}
