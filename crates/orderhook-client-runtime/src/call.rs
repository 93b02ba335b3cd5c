//! A request, put together parameter by parameter.

use progenitor_client::Error;
use reqwest::header::{ACCEPT, COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder};
use serde::Serialize;
use serde_json::Value;

use crate::style::{self, Escape, Style};

/// The URL and the headers of a request.
#[derive(Debug)]
pub struct Call {
    url: String,
    query: Vec<String>,
    headers: HeaderMap,
    cookies: Vec<String>,
}

impl Call {
    /// A request below `base`, which says for which version of the document it is written.
    pub fn new(base: &str, version: &'static str) -> Self {
        let version = HeaderValue::from_static(version);
        Self {
            url: base.to_owned(),
            query: Vec::new(),
            headers: HeaderMap::from_iter([(HeaderName::from_static("api-version"), version)]),
            cookies: Vec::new(),
        }
    }

    /// Adds a part of the path as it is.
    pub fn path(&mut self, text: &str) {
        self.url.push_str(text);
    }

    /// Adds a parameter to the path.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a value that no segment of a path can have.
    pub fn segment<T: Serialize, E>(
        &mut self,
        name: &str,
        style: Style,
        value: &T,
    ) -> Result<(), Error<E>> {
        let text = written(name, value, |value| {
            style::one(style, name, value, Escape::Percent)
        })?;
        let text = text.unwrap_or_default();
        // Whoever parses a URL takes these for steps, escaped or not.
        if matches!(text.replace("%2E", ".").as_str(), "" | "." | "..") {
            return Err(invalid(
                name,
                "an empty text or dots are no segment of a path",
            ));
        }
        self.url.push_str(&text);
        Ok(())
    }

    /// Adds a parameter to the query.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a value that the style can't write.
    pub fn query<T: Serialize, E>(
        &mut self,
        name: &str,
        style: Style,
        value: &T,
    ) -> Result<(), Error<E>> {
        let pairs = written(name, value, |value| style::pairs(style, name, value))?;
        self.query.extend(pairs);
        Ok(())
    }

    /// Adds a parameter to the headers.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a value that no header can have.
    pub fn header<T: Serialize, E>(
        &mut self,
        name: &'static str,
        style: Style,
        value: &T,
    ) -> Result<(), Error<E>> {
        let text = written(name, value, |value| {
            style::one(style, name, value, Escape::Nothing)
        })?;
        if let Some(text) = text {
            let value = HeaderValue::from_bytes(text.as_bytes());
            let value = value.map_err(|error| invalid(name, &error.to_string()))?;
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|error| invalid(name, &error.to_string()))?;
            self.headers.append(name, value);
        }
        Ok(())
    }

    /// Adds a parameter to the cookies.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a value that the style can't write.
    pub fn cookie<T: Serialize, E>(
        &mut self,
        name: &str,
        style: Style,
        value: &T,
    ) -> Result<(), Error<E>> {
        let text = written(name, value, |value| {
            style::one(style, name, value, Escape::Percent)
        })?;
        self.cookies
            .extend(text.map(|text| format!("{name}={text}")));
        Ok(())
    }

    /// Says which media types the answer may have.
    pub fn accept(&mut self, media_types: &'static str) {
        self.headers
            .insert(ACCEPT, HeaderValue::from_static(media_types));
    }

    /// The request, without a body yet.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a cookie whose name no header can have.
    pub fn request<E>(self, client: &Client, method: Method) -> Result<RequestBuilder, Error<E>> {
        let Self {
            mut url,
            query,
            mut headers,
            cookies,
        } = self;
        if !query.is_empty() {
            url = format!("{url}?{}", query.join("&"));
        }
        if !cookies.is_empty() {
            headers.insert(COOKIE, cookies.join("; ").try_into()?);
        }
        Ok(client.request(method, url).headers(headers))
    }
}

fn written<T: Serialize, W, E>(
    name: &str,
    value: &T,
    write: impl FnOnce(&Value) -> Result<W, String>,
) -> Result<W, Error<E>> {
    let value = serde_json::to_value(value).map_err(|error| invalid(name, &error.to_string()))?;
    write(&value).map_err(|reason| invalid(name, &reason))
}

pub(crate) fn invalid<E>(name: &str, reason: &str) -> Error<E> {
    Error::InvalidRequest(format!("{name}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        Call::new("http://host/base", "1.0.0")
    }

    #[test]
    fn every_parameter_has_its_place() {
        let mut call = call();
        call.path("/things/");
        call.segment::<_, ()>("id", Style::Plain, &"a/b").unwrap();
        call.query::<_, ()>("q", Style::Plain, &Some("a b&c"))
            .unwrap();
        call.query::<_, ()>("none", Style::Plain, &None::<i64>)
            .unwrap();
        call.query::<_, ()>("l", Style::Form, &["a,b", "c"])
            .unwrap();
        call.header::<_, ()>("X-Names", Style::Simple, &["ä", "b"])
            .unwrap();
        call.cookie::<_, ()>("a", Style::Plain, &"x;y").unwrap();
        call.cookie::<_, ()>("b", Style::Form, &[1, 2]).unwrap();
        call.accept("application/json, text/plain");

        let request = call.request::<()>(&Client::new(), Method::GET).unwrap();
        let request = request.build().unwrap();

        assert_eq!(
            request.url().as_str(),
            "http://host/base/things/a%2Fb?q=a%20b%26c&l=a%2Cb,c"
        );
        let header = |name| request.headers()[name].as_bytes();
        assert_eq!(header("api-version"), b"1.0.0");
        assert_eq!(header("x-names"), "ä,b".as_bytes());
        assert_eq!(header("cookie"), b"a=x%3By; b=1,2");
        assert_eq!(header("accept"), b"application/json, text/plain");
    }

    #[test]
    fn what_leads_to_another_path_is_no_segment() {
        for text in ["", ".", ".."] {
            let error = call().segment::<_, ()>("id", Style::Plain, &text);
            let error = error.unwrap_err().to_string();
            assert_eq!(
                error,
                "Invalid Request: id: an empty text or dots are no segment of a path"
            );
        }
        let dots = call().segment::<_, ()>("id", Style::LabelExploded, &["."]);
        assert!(dots.is_err());
    }
}
