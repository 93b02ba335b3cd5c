//! Receivers that never come to an end.

use std::sync::LazyLock;

use orderhook_delivery::MAX_ANSWER;
use orderhook_store::AttemptOutcome::*;

use super::*;

/// Writes `start`, and then `more` again and again until the sender closes.
async fn write_endlessly(
    connection: &mut Connection,
    start: &[u8],
    more: &[u8],
    pause: Option<Duration>,
) -> io::Result<()> {
    connection.read_request().await?;
    connection.stream.write_all(start).await?;
    let mut pause = pause.map(tokio::time::interval);
    loop {
        if let Some(pause) = &mut pause {
            pause.tick().await;
        }
        connection.stream.write_all(more).await?;
    }
}

/// The answer, and a receiver that has seen the connection closed.
async fn check(
    start: &'static [u8],
    more: &'static [u8],
    pause: Option<Duration>,
    deadline: Duration,
) -> Result<Answer, SendError> {
    let (closed, mut was_closed) = tokio::sync::mpsc::unbounded_channel();
    let receiver = Receiver::start(move |mut connection| {
        let closed = closed.clone();
        async move {
            let result = write_endlessly(&mut connection, start, more, pause).await;
            closed.send(()).unwrap();
            result
        }
    })
    .await;
    let result = post(&transport(), &receiver.url(), deadline).await;
    was_closed.recv().await.unwrap();
    assert_eq!(receiver.connections(), 1);
    result
}

const TICK: Option<Duration> = Some(Duration::from_millis(10));
const TIMED_OUT: &str = "no complete answer within 200 ms";

#[tokio::test]
async fn a_silent_receiver_is_left_at_the_deadline() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.read_request().await?;
        connection.read_to_end().await
    })
    .await;
    let result = post(&transport(), &receiver.url(), SHORT).await;
    assert_verdict(&result, TimedOut, TIMED_OUT);
}

#[tokio::test]
async fn a_receiver_that_reads_nothing_is_left_at_the_deadline() {
    let receiver = Receiver::start(|connection| async move {
        let _open = connection;
        std::future::pending().await
    })
    .await;
    let request = OutgoingRequest {
        url: receiver.url().into(),
        headers: HeaderMap::new(),
        body: Bytes::from(vec![b' '; 32 << 20]),
        deadline: SHORT,
    };
    let result = transport().post(request).await;
    assert_verdict(&result, TimedOut, TIMED_OUT);
}

#[tokio::test]
async fn a_head_a_byte_at_a_time_is_left_at_the_deadline() {
    let result = check(b"HTTP/1.1 200 OK\r\nx: ", b"a", TICK, SHORT).await;
    assert_verdict(&result, TimedOut, TIMED_OUT);
}

#[tokio::test]
async fn a_body_a_byte_at_a_time_is_left_at_the_deadline() {
    let start = b"HTTP/1.1 200 OK\r\ncontent-length: 65536\r\n\r\n{\"code\":\"00000\"}";
    let result = check(start, b" ", TICK, SHORT).await;
    assert_verdict(&result, TimedOut, TIMED_OUT);
}

#[tokio::test]
async fn interim_answers_without_end_are_left_at_the_deadline() {
    let result = check(b"", b"HTTP/1.1 102 Processing\r\n\r\n", TICK, SHORT).await;
    assert_verdict(&result, TimedOut, TIMED_OUT);
}

#[tokio::test]
async fn a_flood_without_an_answer_is_cut() {
    static INTERIM: LazyLock<Vec<u8>> =
        LazyLock::new(|| b"HTTP/1.1 102 Processing\r\n\r\n".repeat(1000));
    let result = check(b"", &INTERIM, None, LONG).await;
    let reason = "more than 512 KiB came back without an answer";
    assert_verdict(&result, AnswerTooLarge, reason);
}

#[tokio::test]
async fn an_endless_body_is_cut() {
    const ZEROS: &[u8] = &[0; 16 * 1024];
    let result = check(b"HTTP/1.1 200 OK\r\n\r\n", ZEROS, None, LONG).await;
    let answer = result.as_ref().unwrap();
    assert_eq!((answer.body.len(), answer.cut), (MAX_ANSWER, true));
    assert_eq!(
        verdict(EndpointKind::Webhook, &result).outcome,
        Acknowledged
    );
    assert_eq!(
        verdict(EndpointKind::OrderCallback, &result).outcome,
        AnswerTooLarge
    );
}

#[tokio::test]
async fn endless_chunks_are_cut() {
    let start = b"HTTP/1.1 500 x\r\ntransfer-encoding: chunked\r\n\r\n";
    static CHUNKS: LazyLock<Vec<u8>> = LazyLock::new(|| b"1\r\nx\r\n".repeat(1000));
    let result = check(start, &CHUNKS, None, LONG).await;
    assert_eq!(result.as_ref().unwrap().body.len(), MAX_ANSWER);
    assert_verdict(&result, Rejected, "answered 500 Internal Server Error");
}

#[tokio::test]
async fn an_endless_head_is_too_large() {
    let reason = "the head of the answer has more than 64 KiB or 100 headers";
    let headers = check(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", None, LONG).await;
    assert_verdict(&headers, AnswerTooLarge, reason);
    let one_header = check(b"HTTP/1.1 200 OK\r\nx: ", b"yyyyyyyy", None, LONG).await;
    assert_verdict(&one_header, AnswerTooLarge, reason);
}

#[tokio::test]
async fn an_endless_chunk_size_is_malformed() {
    let start = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;";
    let result = check(start, b"extension", None, LONG).await;
    let reason = "the body of the answer breaks the rules of HTTP";
    assert_verdict(&result, AnswerMalformed, reason);
}

#[tokio::test]
async fn endless_trailers_are_malformed() {
    let start = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n";
    let result = check(start, b"x: y\r\n", None, LONG).await;
    let reason = "the body of the answer breaks the rules of HTTP";
    assert_verdict(&result, AnswerMalformed, reason);
}
