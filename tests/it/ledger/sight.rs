//! What the ledger sees: each case spoils one place and expects exactly the findings it causes.

use super::{README, ROWS, Rule, SPEC, audit};

/// `from` is the text to spoil, its first occurrence only; `expected` what is then found.
#[track_caller]
fn in_spec(from: &str, to: &str, expected: &[(Rule, &str)]) {
    check(&spoil(SPEC, from, to), README, ROWS, expected);
}

#[track_caller]
fn in_readme(from: &str, to: &str, expected: &[(Rule, &str)]) {
    check(SPEC, &spoil(README, from, to), ROWS, expected);
}

#[track_caller]
fn in_rows(from: &str, to: &str, expected: &[(Rule, &str)]) {
    check(SPEC, README, &spoil(ROWS, from, to), expected);
}

#[track_caller]
fn spoil(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "`{from}` stands there no longer");
    text.replacen(from, to, 1)
}

#[track_caller]
fn check(spec: &str, readme: &str, rows: &str, expected: &[(Rule, &str)]) {
    let findings = audit(spec, readme, rows);

    let found: Vec<_> = findings
        .iter()
        .map(|found| (found.rule, found.about.as_str()))
        .collect();
    assert_eq!(found, expected, "{findings:#?}");
}

#[test]
fn a_row_carried_otherwise_than_the_documents_have_it() {
    use Rule::{Length, Name, Pointer, Reach, Required, Type, Uncarried, Values};

    in_spec(
        "- name: limit",
        "- name: size",
        &[(Name, "A.webhook-list.request.2")],
    );
    in_spec(
        "maxLength: 20\n",
        "maxLength: 21\n",
        &[
            (Length, "A.webhook-list.request.3"),
            (Length, "A.webhook-create.request.1"),
            (Length, "A.webhook-update.request.1"),
        ],
    );
    in_spec(
        "maximum: 99999}",
        "maximum: 100}",
        &[(Length, "A.webhook-list.request.2")],
    );
    in_spec(
        ", maximum: 99999}",
        "}",
        &[(Length, "A.webhook-list.request.2")],
    );
    in_spec(
        "has_more: {type: boolean",
        "has_more: {type: string",
        &[(Type, "A.webhook-list.response.6")],
    );
    in_spec("        - merchantOrderId\n", "", &[(Required, "B.push.1")]);
    in_spec(
        "required: [webhook_name]",
        "required: [webhook_name, webhook_url]",
        &[
            (Required, "A.webhook-create.request.2"),
            (
                Uncarried,
                "/components/schemas/CreateWebhookRequest/required/1",
            ),
        ],
    );
    in_spec("        - FAILED\n", "", &[(Values, "B.push.11")]);
    in_spec(
        "        - COMPLETED\n",
        "        - COMPLETED\n        - REFUNDED\n",
        &[(Values, "B.push.11")],
    );
    in_spec(
        "        - $ref: '#/components/parameters/Ascending'\n",
        "",
        &[(Pointer, "A.webhook-list.request.5")],
    );
    in_spec(
        "'200': {$ref: '#/components/responses/Acknowledged'}",
        "'200': {$ref: '#/components/responses/NotFound'}",
        &[
            (Reach, "B.ack.1"),
            (Reach, "B.ack.2"),
            (Reach, "B.ack.3"),
            (Reach, "B.ack.4"),
        ],
    );
    in_spec(
        "  - AccessToken: []\n",
        "  - AccessToken: []\n  - {}\n",
        &[(Required, "A.headers.request.2"), (Uncarried, "/security")],
    );
}

#[test]
fn a_part_of_the_spec_that_nothing_asks_for() {
    use Rule::{Pointer, Uncarried};

    in_spec(
        "        has_more: {",
        "        total: {type: integer}\n        has_more: {",
        &[(
            Uncarried,
            "/components/schemas/WebhookPage/properties/total",
        )],
    );
    in_spec(
        "        has_more: {",
        "        more: {",
        &[
            (Pointer, "A.webhook-list.response.6"),
            (Uncarried, "/components/schemas/WebhookPage/properties/more"),
        ],
    );
    in_spec(
        "creator_name: {type: string,",
        "creator_name: {type: string, maxLength: 64,",
        &[(
            Uncarried,
            "/components/schemas/Webhook/properties/creator_name/maxLength",
        )],
    );
    in_spec(
        "create_time: {type: string,",
        "create_time: {type: string, format: date-time,",
        &[(
            Uncarried,
            "/components/schemas/Webhook/properties/create_time/format",
        )],
    );
    in_spec(
        "payWayCode: {type: string,",
        "payWayCode: {type: string, enum: [CARD],",
        &[(
            Uncarried,
            "/components/schemas/Order/properties/payWayCode/enum",
        )],
    );
    in_spec(
        "    WebhookName:\n",
        "    Money: {type: object, additionalProperties: {type: string}}\n    WebhookName:\n",
        &[
            (Uncarried, "/components/schemas/Money"),
            (Uncarried, "/components/schemas/Money/additionalProperties"),
        ],
    );
    in_spec(
        "        '400': {",
        "        '403': {$ref: '#/components/responses/NotFound'}\n        '400': {",
        &[(Uncarried, "/paths/~1v1~1webhooks/get/responses/403")],
    );
    in_spec(
        "        - $ref: '#/components/parameters/Ascending'\n",
        "        - $ref: '#/components/parameters/Ascending'\n        - $ref: '#/components/parameters/PushId'\n",
        &[(Uncarried, "/paths/~1v1~1webhooks/get/parameters/5")],
    );
    in_spec(
        "      operationId: list_webhooks\n",
        "      operationId: list_webhooks\n      security: []\n",
        &[(Uncarried, "/paths/~1v1~1webhooks/get/security")],
    );
    in_spec(
        "x-webhooks:\n",
        "x-webhooks:\n  refund: {}\n",
        &[(Uncarried, "/x-webhooks/refund")],
    );
}

#[test]
fn a_decision_or_a_row_that_is_not_right_itself() {
    use Rule::{Complete, Dead, Uncarried};

    in_readme("`/servers`", "`/servers` `/hosts`", &[(Dead, "D5")]);
    // A row asks for it already.
    in_readme("`/servers`", "`/servers` `/security`", &[(Dead, "D5")]);
    in_spec(
        "        '409': {$ref: '#/components/responses/Conflict'}\n",
        "",
        &[(Dead, "D23")],
    );
    in_readme(" `/servers`", "", &[(Uncarried, "/servers")]);
    in_readme("| D5 |", "| D4 |", &[(Complete, "D4")]);
    in_rows(
        "B.push.20,merchantUser,String,,N,User's unique tag on the merchant side,,/components/schemas/Order/properties/merchantUser\n",
        "",
        &[
            (Complete, "B.push.21"),
            (
                Uncarried,
                "/components/schemas/Order/properties/merchantUser",
            ),
        ],
    );
}
