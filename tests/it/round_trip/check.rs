//! One operation: inputs from the client to the trait, answers and refusals back.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use http::header::RETRY_AFTER;
use orderhook_api::runtime::{Fault, Location, Problem, Rule};
use orderhook_client::{Error, ErrorExt as _, ResponseValue};
use orderhook_types::{self as wire, ErrorResponse};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{TestCaseError, TestCaseResult};
use proptest::{prop_assert, prop_assert_eq, prop_oneof};

use super::recording::Slot;
use super::refusals::Documented;
use super::values::texts;
use super::{WORLD, run};

type Answered<T> = Result<ResponseValue<T>, Error<ErrorResponse>>;

/// Inputs arrive at the method behind `slot`, and what it answers arrives at the caller; every
/// documented refusal is among the answers.
#[track_caller]
pub(super) fn check<C, I, T, E>(
    client: &C,
    slot: &Slot<I, Result<T, E>>,
    inputs: impl Strategy<Value = I>,
    answers: BoxedStrategy<T>,
    call: impl AsyncFn(&C, I) -> Answered<T>,
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
        let answered = call(client, input.clone());
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
