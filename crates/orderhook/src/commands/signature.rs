//! `sign` and `verify`: a body's signature, by hand.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue};
use orderhook_webhook::{
    DEFAULT_TOLERANCE, MessageId, Signer, SigningSecret, Verifier, WEBHOOK_ID, WEBHOOK_SIGNATURE,
    WEBHOOK_TIMESTAMP,
};
use serde_json::json;

use crate::cli::SecretArgs;
use crate::config::parse_duration;
use crate::context::Context;
use crate::exit::Failure;
use crate::{clock, input};

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The body; `-` for stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    /// The message's id
    #[arg(long)]
    id: String,
    /// The time of signing, in Unix seconds; now if not given
    #[arg(long, value_name = "SECONDS")]
    timestamp: Option<u64>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The body; `-` for stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    /// A header of the push, such as `webhook-id: msg_1`; the three of the signature are needed
    #[arg(
        long = "header",
        short = 'H',
        value_name = "NAME: VALUE",
        required = true
    )]
    headers: Vec<String>,
    /// How far the time of signing may be from now
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    tolerance: Option<Duration>,
    /// The time of verifying, in Unix seconds; now if not given
    #[arg(long, value_name = "SECONDS")]
    at: Option<u64>,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

pub(crate) fn sign(args: &SignArgs, context: &Context) -> Result<(), Failure> {
    let secrets = secrets(context)?;
    let id = MessageId::new(&args.id).map_err(|error| Failure::usage(format!("--id: {error}")))?;
    let timestamp = match args.timestamp {
        Some(timestamp) => timestamp,
        None => u64::try_from(clock::now().as_second()).context("the clock is before 1970")?,
    };
    let body = input::bytes(&args.file)?;
    let signer = Signer::new(secrets).map_err(Failure::usage)?;
    let signed = signer.sign(&id, timestamp, &body);
    let pairs = [
        (WEBHOOK_ID, id.as_str().to_owned()),
        (WEBHOOK_TIMESTAMP, timestamp.to_string()),
        (WEBHOOK_SIGNATURE, signed.signature().to_owned()),
    ];
    if context.output.json {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        return context.output.raw_json(&headers.collect());
    }
    let lines = pairs.iter().map(|(name, value)| format!("{name}: {value}"));
    context.output.text(&lines.collect::<Vec<_>>().join("\n"))
}

pub(crate) fn verify(args: &VerifyArgs, context: &Context) -> Result<(), Failure> {
    let verifier = Verifier::new(secrets(context)?)
        .map_err(Failure::usage)?
        .tolerance(args.tolerance.unwrap_or(DEFAULT_TOLERANCE));
    let headers = headers(&args.headers)?;
    let body = input::bytes(&args.file)?;
    let now = match args.at {
        Some(seconds) => UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .ok_or_else(|| Failure::usage("--at: is too far away"))?,
        None => clock::system_now(),
    };
    let verified = verifier
        .verify(&headers, &body, now)
        .context("the push is not authentic")?;
    let answer = json!({
        "verified": true,
        "message_id": verified.message_id().as_str(),
        "timestamp": verified.timestamp(),
    });
    let text = format!("authentic: message {}", verified.message_id());
    context.output.sentence(&answer, &text)
}

/// The secrets of the configuration: one, or several with spaces between them while they change.
fn secrets(context: &Context) -> Result<Vec<SigningSecret>, Failure> {
    let secret = context.loaded.config.secret.as_ref().ok_or_else(|| {
        Failure::usage("there is no signing secret; set ORDERHOOK_SECRET or pass --secret-file")
    })?;
    let texts = secret.reveal().split_whitespace();
    texts
        .map(|text| {
            text.parse()
                .map_err(|error| Failure::usage(format!("the signing secret: {error}")))
        })
        .collect()
}

fn headers(lines: &[String]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let wrong = || Failure::usage(format!("--header {line}: must be NAME: VALUE"));
        let (name, value) = line.split_once(':').ok_or_else(wrong)?;
        headers.append(
            HeaderName::try_from(name.trim()).map_err(|_| wrong())?,
            HeaderValue::try_from(value.trim()).map_err(|_| wrong())?,
        );
    }
    Ok(headers)
}
