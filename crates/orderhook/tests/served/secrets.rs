//! Secrets and tokens stay where they belong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::program::Program;
use crate::receiver::Receiver;
use crate::server::{Merchant, Server, order, text};

/// A server that tells all it can, and every secret that it has seen.
struct Scenario {
    server: Server,
    secrets: Vec<String>,
}

impl Scenario {
    fn new() -> Self {
        let program = Program::new()
            .variable("ORDERHOOK_LOG__LEVEL", "trace")
            .variable("ORDERHOOK_DELIVERY__SCHEDULE", "0s,0s");
        let server = Server::start(program);
        let secrets = vec![
            server.merchant.token.clone(),
            server.operator.token.clone(),
            encryption_key(&server.program),
        ];
        Self { server, secrets }
    }

    fn merchant(&mut self) -> Merchant {
        let merchant = self.server.new_merchant();
        self.keep(&[&merchant.sign_secret, &merchant.api.token]);
        merchant
    }

    fn keep(&mut self, secrets: &[&str]) {
        self.secrets
            .extend(secrets.iter().map(|secret| (*secret).to_owned()));
    }

    /// Each secret as text, and those in Base64 as bytes and as hexadecimal digits too.
    fn forms(&self) -> Vec<Vec<u8>> {
        let mut forms = Vec::new();
        for secret in &self.secrets {
            forms.push(secret.clone().into_bytes());
            let (_, word) = secret.split_once(['_', ':']).unwrap();
            forms.push(word.as_bytes().to_vec());
            if let Ok(bytes) = STANDARD.decode(word) {
                let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                forms.extend([
                    hexadecimal.to_uppercase().into_bytes(),
                    hexadecimal.into_bytes(),
                ]);
                forms.push(bytes);
            }
        }
        forms
    }

    #[track_caller]
    fn check(&self, what: &str, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "{what} is empty");
        for (number, form) in self.forms().iter().enumerate() {
            let found = bytes.windows(form.len()).any(|part| part == form);
            assert!(
                !found,
                "{what} has form {number}: {:?}",
                String::from_utf8_lossy(form)
            );
        }
    }
}

/// The key that `serve --dev` has made, such as `1:BASE64`.
fn encryption_key(program: &Program) -> String {
    let path = program.folder().join(".orderhook-dev/encryption.key");
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

#[test]
fn no_secret_is_in_the_log_the_database_or_the_metrics() {
    let mut scenario = Scenario::new();
    let merchant = scenario.merchant();
    let good = Receiver::acknowledging();
    let bad = Receiver::answering(|push| match push.target.as_str() {
        "/410" => (410, "gone"),
        _ => (500, "no"),
    });
    let (id, secret) = merchant.subscribed(&good.url("/hook"));
    scenario.keep(&[&secret]);
    let (_, second) = merchant.subscribed(&bad.url("/410"));
    let body = json!({"webhook_name": "keyed", "webhook_url": bad.url("/500")});
    let keyed = merchant.api.post_once("/v1/webhooks", "key", &body).data();
    let again = merchant.api.post_once("/v1/webhooks", "key", &body).data();
    assert_eq!(keyed, again);
    let rotate = |target: String| -> Value {
        let body = json!({"overlap_seconds": 60});
        merchant.operator.post(&target, &body).data()["sign_secret"].take()
    };
    let rotated = [
        rotate(format!("/v1/webhooks/{id}/secret-rotations")),
        rotate(merchant.path("secret-rotations")),
        keyed[0]["sign_secret"].clone(),
    ];
    let token = json!({"operator_id": 1, "operator_name": "Ada"});
    let tokens = merchant.path("tokens");
    let issued = merchant.operator.post_once(&tokens, "key", &token).data();
    scenario.keep(&[&second, issued["token"].as_str().unwrap()]);
    for secret in &rotated {
        scenario.keep(&[&text(secret)]);
    }

    let private = "pk_keep-this-to-yourself";
    let wrong = "ohm_not-a-token-but-nearly";
    scenario.keep(&[private, wrong]);
    let mut published = order("1", "COMPLETED", &bad.url("/orders"));
    published["privateSecret"] = json!(private);
    let failed = merchant.publish_order(&published);
    published["orderCallBackUrl"] = json!(good.url("/orders"));
    merchant.publish_order(&published);
    // Refusals repeat nothing of it, whatever it is refused for.
    published["privateSecret"] = json!([private]);
    let target = merchant.path("order-status-changes");
    let refusal = merchant.operator.post(&target, &published);
    refusal.refused_for(400, "privateSecret");
    assert!(!refusal.body.contains(private));
    let torn = format!("{{\"privateSecret\":\"{private}\",}}");
    let refusal = merchant
        .operator
        .call("POST", &target, &[], Some(torn.as_bytes()));
    assert!(!refusal.body.contains(private));
    merchant.publish_card(&json!({}));
    merchant.wait_for("acknowledged", 2);
    merchant.wait_for("failed", 1);
    merchant
        .operator
        .get(&format!("/v1/events/{failed}"))
        .data();
    merchant.api.get("/v1/webhooks").data();
    let metrics = merchant.operator.get("/metrics").body;
    scenario.check("/metrics", metrics.as_bytes());
    let shown = scenario.server.program.run(&["config", "show"]).ok();
    scenario.check("config show", shown.as_bytes());

    let last = merchant.api.with_token(wrong).get("/v1/webhooks");
    last.refused(401);
    scenario
        .server
        .log
        .wait_for(&text(&last.json()["trace_id"]));
    let log = scenario.server.log.lines().join("\n");
    // What is no secret is found, and so would be what is one.
    assert!(log.contains("DEBUG") && log.contains("publish_card_event"));
    scenario.check("the log", log.as_bytes());
    let database = scenario.server.database.bytes(&scenario.server.program);
    assert!(database.windows(9).any(|part| part == b"card.load"));
    scenario.check("the database", &database);
}
