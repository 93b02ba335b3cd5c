//! The six operations: inputs from the client to the trait, answers and refusals back.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use http::header::RETRY_AFTER;
use orderhook_api::events::{
    ListEventsError, ListEventsQuery, SubscribeEventError, UnsubscribeEventError,
    UnsubscribeEventPath,
};
use orderhook_api::runtime::{Fault, Location, Problem, Rule};
use orderhook_api::webhooks::{
    CreateWebhookError, CreateWebhookHeaders, ListWebhooksError, ListWebhooksQuery,
    UpdateWebhookError,
};
use orderhook_client::builder::{CreateWebhook, ListEvents, ListWebhooks};
use orderhook_client::{Client, Error, ErrorExt as _, ResponseValue};
use orderhook_types::{self as wire, ErrorResponse, IdempotencyKey};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{TestCaseError, TestCaseResult};
use proptest::{prop_assert, prop_assert_eq, prop_oneof};

use super::recording::Slot;
use super::values::{model, parameters, texts};
use super::{WORLD, run};

const WEBHOOKS: &str = "/paths/~1v1~1webhooks";
const WEBHOOK: &str = "/paths/~1v1~1webhooks~1{webhook_id}";
const SUBSCRIPTIONS: &str = "/paths/~1v1~1webhooks~1{webhook_id}~1subscriptions";
const SUBSCRIPTION: &str = "/paths/~1v1~1webhooks~1{webhook_id}~1subscriptions~1{event_type}";
const EVENTS: &str = "/paths/~1v1~1events";

type Answered<T> = Result<ResponseValue<T>, Error<ErrorResponse>>;

#[test]
fn list_webhooks() {
    let inputs = parameters(&format!("{WEBHOOKS}/get"), "query");
    let slot = &WORLD.api.list_webhooks;
    check(
        slot,
        inputs,
        model("WebhookListResponse"),
        async |client, query| {
            let ListWebhooksQuery {
                cursor,
                limit,
                webhook_name,
                webhook_url,
                ascending,
            } = query;
            let mut call = client.list_webhooks();
            call = with(call, cursor, ListWebhooks::cursor);
            call = with(call, limit, ListWebhooks::limit);
            call = with(call, webhook_name, ListWebhooks::webhook_name);
            call = with(call, webhook_url, ListWebhooks::webhook_url);
            call = with(call, ascending, ListWebhooks::ascending);
            call.send().await
        },
    );
}

#[test]
fn create_webhook() {
    let inputs = (keys(), model("CreateWebhookRequest"));
    let slot = &WORLD.api.create_webhook;
    check(
        slot,
        inputs,
        model("WebhookResponse"),
        async |client, (headers, body)| {
            let call = client.create_webhook().body(body);
            let call = with(
                call,
                headers.idempotency_key,
                CreateWebhook::idempotency_key,
            );
            call.send().await
        },
    );
}

#[test]
fn update_webhook() {
    let path = parameters(&format!("{WEBHOOK}/put"), "path");
    let inputs = (path, model("UpdateWebhookRequest"));
    let slot = &WORLD.api.update_webhook;
    check(
        slot,
        inputs,
        model("WebhookResponse"),
        async |client, (path, body)| {
            let call = client.update_webhook().webhook_id(path.webhook_id);
            call.body(body).send().await
        },
    );
}

#[test]
fn subscribe_event() {
    let path = parameters(&format!("{SUBSCRIPTIONS}/post"), "path");
    let inputs = (path, model("SubscribeEventRequest"));
    let slot = &WORLD.api.subscribe_event;
    check(
        slot,
        inputs,
        model("SubscriptionResponse"),
        async |client, (path, body)| {
            let call = client.subscribe_event().webhook_id(path.webhook_id);
            call.body(body).send().await
        },
    );
}

#[test]
fn unsubscribe_event() {
    let inputs = parameters::<UnsubscribeEventPath>(&format!("{SUBSCRIPTION}/delete"), "path");
    let inputs = inputs.prop_filter("a path has no such segment", |path| {
        ![".", ".."].contains(&path.event_type.as_str())
    });
    let slot = &WORLD.api.unsubscribe_event;
    check(
        slot,
        inputs,
        model("SubscriptionResponse"),
        async |client, path| {
            let call = client.unsubscribe_event().webhook_id(path.webhook_id);
            call.event_type(path.event_type).send().await
        },
    );
}

#[test]
fn list_events() {
    let inputs = parameters(&format!("{EVENTS}/get"), "query");
    let slot = &WORLD.api.list_events;
    check(
        slot,
        inputs,
        model("EventListResponse"),
        async |client, query| {
            let ListEventsQuery {
                cursor,
                limit,
                event_type,
                event_code,
                ascending,
            } = query;
            let mut call = client.list_events();
            call = with(call, cursor, ListEvents::cursor);
            call = with(call, limit, ListEvents::limit);
            call = with(call, event_type, ListEvents::event_type);
            call = with(call, event_code, ListEvents::event_code);
            call = with(call, ascending, ListEvents::ascending);
            call.send().await
        },
    );
}

fn with<B, V>(builder: B, value: Option<V>, set: impl FnOnce(B, V) -> B) -> B {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

/// Keys that a header can hold: no control characters, and spaces inside only (RFC 9110, 5.5).
/// There always is one, because the client makes its own where the caller gives none.
fn keys() -> impl Strategy<Value = CreateWebhookHeaders> {
    texts(1, 255).prop_filter_map("no header can hold it", |text| {
        let text: String = text.chars().filter(|c| !c.is_ascii_control()).collect();
        let key: IdempotencyKey = text.trim_matches(' ').parse().ok()?;
        Some(CreateWebhookHeaders {
            idempotency_key: Some(key),
        })
    })
}

/// Inputs arrive at the method behind `slot`, and what it answers arrives at the caller; every
/// documented refusal is among the answers.
#[track_caller]
fn check<I, T, E>(
    slot: &Slot<I, Result<T, E>>,
    inputs: impl Strategy<Value = I>,
    answers: BoxedStrategy<T>,
    call: impl AsyncFn(&Client, I) -> Answered<T>,
) where
    I: Clone + Debug + PartialEq,
    T: Clone + Debug + PartialEq + 'static,
    E: Documented,
{
    let outcomes = prop_oneof![
        1 => answers.prop_map(Ok),
        2 => Refused::any(E::STATUSES).prop_map(Err),
    ];
    let statuses_seen = RefCell::new(BTreeSet::new());
    run(&(inputs, outcomes), |(input, outcome)| {
        let answer = outcome.clone();
        slot.prepare(answer.map_err(|refused| E::new(refused.status, refused.problem())));
        let answered = call(&WORLD.client, input.clone());
        let answered = WORLD.runtime.block_on(answered);
        prop_assert_eq!(slot.arrived(), Some(input));
        match (answered, outcome) {
            (Ok(arrived), Ok(sent)) => prop_assert_eq!(arrived.into_inner(), sent),
            (Err(Error::ErrorResponse(arrived)), Err(sent)) => {
                statuses_seen.borrow_mut().insert(sent.status);
                sent.check_arrived(arrived)?;
            }
            (answered, _) => return Err(TestCaseError::fail(format!("{answered:?}"))),
        }
        Ok(())
    });
    let documented = BTreeSet::from_iter(E::STATUSES.iter().copied());
    assert_eq!(statuses_seen.into_inner(), documented);
}

/// A refusal as an implementation makes it.
#[derive(Debug, Clone)]
struct Refused {
    status: u16,
    message: String,
    faults: Vec<Fault>,
    retry_after: Option<u32>,
}

impl Refused {
    fn any(statuses: &'static [u16]) -> impl Strategy<Value = Self> {
        let retry_after = proptest::option::of(any::<u32>());
        let parts = (
            select(statuses),
            texts(0, 60),
            vec(faults(), 0..4),
            retry_after,
        );
        parts.prop_map(|(status, message, faults, retry_after)| Self {
            status,
            message,
            faults,
            retry_after,
        })
    }

    fn problem(&self) -> Problem {
        let faults = self.faults.iter().cloned();
        let problem = faults.fold(Problem::new(&self.message), Problem::with_fault);
        match self.retry_after {
            Some(seconds) => problem.with_retry_after(Duration::from_secs(seconds.into())),
            None => problem,
        }
    }

    fn check_arrived(&self, arrived: ResponseValue<ErrorResponse>) -> TestCaseResult {
        prop_assert_eq!(arrived.status().as_u16(), self.status);
        let retry_after = arrived.headers().get(RETRY_AFTER).cloned();
        // A caller that is asked to wait is always told how long.
        let shortest = matches!(self.status, 429 | 503).then_some(1);
        let expected = self.retry_after.or(shortest);
        prop_assert_eq!(retry_after, expected.map(Into::into));

        let error = Error::ErrorResponse(arrived);
        let trace_id = error.trace_id().unwrap_or_default();
        prop_assert!(trace_id.starts_with("round-trip-"), "{}", trace_id);
        let on_the_wire = |fault: &Fault| wire::Fault {
            location: fault.location.as_str().into(),
            field: fault.field.clone(),
            rule: fault.rule.as_str().into(),
            message: fault.message.clone(),
        };
        let sent: Vec<_> = self.faults.iter().map(on_the_wire).collect();
        prop_assert_eq!(error.faults(), sent);
        let envelope = error.envelope();
        let envelope = envelope.map(|envelope| (envelope.code, envelope.msg.as_str()));
        prop_assert_eq!(envelope, Some((self.status.into(), self.message.as_str())));
        Ok(())
    }
}

fn faults() -> impl Strategy<Value = Fault> {
    let locations = [
        Location::Path,
        Location::Query,
        Location::Header,
        Location::Body,
    ];
    let rules = [
        Rule::Required,
        Rule::MaxLength,
        Rule::OneOf,
        Rule::Exists,
        Rule::Unique,
    ];
    (
        select(locations.to_vec()),
        texts(0, 20),
        select(rules.to_vec()),
        texts(0, 40),
    )
        .prop_map(|(location, field, rule, message)| Fault::new(location, field, rule, message))
}

/// The error of an operation, by its documented statuses.
trait Documented {
    const STATUSES: &'static [u16];

    fn new(status: u16, problem: Problem) -> Self;
}

macro_rules! documented {
    ($($error:ident { $($status:literal => $variant:ident),+ $(,)? })+) => {$(
        impl Documented for $error {
            const STATUSES: &'static [u16] = &[$($status),+];

            fn new(status: u16, problem: Problem) -> Self {
                match status {
                    $($status => Self::$variant(problem),)+
                    _ => panic!("{status} is not documented"),
                }
            }
        }

        // A variant that is not listed is an error of the compiler.
        const _: fn(&$error) = |error| match error {
            $($error::$variant(_) => {})+
        };
    )+};
}

documented! {
    ListWebhooksError {
        400 => BadRequest,
        401 => Unauthorized,
        429 => TooManyRequests,
        500 => InternalServerError,
        503 => ServiceUnavailable,
    }
    CreateWebhookError {
        400 => BadRequest,
        401 => Unauthorized,
        409 => Conflict,
        413 => ContentTooLarge,
        415 => UnsupportedMediaType,
        429 => TooManyRequests,
        500 => InternalServerError,
        503 => ServiceUnavailable,
    }
    UpdateWebhookError {
        400 => BadRequest,
        401 => Unauthorized,
        404 => NotFound,
        413 => ContentTooLarge,
        415 => UnsupportedMediaType,
        429 => TooManyRequests,
        500 => InternalServerError,
        503 => ServiceUnavailable,
    }
    SubscribeEventError {
        400 => BadRequest,
        401 => Unauthorized,
        404 => NotFound,
        413 => ContentTooLarge,
        415 => UnsupportedMediaType,
        429 => TooManyRequests,
        500 => InternalServerError,
        503 => ServiceUnavailable,
    }
    UnsubscribeEventError {
        400 => BadRequest,
        401 => Unauthorized,
        404 => NotFound,
        429 => TooManyRequests,
        500 => InternalServerError,
        503 => ServiceUnavailable,
    }
    ListEventsError {
        400 => BadRequest,
        401 => Unauthorized,
        429 => TooManyRequests,
        500 => InternalServerError,
        503 => ServiceUnavailable,
    }
}
