use orderhook_webhook::{MessageId, Verified};

fn forge(message_id: MessageId) -> Verified<'static> {
    Verified {
        message_id,
        timestamp: 0,
        body: b"{}",
    }
}

fn main() {}
