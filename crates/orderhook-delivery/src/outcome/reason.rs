//! What an attempt has come to, in words.
//!
//! Whatever a receiver said passes [`printable`] first: it ends up on terminals, in logs and on
//! pages.

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use orderhook_webhook::acknowledge::{NotAcknowledged, SUCCESS};
use rustls::{AlertDescription, CertificateError};

use crate::{ConnectError, SendError};

/// How much of a receiver's own text is shown, in Unicode scalar values.
const MAX_QUOTED: usize = 200;

pub(super) fn answered(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("answered {} {reason}", status.as_u16()),
        None => format!("answered {}", status.as_u16()),
    }
}

pub(super) fn gone(status: StatusCode) -> String {
    format!("{}: the receiver wants no more pushes", answered(status))
}

pub(super) fn redirected(status: StatusCode, target: Option<&HeaderValue>) -> String {
    let answered = answered(status);
    match target {
        Some(target) => {
            let target = String::from_utf8_lossy(target.as_bytes());
            let target = printable(&target);
            format!("{answered} to `{target}`; redirects are not followed")
        }
        None => format!("{answered} without a target; redirects are not followed"),
    }
}

pub(super) fn too_large(status: StatusCode) -> String {
    format!("{}, but with more than 64 KiB", answered(status))
}

pub(super) fn not_acknowledged(status: StatusCode, error: &NotAcknowledged) -> String {
    let answered = answered(status);
    match error {
        NotAcknowledged::NotJson => format!("{answered}, but not with JSON"),
        NotAcknowledged::NotObject => format!("{answered}, but not with a JSON object"),
        NotAcknowledged::CodeMissing => format!("{answered}, but without a `code`"),
        NotAcknowledged::CodeRepeated => format!("{answered}, but with more than one `code`"),
        NotAcknowledged::CodeNotText => format!("{answered}, but its `code` is not a text"),
        NotAcknowledged::OtherCode { code } => {
            let code = printable(code);
            format!("{answered}, but its code is `{code}` and not `{SUCCESS}`")
        }
        other => format!("{answered}, but {other}"),
    }
}

pub(super) fn of_error(error: &SendError) -> String {
    match error {
        SendError::Address(error) => error.to_string(),
        SendError::Connect(error) => of_connect_error(error),
        SendError::Closed => "the connection was closed before the answer was complete".to_owned(),
        SendError::Broken(kind) => format!("the connection broke: {kind}"),
        SendError::MalformedHead => "what came back is no answer of HTTP".to_owned(),
        SendError::MalformedBody => "the body of the answer breaks the rules of HTTP".to_owned(),
        SendError::HeadTooLarge => {
            "the head of the answer has more than 64 KiB or 100 headers".to_owned()
        }
        SendError::Flood => "more than 512 KiB came back without an answer".to_owned(),
        SendError::TimedOut { limit } => format!("no complete answer within {}", Text(*limit)),
    }
}

fn of_connect_error(error: &ConnectError) -> String {
    match error {
        ConnectError::Refused(error) => error.to_string(),
        ConnectError::Name { name, .. } => {
            format!("the name `{}` could not be resolved", printable(name))
        }
        ConnectError::Tcp { address, source } => {
            format!("no connection to {address}: {}", source.kind())
        }
        ConnectError::TimedOut { limit } => format!("no connection within {}", Text(*limit)),
        ConnectError::Tls(error) => of_tls_error(error),
        ConnectError::TlsBroken(error) => {
            format!(
                "the connection broke during the TLS handshake: {}",
                error.kind()
            )
        }
    }
}

fn of_tls_error(error: &rustls::Error) -> String {
    let certificate = match error {
        rustls::Error::InvalidCertificate(error) => error,
        rustls::Error::InvalidMessage(_) => return "the receiver does not speak TLS".to_owned(),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            return "the receiver asks for a client certificate, and there is none".to_owned();
        }
        other => return printable(&format!("the TLS handshake failed: {other}")),
    };
    match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the receiver's certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the receiver's certificate is not valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the receiver's certificate is for another name".to_owned()
        }
        // A bad signature: the issuer has the name of an authority, but not its key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the receiver's certificate is from no authority that is trusted here".to_owned()
        }
        CertificateError::Revoked => "the receiver's certificate was revoked".to_owned(),
        other => printable(&format!("the receiver's certificate is not valid: {other}")),
    }
}

/// A duration as a person writes it: `15 s`, `200 ms`.
struct Text(Duration);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_millis() {
            0 => write!(f, "{} s", self.0.as_secs()),
            _ => write!(f, "{} ms", self.0.as_millis()),
        }
    }
}

/// Bounded, and without what moves a cursor, breaks a line or reverses text.
fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        _ if c.is_control() => char::REPLACEMENT_CHARACTER,
        // line and paragraph separators, marks of direction, and what takes no room
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        _ => c,
    };
    let mut quoted: String = text.chars().take(MAX_QUOTED).map(shown).collect();
    if text.chars().nth(MAX_QUOTED).is_some() {
        quoted.push('…');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receivers_text_stays_on_its_line_and_in_its_bounds() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(printable(text), expected);
        }
        check("https://a.example/ü", "https://a.example/ü");
        check("a\r\nb\u{1b}[2J\0\u{7f}\u{85}", "a��b�[2J���");
        check("\u{202e}txt\u{2066}\u{200b}\u{2028}\u{feff}", "�txt����");
        check(&"é".repeat(200), &"é".repeat(200));
        check(&"é".repeat(201), &format!("{}…", "é".repeat(200)));
    }

    #[test]
    fn a_duration_is_in_seconds_where_it_is_whole() {
        #[track_caller]
        fn check(millis: u64, expected: &str) {
            assert_eq!(Text(Duration::from_millis(millis)).to_string(), expected);
        }
        check(15_000, "15 s");
        check(200, "200 ms");
        check(1_500, "1500 ms");
    }
}
