//! What the log says of attempts, and what it must not.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt;

use crate::world::World;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("not poisoned").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_receivers_text_is_in_the_history_and_not_in_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = fmt().with_ansi(false).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let mut world = World::new().await;
    world.webhook("https://a.example/SECRET-PATH").await;
    world.publish(1).await;
    let push = world.push().await;
    push.answer_with(302, "location", "https://b.example/SECRET-TARGET");
    world.recorded().await;
    world
        .publish_order("o-1", "https://orders.example/SECRET-PATH", "1")
        .await;
    let push = world.push().await;
    push.answer_body(r#"{"code":"SECRET-CODE"}"#);
    world.recorded().await;

    let mut reasons = Vec::new();
    for delivery in world.deliveries().await {
        let attempts = world.attempts(delivery.delivery_id).await;
        reasons.extend(attempts.into_iter().map(|attempt| attempt.reason));
    }
    assert!(reasons[0].contains("SECRET-TARGET"), "{reasons:?}");
    assert!(reasons[1].contains("SECRET-CODE"), "{reasons:?}");
    let log = log.text();
    assert!(log.contains("outcome=Redirected status=302"), "{log}");
    assert!(log.contains("outcome=NotAcknowledged status=200"), "{log}");
    assert!(!log.contains("SECRET"), "{log}");
}
