"""Drives all six operations with the Python client that openapi-generator wrote; ../README.md says how it is called."""

import json
import os
from collections.abc import Callable

from order_management import (
    ApiClient,
    Configuration,
    CreateWebhookRequest,
    EventsApi,
    SubscribeEventRequest,
    UpdateWebhookRequest,
    WebhooksApi,
)
from order_management.exceptions import ApiException, NotFoundException, UnauthorizedException

BASE_URL = os.environ["ORDERHOOK_BASE_URL"]
TOKEN = os.environ["ORDERHOOK_TOKEN"]
NAME = "python-häkchen-✓"
FIRST_URL = "https://merchant.example/hooks?a=1&b=%20"
SECOND_URL = "https://merchant.example/hooks/v2"
NO_SUCH_WEBHOOK = 9_999_999_999


def expect(what: str, actual: object, expected: object) -> None:
    if actual != expected:
        raise SystemExit(f"{what}: expected {expected!r}, got {actual!r}")


def apis(token: str) -> tuple[WebhooksApi, EventsApi]:
    client = ApiClient(Configuration(host=BASE_URL, api_key={"AccessToken": token}))
    return WebhooksApi(client), EventsApi(client)


def all_pages(call: Callable, **parameters: object) -> list:
    """Follows the cursor from page to page, one entry each."""
    items, cursor = [], None
    while True:
        answer = call(cursor=cursor, limit=1, **parameters)
        expect("code of a page", answer.code, 200)
        items += answer.data.data
        if not answer.data.has_more:
            return items
        cursor = int(answer.data.next_cursor)


def only(answer: object) -> object:
    expect("code", answer.code, 200)
    expect("rows in the answer", len(answer.data), 1)
    return answer.data[0]


def expect_refusal(call: Callable, kind: type[ApiException], location: str, field: str, rule: str) -> None:
    try:
        call()
    except kind as refusal:
        expect("code of a refusal", refusal.data.code, refusal.status)
        expect("trace id of a refusal", bool(refusal.data.trace_id), True)
        faults = [(fault.location, fault.var_field, fault.rule) for fault in refusal.data.data.faults]
        expect("faults", faults, [(location, field, rule)])
    else:
        raise SystemExit(f"expected {kind.__name__} for {field}, got an answer")


def check_catalogue(events: EventsApi) -> None:
    codes = {entry.event_type: entry.event_code for entry in all_pages(events.list_events)}
    expect("code of card.transaction", codes.get("card.transaction"), "165801")
    expect("code of card.load", codes.get("card.load"), "165802")
    found = all_pages(events.list_events, event_code="165802", ascending=True)
    expect("event types with code 165802", [entry.event_type for entry in found], ["card.load"])


def create(webhooks: WebhooksApi) -> int:
    request = CreateWebhookRequest(webhook_name=NAME, webhook_url=FIRST_URL)
    key = f"python-session-{os.getpid()}"
    created = only(webhooks.create_webhook(request, idempotency_key=key))
    expect("name", created.webhook_name, NAME)
    expect("address", created.webhook_url, FIRST_URL)
    expect("start of the secret", created.sign_secret.get_secret_value()[:6], "whsec_")
    expect("type of operator_id", type(created.operator_id), str)
    repeated = only(webhooks.create_webhook(request, idempotency_key=key))
    expect("id given for a repeated key", repeated.webhook_id, created.webhook_id)
    return created.webhook_id


def update(webhooks: WebhooksApi, webhook_id: int) -> None:
    moved = only(webhooks.update_webhook(webhook_id, UpdateWebhookRequest(webhook_name=NAME, webhook_url=SECOND_URL)))
    expect("new address", moved.webhook_url, SECOND_URL)
    kept = only(webhooks.update_webhook(webhook_id, UpdateWebhookRequest(webhook_name=NAME)))
    expect("address that was not mentioned", kept.webhook_url, SECOND_URL)
    removed = only(webhooks.update_webhook(webhook_id, UpdateWebhookRequest(webhook_name=NAME, webhook_url=None)))
    expect("removed address", removed.webhook_url, None)


def subscribe(webhooks: WebhooksApi, events: EventsApi, webhook_id: int) -> None:
    for event_type in ["card.transaction", "card.load", "card.load"]:
        row = only(events.subscribe_event(webhook_id, SubscribeEventRequest(event_type=event_type)))
        expect("subscribed", (row.webhook_id, row.event_type), (webhook_id, event_type))
    expect("subscriptions", subscriptions(webhooks, webhook_id), ["card.load", "card.transaction"])


def unsubscribe(webhooks: WebhooksApi, events: EventsApi, webhook_id: int) -> None:
    row = only(events.unsubscribe_event(webhook_id, "card.load"))
    expect("unsubscribed", (row.webhook_id, row.event_type, row.event_code), (webhook_id, "card.load", "165802"))
    expect("subscriptions that are left", subscriptions(webhooks, webhook_id), ["card.transaction"])


def subscriptions(webhooks: WebhooksApi, webhook_id: int) -> list[str]:
    rows = [row for row in all_pages(webhooks.list_webhooks, webhook_name=NAME) if row.webhook_id == webhook_id]
    for row in rows:
        expect("type of operator_id in a list", type(row.operator_id), int)
    return sorted(row.event_type for row in rows)


def check_refusals(webhooks: WebhooksApi, events: EventsApi, webhook_id: int) -> None:
    rename = UpdateWebhookRequest(webhook_name=NAME)
    expect_refusal(
        lambda: webhooks.update_webhook(NO_SUCH_WEBHOOK, rename), NotFoundException, "path", "webhook_id", "exists"
    )
    expect_refusal(
        lambda: events.unsubscribe_event(webhook_id, "card.load"), NotFoundException, "path", "event_type", "exists"
    )
    strangers_webhooks, _ = apis("not-a-token")
    expect_refusal(
        strangers_webhooks.list_webhooks, UnauthorizedException, "header", "Authorization", "credential"
    )


def main() -> None:
    webhooks, events = apis(TOKEN)
    check_catalogue(events)
    webhook_id = create(webhooks)
    update(webhooks, webhook_id)
    subscribe(webhooks, events, webhook_id)
    unsubscribe(webhooks, events, webhook_id)
    check_refusals(webhooks, events, webhook_id)
    print(json.dumps({"webhook_id": webhook_id}))


main()
