//! `listen`: a receiver for developers, which shows what it gets.
//!
//! Delivery is at least once: a push that was answered can come again. It has the same message id,
//! and is shown as repeated.

mod answer;
mod push;
mod receive;
mod register;
mod resume;
pub(crate) mod state;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use http::StatusCode;
use orderhook_client::operator;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::context::Context;
use crate::exit::Failure;
use crate::output::note;
use crate::{clock, paths};
use answer::Answering;
use receive::{Receiver, Secrets};
use register::Registration;
use state::{Position, State};

#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// The port on 127.0.0.1; 0 for any, which differs from run to run
    #[arg(long, default_value_t = 4242)]
    port: u16,
    /// The base URL that the server calls, if it is not http://127.0.0.1:PORT, such as a tunnel's
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,
    /// Only these types of events, with commas between them; all if not given
    #[arg(long, value_delimiter = ',', value_name = "TYPE")]
    events: Vec<String>,
    /// The name of the webhook; made of this machine's name if not given
    #[arg(long)]
    name: Option<String>,
    /// Forward each authentic push to this URL, byte by byte, and answer what it answers
    #[arg(long, value_name = "URL", conflicts_with_all = ["respond", "acknowledge"])]
    forward: Option<Url>,
    /// Answer with this HTTP status
    #[arg(long, value_name = "STATUS", value_parser = parse_status)]
    respond: Option<StatusCode>,
    /// Answer with this acknowledgement code; only 00000 acknowledges the push of an order
    #[arg(long, value_name = "CODE")]
    acknowledge: Option<String>,
}

fn parse_status(text: &str) -> Result<StatusCode, &'static str> {
    text.parse()
        .ok()
        .filter(|status: &StatusCode| (200..=599).contains(&status.as_u16()))
        .ok_or("must be an HTTP status from 200 to 599")
}

pub(crate) async fn run(args: ListenArgs, context: &Context) -> Result<(), Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} can't be listened on"))?;
    let local = format!("http://{}/", listener.local_addr()?);
    let base = match args.public_url {
        Some(url) => url,
        None => Url::parse(&local).map_err(anyhow::Error::new)?,
    };
    let callback_url = join(&base, receive::ORDER_PATH);
    let registration = Registration {
        name: args.name.unwrap_or_else(register::default_name),
        url: join(&base, receive::WEBHOOK_PATH)
            .parse()
            .map_err(|error| Failure::usage(format!("--public-url: {error}")))?,
        events: args.events,
    };
    let answering = Answering::new(args.forward, args.respond, args.acknowledge)?;

    let operator = match &context.loaded.config.operator_token {
        Some(_) => Some(context.operator_api()?),
        None => None,
    };
    let webhook = registration.take_up(&context.merchant_api()?).await?;
    let secrets = Secrets {
        webhook: webhook.sign_secret,
        orders: match &operator {
            Some(operator) => Some(resume::order_secret(operator, webhook.webhook_id).await?),
            None => context.loaded.config.secret.clone(),
        },
    };
    let stop = CancellationToken::new();
    let receiver = Receiver::new(&secrets, answering, context.output, stop.clone())?;
    note(&format!(
        "listening on {local} as webhook {} ({})",
        webhook.webhook_id, registration.name
    ));

    let server = axum::serve(listener, Arc::new(receiver).router());
    let server = server.with_graceful_shutdown(stopped(stop));
    let position = Position {
        webhook_id: webhook.webhook_id,
        seen_until: clock::now(),
        callback_url,
    };
    // The server must run while it catches up: that is when the missed pushes arrive.
    tokio::try_join!(
        async { server.await.map_err(Failure::from) },
        catch_up(context, operator.as_ref(), position)
    )?;
    Ok(())
}

/// Asks for what was missed since the position before, and remembers the new one.
async fn catch_up(
    context: &Context,
    operator: Option<&operator::Client>,
    mut position: Position,
) -> Result<(), Failure> {
    let path = paths::listen_state().context("there is no home directory to remember in")?;
    let server = &context.loaded.config.server;
    let known = State::read(&path)?;
    let before = known.position(server, position.webhook_id);
    let since = before.map_or(position.seen_until, |before| before.seen_until);
    match operator {
        Some(operator) => resume::ask(operator, &position, since).await?,
        None => {
            note("without an operator's token, nothing that was missed is asked for again");
            position.seen_until = since;
        }
    }
    let callback_url = position.callback_url.clone();
    state::save(&path, server, position)?;
    // Said last: from here on `trigger` knows the URL too.
    note(&format!("orderCallBackUrl for orders: {callback_url}"));
    Ok(())
}

/// Ends with Ctrl-C, or when there is nobody left to show pushes to.
async fn stopped(stop: CancellationToken) {
    tokio::select! {
        // Without a handler for the signal the process ends at once, which is what was wanted.
        _ = tokio::signal::ctrl_c() => {}
        () = stop.cancelled() => {}
    }
}

fn join(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}
