//! Replicas of one database, each with a role.

use serde_json::json;

use crate::http::Api;
use crate::program::Program;
use crate::receiver::Receiver;
use crate::server::{Server, Serving, eventually};

fn delivering(beside: &Server) -> (Serving, Api) {
    let serving = Serving::start(&beside.program, &["--role", "delivery"]);
    let api = Api {
        address: serving.address("metrics"),
        token: beside.operator.token.clone(),
    };
    (serving, api)
}

/// How many shards a replica says it holds.
fn shards(api: &Api) -> u32 {
    let page = api.get("/metrics").body;
    let mut lines = page.lines();
    let count = lines.find_map(|line| line.strip_prefix("orderhook_shards_held "));
    count.unwrap().parse().unwrap()
}

#[test]
fn what_one_replica_takes_in_another_delivers() {
    let server = Server::start(Program::new().variable("ORDERHOOK_ROLE", "api"));
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let (_, secret) = merchant.subscribed(&receiver.url("/"));
    let (event, _) = merchant.publish_card(&json!({}));
    assert_eq!(shards(&server.operator), 0);
    assert_eq!(merchant.deliveries("&state=pending").len(), 1);

    let (_serving, delivering) = delivering(&server);
    let push = receiver.next();
    assert_eq!(push.header("webhook-id"), event);
    assert!(push.is_signed_by(&secret));
    merchant.wait_for("acknowledged", 1);
    assert_eq!(shards(&delivering), 64);
    // From here on a hint comes with each event.
    merchant.publish_card(&json!({}));
    receiver.next();
}

#[test]
fn a_replica_that_delivers_answers_probes_and_metrics_alone() {
    let server = Server::start(Program::new());
    let (serving, delivering) = delivering(&server);
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(delivering.get(path).status, 200, "{path}");
    }
    for path in ["/v1/status", "/v1/webhooks", "/"] {
        assert_eq!(delivering.get(path).status, 404, "{path}");
    }
    serving.log.wait_for("listening");
    let log = serving.log.lines().join("\n");
    let line = log.lines().find(|line| line.contains("listening")).unwrap();
    for part in [
        "role=\"delivery\"",
        "database=postgres://",
        ":[redacted]@",
        "replica=",
    ] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn replicas_share_out_and_take_over() {
    let server = Server::start(Program::new());
    assert_eq!(shards(&server.operator), 64);
    let (_serving, second) = delivering(&server);
    // Ready before it has anything to do.
    assert_eq!(second.get("/readyz").status, 200);
    eventually(|| (shards(&second) == 32 && shards(&server.operator) == 32).then_some(()));
    let _database = server.stop();
    eventually(|| (shards(&second) == 64).then_some(()));
}
