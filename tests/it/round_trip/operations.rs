//! Every operation of both documents: which of its inputs goes where in the client's call.

use std::collections::BTreeSet;

use proptest::prelude::Just;
use proptest::strategy::Strategy;

use super::WORLD;
use super::check::check;

/// A test for each operation: the parts of a request that it takes, and the call with them.
macro_rules! trips {
    ($api:ident: $($operation:ident($($part:ident),*) |$client:ident| $call:expr;)+) => {
        $(#[test]
        fn $operation() {
            let side = &WORLD.$api;
            let id = stringify!($operation);
            // With a first part of nothing, because there is no strategy of no part.
            let inputs = (Just(()), $(side.spec.$part(id),)*);
            let inputs = inputs.prop_map(|((), $($part,)*)| ($($part,)*));
            check(
                &side.client,
                &side.api.$operation,
                inputs,
                side.spec.answer(id),
                async |$client, ($($part,)*)| $call.send().await,
            );
        })+

        #[test]
        fn every_operation_makes_the_trip() {
            let listed = [$(stringify!($operation)),+];
            let listed: BTreeSet<String> = listed.map(str::to_owned).into();
            assert_eq!(listed, WORLD.$api.spec.operations());
        }
    };
}

/// `$call` with the parameters that are there.
macro_rules! set {
    ($call:expr, $from:ident: $($name:ident)+) => {{
        let call = $call;
        $(let call = match $from.$name {
            Some(value) => call.$name(value),
            None => call,
        };)+
        call
    }};
}

mod order_management {
    use super::*;

    trips! {
        order_management:
        list_webhooks(query) |client| set!(
            client.list_webhooks(),
            query: cursor limit webhook_name webhook_url ascending
        );
        create_webhook(headers, body) |client| set!(
            client.create_webhook().body(body),
            headers: idempotency_key
        );
        update_webhook(path, body) |client| client
            .update_webhook()
            .webhook_id(path.webhook_id)
            .body(body);
        subscribe_event(path, body) |client| client
            .subscribe_event()
            .webhook_id(path.webhook_id)
            .body(body);
        unsubscribe_event(path) |client| client
            .unsubscribe_event()
            .webhook_id(path.webhook_id)
            .event_type(path.event_type);
        list_events(query) |client| set!(
            client.list_events(),
            query: cursor limit event_type event_code ascending
        );
    }
}

mod operator {
    use super::*;

    trips! {
        operator:
        list_merchants(query) |client| set!(
            client.list_merchants(),
            query: cursor limit ascending
        );
        create_merchant(headers, body) |client| set!(
            client.create_merchant().body(body),
            headers: idempotency_key
        );
        get_merchant(path) |client| client.get_merchant().merchant_id(path.merchant_id);
        list_tokens(path, query) |client| set!(
            client.list_tokens().merchant_id(path.merchant_id),
            query: cursor limit ascending
        );
        create_token(path, headers, body) |client| set!(
            client.create_token().merchant_id(path.merchant_id).body(body),
            headers: idempotency_key
        );
        revoke_token(path) |client| client
            .revoke_token()
            .merchant_id(path.merchant_id)
            .token_id(path.token_id);
        rotate_merchant_secret(path, body) |client| client
            .rotate_merchant_secret()
            .merchant_id(path.merchant_id)
            .body(body);

        publish_order_status_change(path, headers, body) |client| set!(
            client.publish_order_status_change().merchant_id(path.merchant_id).body(body),
            headers: idempotency_key
        );
        publish_card_event(path, headers, body) |client| set!(
            client.publish_card_event().merchant_id(path.merchant_id).body(body),
            headers: idempotency_key
        );
        publish_card_events(path, headers, body) |client| set!(
            client.publish_card_events().merchant_id(path.merchant_id).body(body),
            headers: idempotency_key
        );

        create_merchant_webhook(path, headers, body) |client| set!(
            client.create_merchant_webhook().merchant_id(path.merchant_id).body(body),
            headers: idempotency_key
        );
        subscribe_merchant_webhook(path, body) |client| client
            .subscribe_merchant_webhook()
            .merchant_id(path.merchant_id)
            .webhook_id(path.webhook_id)
            .body(body);
        delete_webhook(path) |client| client.delete_webhook().webhook_id(path.webhook_id);
        rotate_webhook_secret(path, body) |client| client
            .rotate_webhook_secret()
            .webhook_id(path.webhook_id)
            .body(body);

        list_endpoints(query) |client| set!(
            client.list_endpoints(),
            query: cursor limit merchant_id state ascending
        );
        get_endpoint(path) |client| client.get_endpoint().endpoint_id(path.endpoint_id);
        pause_endpoint(path, body) |client| client
            .pause_endpoint()
            .endpoint_id(path.endpoint_id)
            .body(body);
        resume_endpoint(path) |client| client.resume_endpoint().endpoint_id(path.endpoint_id);

        list_events(query) |client| set!(
            client.list_events(),
            query: cursor limit merchant_id event_type order_id since until ascending
        );
        get_event(path) |client| client.get_event().event_id(path.event_id);

        list_deliveries(query) |client| set!(
            client.list_deliveries(),
            query: cursor limit merchant_id endpoint_id event_id state since until ascending
        );
        get_delivery(path) |client| client.get_delivery().delivery_id(path.delivery_id);
        list_attempts(path, query) |client| set!(
            client.list_attempts().delivery_id(path.delivery_id),
            query: cursor limit ascending
        );
        replay_delivery(path) |client| client.replay_delivery().delivery_id(path.delivery_id);
        replay_deliveries(body) |client| client.replay_deliveries().body(body);

        get_status() |client| client.get_status();
    }
}
