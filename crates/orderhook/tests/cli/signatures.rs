//! `sign` and `verify` replay `spec/vectors/signatures.json`, whose answers our code did not compute.

use serde_json::Value;

use crate::program::Program;

fn vectors(kind: &str) -> Vec<Value> {
    let text = include_str!("../../../../spec/vectors/signatures.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    vectors[kind].as_array().unwrap().clone()
}

/// The program with the secrets of a vector in its environment.
fn program(vector: &Value) -> Program {
    let secrets = vector["secrets"].as_array().unwrap().iter();
    let secrets: Vec<&str> = secrets.map(|secret| secret.as_str().unwrap()).collect();
    Program::new().variable("ORDERHOOK_SECRET", &secrets.join(" "))
}

#[test]
fn signs_as_others_do() {
    let mut signed = 0;
    for vector in vectors("sign") {
        let Some(body) = vector["body"].as_str() else {
            continue;
        };
        let timestamp = vector["timestamp"].to_string();
        let id = vector["id"].as_str().unwrap();
        let headers = program(&vector)
            .run_with_input(
                &["sign", "--json", "--id", id, "--timestamp", &timestamp],
                body.as_bytes(),
            )
            .json();
        assert_eq!(
            headers["webhook-signature"], vector["signature"],
            "{}",
            vector["name"]
        );
        assert_eq!(headers["webhook-id"], id);
        assert_eq!(headers["webhook-timestamp"], timestamp);
        signed += 1;
    }
    assert!(signed > 5);
}

#[test]
fn verifies_as_others_do() {
    for vector in vectors("verify") {
        let headers = vector["headers"].as_array().unwrap();
        let headers: Vec<String> = headers
            .iter()
            .map(|line| {
                format!(
                    "{}:{}",
                    line[0].as_str().unwrap(),
                    line[1].as_str().unwrap()
                )
            })
            .collect();
        let now = vector["now"].to_string();
        let tolerance = format!("{}s", vector["tolerance"].as_u64().unwrap_or(300));
        let mut arguments = vec!["verify", "--at", &now, "--tolerance", &tolerance];
        for header in &headers {
            arguments.extend(["--header", header]);
        }
        if headers.is_empty() {
            continue;
        }
        let body = vector["body"].as_str().unwrap();
        let ended = program(&vector).run_with_input(&arguments, body.as_bytes());
        let expected = if vector["result"] == "ok" { 0 } else { 1 };
        assert_eq!(ended.code, expected, "{}: {ended:?}", vector["name"]);
    }
}

#[test]
fn the_secret_can_stand_in_a_file() {
    let program = Program::new()
        .file("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
        .file("body.json", "{\"test\": 2432232314}");
    let signed = program.run(&[
        "sign",
        "body.json",
        "--secret-file",
        "secret",
        "--id",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "--timestamp",
        "1614265330",
    ]);
    insta::assert_snapshot!(signed.ok(), @r"
    webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek
    webhook-timestamp: 1614265330
    webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
    ");
    let said = program
        .run(&["sign", "body.json", "--id", "msg_1"])
        .failed(2);
    assert!(said.contains("ORDERHOOK_SECRET"), "{said}");
}
