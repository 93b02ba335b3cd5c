//! Connections that are used again, and connections that are not.

use orderhook_store::AttemptOutcome::*;
use tokio::sync::mpsc;

use super::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"code\":\"00000\"}";

/// Answers every request on a connection with the same bytes.
async fn keeping(answer: &'static [u8]) -> Receiver {
    Receiver::start(move |mut connection| async move {
        loop {
            connection.read_request().await?;
            connection.stream.write_all(answer).await?;
        }
    })
    .await
}

/// How many connections three pushes, one after the other, make.
async fn connections_of_three(receiver: &Receiver) -> usize {
    let transport = transport();
    for _ in 0..3 {
        let result = post(&transport, &receiver.url(), LONG).await;
        assert!(result.is_ok(), "{result:?}");
    }
    assert_eq!(receiver.requests().len(), 3);
    receiver.connections()
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_whole_answer() {
    let receiver = keeping(OK).await;
    assert_eq!(connections_of_three(&receiver).await, 1);
}

#[tokio::test]
async fn a_connection_is_not_used_again_where_it_must_not_be() {
    let closing =
        keeping(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(connections_of_three(&closing).await, 3);

    let old = keeping(b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(connections_of_three(&old).await, 3);

    static LONG_ANSWER: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n".to_vec();
        answer.resize(answer.len() + 9_000_000, b'x');
        answer
    });
    let cut = keeping(&LONG_ANSWER).await;
    assert_eq!(connections_of_three(&cut).await, 3);
}

#[tokio::test]
async fn an_attempt_that_timed_out_takes_its_connection_along() {
    let silent_once = Receiver::start(|mut connection| async move {
        connection.read_request().await?;
        connection.read_to_end().await
    })
    .await;
    let transport = transport();
    for attempt in 1..=2 {
        let result = post(&transport, &silent_once.url(), SHORT).await;
        assert_eq!(verdict(EndpointKind::Webhook, &result).outcome, TimedOut);
        assert_eq!(silent_once.connections(), attempt);
    }
}

/// A receiver that closes a connection that waits: the next push takes a new one and does not fail.
#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let (closed, mut was_closed) = mpsc::unbounded_channel();
    let receiver = Receiver::start(move |mut connection| {
        let closed = closed.clone();
        async move {
            connection.read_request().await?;
            connection.stream.write_all(OK).await?;
            connection.stream.shutdown().await?;
            // The sender has noticed once it closes too.
            connection.read_to_end().await?;
            closed.send(()).unwrap();
            Ok(())
        }
    })
    .await;
    let transport = transport();
    for attempt in 1..=20 {
        let result = post(&transport, &receiver.url(), LONG).await;
        assert_verdict(&result, Acknowledged, "answered 200 OK");
        assert_eq!(receiver.connections(), attempt);
        was_closed.recv().await.unwrap();
    }
}

/// The same, but the next push is on its way before the sender can notice.
#[tokio::test]
async fn a_kept_connection_that_closes_under_a_push_is_replaced() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.read_request().await?;
        connection.stream.write_all(OK).await?;
        connection.read_request().await?;
        Ok(())
    })
    .await;
    let transport = transport();
    for _ in 0..2 {
        let result = post(&transport, &receiver.url(), LONG).await;
        assert_verdict(&result, Acknowledged, "answered 200 OK");
    }
    assert_eq!((receiver.connections(), receiver.requests().len()), (2, 3));
}

/// Sending once more is for connections that were kept, and for once.
#[tokio::test]
async fn a_new_connection_that_closes_under_a_push_is_a_failure() {
    let answered = Arc::new(AtomicUsize::new(0));
    let receiver = Receiver::start(move |mut connection| {
        let first = answered.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            connection.read_request().await?;
            if first {
                connection.stream.write_all(OK).await?;
                connection.read_request().await?;
            }
            Ok(())
        }
    })
    .await;
    let transport = transport();
    let result = post(&transport, &receiver.url(), LONG).await;
    assert_verdict(&result, Acknowledged, "answered 200 OK");

    let closed = "the connection was closed before the answer was complete";
    let result = post(&transport, &receiver.url(), LONG).await;
    assert_verdict(&result, ConnectionFailed, closed);
    assert_eq!((receiver.connections(), receiver.requests().len()), (2, 3));

    let result = post(&transport, &receiver.url(), LONG).await;
    assert_verdict(&result, ConnectionFailed, closed);
    assert_eq!((receiver.connections(), receiver.requests().len()), (3, 4));
}
