//! What a receiver answers, and when it calls its handler.

use std::convert::Infallible;
use std::fmt;
use std::panic::panic_any;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use http::{HeaderMap, StatusCode};
use orderhook_types::{Acknowledgement, AcknowledgementData, CardEventPush, OrderStatusPush};
use orderhook_webhook::acknowledge::{acknowledges, acknowledges_card_event};
use orderhook_webhook::replay::{InMemoryReplayStore, ReplayStore};
use orderhook_webhook::{Answer, Delivery, MessageId, Outcome, Push, PushReceiver, Receiver};

use crate::handler::{
    CARD_EVENT, DatabaseDown, Down, Handler, NOW, ORDER, Reply, signed, verifier,
};
use crate::{at, now_or_panic};

const ACKNOWLEDGED: &str = r#"{"code":"00000","msg":"success","requestTime":1614265330000}"#;

fn receive<R: PushReceiver, S: ReplayStore>(
    receiver: &Receiver<R, S>,
    id: &str,
    body: &str,
) -> Answer<R::Error> {
    let headers = signed(id, body.as_bytes());
    now_or_panic(receiver.receive(&headers, body.as_bytes(), at(NOW)))
}

/// The exact text that goes out.
fn text<E>(answer: &Answer<E>) -> String {
    serde_json::to_string(&answer.body).unwrap()
}

/// Asserts the whole refusal, and that neither kind of push is acknowledged by it.
#[track_caller]
fn check_refusal<E>(answer: &Answer<E>, status: u16, code: &str, msg: &str) {
    let body = text(answer);
    assert_eq!(answer.status, status);
    assert_eq!(
        body,
        format!(r#"{{"code":"{code}","msg":"{msg}","requestTime":1614265330000}}"#)
    );
    assert!(acknowledges(status, body.as_bytes()).is_err());
    assert!(acknowledges_card_event(status).is_err());
}

#[test]
fn a_handled_push_is_acknowledged_in_the_documented_form() {
    let handler = Handler::default();
    let receiver = Receiver::new(handler.clone(), verifier());

    let answer = receive(&receiver, "msg_1", ORDER);

    assert!(matches!(answer.outcome, Outcome::Handled));
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(text(&answer), ACKNOWLEDGED);
    assert_eq!(acknowledges(200, text(&answer).as_bytes()), Ok(()));
    let calls = handler.calls();
    let [(delivery, push)] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!(delivery.message_id, MessageId::new("msg_1").unwrap());
    assert_eq!(delivery.timestamp, NOW);
    assert_eq!(delivery.received_at, at(NOW));
    assert_eq!(push, &Push::parse(ORDER.as_bytes()).unwrap());
}

#[test]
fn the_handlers_own_data_is_sent() {
    let reply: Reply = |delivery| {
        let data = serde_json::Map::from_iter([("ref".to_owned(), "a-1".into())]);
        Ok(delivery.acknowledge_with(AcknowledgementData(data)))
    };
    let receiver = Receiver::new(Handler::replying([reply]), verifier());

    let answer = receive(&receiver, "msg_1", CARD_EVENT);

    assert_eq!(
        text(&answer),
        r#"{"code":"00000","data":{"ref":"a-1"},"msg":"success","requestTime":1614265330000}"#
    );
}

#[test]
fn what_is_not_verified_is_refused() {
    let handler = Handler::default();
    let receiver = Receiver::new(handler.clone(), verifier());
    let signed = signed("msg_1", ORDER.as_bytes());
    for (headers, body, seconds) in [
        (&HeaderMap::new(), ORDER, NOW),
        (&signed, CARD_EVENT, NOW),
        (&signed, ORDER, NOW + 301),
    ] {
        let mut answer = now_or_panic(receiver.receive(headers, body.as_bytes(), at(seconds)));
        assert!(matches!(answer.outcome, Outcome::NotVerified(_)));
        answer.body.request_time -= i64::try_from((seconds - NOW) * 1000).unwrap();
        let msg = "the signature could not be verified";
        check_refusal(&answer, 401, "00001", msg);
    }
    assert!(handler.calls().is_empty());
}

#[test]
fn what_is_not_readable_is_refused_each_time() {
    let handler = Handler::default();
    let receiver = Receiver::new(handler.clone(), verifier());
    for _ in 0..2 {
        let answer = receive(&receiver, "msg_1", r#"{"type":"card.load"}"#);
        assert!(matches!(answer.outcome, Outcome::NotReadable(_)));
        check_refusal(&answer, 400, "00002", "the body is not that of a push");
    }
    assert!(handler.calls().is_empty());
}

#[test]
fn a_push_whose_handler_failed_is_handled_again() {
    let fail: Reply = |_| Err(DatabaseDown);
    let handler = Handler::replying([fail]);
    let receiver = Receiver::new(handler.clone(), verifier());

    let failed = receive(&receiver, "msg_1", ORDER);
    assert!(matches!(failed.outcome, Outcome::Failed(DatabaseDown)));
    check_refusal(&failed, 500, "99999", "the push could not be handled");

    let retried = receive(&receiver, "msg_1", ORDER);
    assert!(matches!(retried.outcome, Outcome::Handled));
    assert_eq!(handler.calls().len(), 2);
}

#[test]
fn a_handlers_own_code_is_passed_on_and_the_push_handled_again() {
    let refuse: Reply = |delivery| {
        Ok(Acknowledgement {
            code: "10007".to_owned(),
            msg: "order unknown here".to_owned(),
            ..delivery.acknowledge()
        })
    };
    for body in [ORDER, CARD_EVENT] {
        let handler = Handler::replying([refuse]);
        let receiver = Receiver::new(handler.clone(), verifier());

        let refused = receive(&receiver, "msg_1", body);
        assert!(matches!(refused.outcome, Outcome::Refused));
        check_refusal(&refused, 500, "10007", "order unknown here");

        let retried = receive(&receiver, "msg_1", body);
        assert!(matches!(retried.outcome, Outcome::Handled));
        assert_eq!(handler.calls().len(), 2);
    }
}

#[test]
fn a_duplicate_is_acknowledged_and_not_handled() {
    let handler = Handler::default();
    let receiver = Receiver::new(handler.clone(), verifier());
    receive(&receiver, "msg_1", ORDER);

    let duplicate = receive(&receiver, "msg_1", ORDER);

    assert!(matches!(duplicate.outcome, Outcome::Duplicate));
    assert_eq!(duplicate.status, StatusCode::OK);
    assert_eq!(text(&duplicate), ACKNOWLEDGED);
    assert_eq!(handler.calls().len(), 1);

    receive(&receiver, "msg_2", ORDER);
    assert_eq!(handler.calls().len(), 2);
}

/// A handler that never comes to an end.
struct Waiting;

impl PushReceiver for Waiting {
    type Error = Infallible;

    async fn order_status_change(
        &self,
        _: Delivery,
        _: OrderStatusPush,
    ) -> Result<Acknowledgement, Infallible> {
        std::future::pending().await
    }

    async fn card_event(
        &self,
        _: Delivery,
        _: CardEventPush,
    ) -> Result<Acknowledgement, Infallible> {
        std::future::pending().await
    }
}

#[test]
fn a_push_that_is_being_handled_is_to_come_again() {
    let receiver = Receiver::new(Waiting, verifier());
    let headers = signed("msg_1", ORDER.as_bytes());
    let mut first = pin!(receiver.receive(&headers, ORDER.as_bytes(), at(NOW)));
    let waits = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(waits.is_pending());

    let second = receive(&receiver, "msg_1", ORDER);

    assert!(matches!(second.outcome, Outcome::InProgress));
    check_refusal(&second, 503, "99999", "the push is being handled");
}

#[test]
fn without_a_claim_nothing_is_handled() {
    let handler = Handler::default();
    let receiver = Receiver::new(handler.clone(), verifier()).replay_store(Down { claims: true });

    let answer = receive(&receiver, "msg_1", ORDER);

    assert!(matches!(answer.outcome, Outcome::StoreFailed(_)));
    check_refusal(&answer, 500, "99999", "the push could not be handled");
    assert!(handler.calls().is_empty());
}

#[test]
fn a_store_that_fails_after_the_handler_does_not_change_the_answer() {
    let fail: Reply = |_| Err(DatabaseDown);
    let receiver =
        Receiver::new(Handler::replying([fail]), verifier()).replay_store(Down { claims: false });

    let failed = receive(&receiver, "msg_1", ORDER);
    assert!(matches!(failed.outcome, Outcome::Failed(_)));
    check_refusal(&failed, 500, "99999", "the push could not be handled");
    assert!(failed.store_error.unwrap().is::<DatabaseDown>());

    let handled = receive(&receiver, "msg_1", ORDER);
    assert!(matches!(handled.outcome, Outcome::Handled));
    assert_eq!(text(&handled), ACKNOWLEDGED);
    assert!(handled.store_error.unwrap().is::<DatabaseDown>());
}

#[test]
fn receivers_share_a_store() {
    let handler = Handler::default();
    let store = Arc::new(InMemoryReplayStore::new());
    let [first, second] = [(); 2]
        .map(|()| Receiver::new(handler.clone(), verifier()).replay_store(Arc::clone(&store)));

    let answer = receive(&first, "msg_1", ORDER);
    assert!(matches!(answer.outcome, Outcome::Handled));
    assert!(answer.store_error.is_none());
    let answer = receive(&second, "msg_1", ORDER);
    assert!(matches!(answer.outcome, Outcome::Duplicate));
    assert_eq!(handler.calls().len(), 1);
}

#[test]
fn a_push_whose_handler_panicked_is_handled_again() {
    #[track_caller]
    fn check(reply: Reply, expected: &str) {
        let receiver = Receiver::new(Handler::replying([reply]), verifier());

        let panicked = receive(&receiver, "msg_1", ORDER);
        check_refusal(&panicked, 500, "99999", "the push could not be handled");
        let Outcome::Panicked(message) = panicked.outcome else {
            panic!("{:?}", panicked.outcome);
        };
        assert_eq!(message, expected);

        let retried = receive(&receiver, "msg_1", ORDER);
        assert!(matches!(retried.outcome, Outcome::Handled));
    }
    check(|_| panic!("no row"), "no row");
    check(
        |delivery| panic!("signed at {}", delivery.timestamp),
        "signed at 1614265330",
    );
    check(|_| panic_any(7), "of an unknown kind");
}

#[test]
fn a_dropped_call_keeps_its_claim_until_the_lease_lapses() {
    let store = Arc::new(InMemoryReplayStore::new());
    let headers = signed("msg_1", ORDER.as_bytes());
    let waiting = Receiver::new(Waiting, verifier()).replay_store(Arc::clone(&store));
    {
        let mut dropped = pin!(waiting.receive(&headers, ORDER.as_bytes(), at(NOW)));
        let waits = dropped
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(waits.is_pending());
    }

    let receiver = Receiver::new(Handler::default(), verifier()).replay_store(store);
    let receive_at = |now| now_or_panic(receiver.receive(&headers, ORDER.as_bytes(), at(now)));
    assert!(matches!(receive_at(NOW + 59).outcome, Outcome::InProgress));
    assert!(matches!(receive_at(NOW + 60).outcome, Outcome::Handled));
}

#[test]
fn a_method_can_be_called_without_a_receiver_around_it() {
    let delivery = Delivery::new(MessageId::new("msg_1").unwrap(), NOW, at(NOW));
    let push = Push::parse(CARD_EVENT.as_bytes()).unwrap();

    let answer = now_or_panic(Handler::default().receive(delivery.clone(), push)).unwrap();

    assert_eq!(answer, delivery.acknowledge());
    assert_eq!(serde_json::to_string(&answer).unwrap(), ACKNOWLEDGED);
}

#[test]
fn no_detail_of_an_error_is_answered() {
    #[track_caller]
    fn check<E: fmt::Debug>(answer: &Answer<E>, detail: &str) {
        let logged = format!("{:?}", answer.outcome);
        assert!(logged.contains(detail), "{logged}");
        assert!(!text(answer).contains(detail), "{}", text(answer));
    }
    let fail: Reply = |_| Err(DatabaseDown);
    let receiver = Receiver::new(Handler::replying([fail]), verifier());
    check(&receive(&receiver, "msg_1", ORDER), "DatabaseDown");
    check(&receive(&receiver, "msg_2", "{}"), "merchantOrderId");
    let unsigned = now_or_panic(receiver.receive(&HeaderMap::new(), b"{}", at(NOW)));
    check(&unsigned, "webhook-id");
    let down = receiver.replay_store(Down { claims: true });
    check(&receive(&down, "msg_3", ORDER), "DatabaseDown");
}
