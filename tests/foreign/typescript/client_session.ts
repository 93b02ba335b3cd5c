// Drives all six operations with the TypeScript client that openapi-generator wrote; ../README.md says how it is called.

import {
  Configuration,
  type ErrorResponse,
  EventsApi,
  ResponseError,
  WebhooksApi,
} from "../../../target/foreign/clients/typescript/index.js";

const NAME = "typescript-häkchen-✓";
const FIRST_URL = "https://merchant.example/hooks?a=1&b=%20";
const SECOND_URL = "https://merchant.example/hooks/v2";
const NO_SUCH_WEBHOOK = 9_999_999_999;

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

function expect(what: string, actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

function apis(token: string): { webhooks: WebhooksApi; events: EventsApi } {
  const configuration = new Configuration({ basePath: environment("ORDERHOOK_BASE_URL"), apiKey: token });
  return { webhooks: new WebhooksApi(configuration), events: new EventsApi(configuration) };
}

interface Page<Item> {
  code: number;
  data: { nextCursor?: string; hasMore: boolean; data: Item[] };
}

/** Follows the cursor from page to page, one entry each. */
async function allPages<Item>(call: (page: { cursor?: number; limit: number }) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: number | undefined;
  for (;;) {
    const { code, data: page } = await call({ cursor, limit: 1 });
    expect("code of a page", code, 200);
    items.push(...page.data);
    if (!page.hasMore) return items;
    cursor = Number(page.nextCursor);
  }
}

async function only<Row>(answer: Promise<{ code: number; data: Row[] }>): Promise<Row> {
  const { code, data: rows } = await answer;
  expect("code", code, 200);
  expect("rows in the answer", rows.length, 1);
  return rows[0];
}

async function expectRefusal(call: Promise<unknown>, status: number, ...fault: string[]): Promise<void> {
  const refusal = await call.then(
    () => { throw new Error(`expected ${status} for ${fault}, got an answer`); },
    (error: unknown) => error,
  );
  if (!(refusal instanceof ResponseError)) throw refusal;
  expect("status of a refusal", refusal.response.status, status);
  const body: ErrorResponse & { trace_id?: string } = await refusal.response.json();
  expect("code of a refusal", body.code, status);
  expect("trace id of a refusal", Boolean(body.trace_id), true);
  expect("faults", body.data?.faults.map(({ location, field, rule }) => [location, field, rule]), [fault]);
}

async function checkCatalogue(events: EventsApi): Promise<void> {
  const entries = await allPages((page) => events.listEvents(page));
  const codes = new Map(entries.map(({ eventType, eventCode }) => [eventType, eventCode]));
  expect("code of card.transaction", codes.get("card.transaction"), "165801");
  expect("code of card.load", codes.get("card.load"), "165802");
  const found = await allPages((page) => events.listEvents({ ...page, eventCode: "165802", ascending: true }));
  expect("event types with code 165802", found.map(({ eventType }) => eventType), ["card.load"]);
}

async function create(webhooks: WebhooksApi): Promise<number> {
  const call = {
    createWebhookRequest: { webhookName: NAME, webhookUrl: FIRST_URL },
    idempotencyKey: `typescript-session-${process.pid}`,
  };
  const created = await only(webhooks.createWebhook(call));
  expect("name", created.webhookName, NAME);
  expect("address", created.webhookUrl, FIRST_URL);
  expect("start of the secret", created.signSecret?.slice(0, 6), "whsec_");
  expect("type of operator_id", typeof created.operatorId, "string");
  const repeated = await only(webhooks.createWebhook(call));
  expect("id given for a repeated key", repeated.webhookId, created.webhookId);
  return created.webhookId;
}

async function update(webhooks: WebhooksApi, webhookId: number): Promise<void> {
  const updateTo = (webhookUrl?: string | null) =>
    only(webhooks.updateWebhook({ webhookId, updateWebhookRequest: { webhookName: NAME, webhookUrl } }));
  expect("new address", (await updateTo(SECOND_URL)).webhookUrl, SECOND_URL);
  expect("address that was not mentioned", (await updateTo(undefined)).webhookUrl, SECOND_URL);
  expect("removed address", (await updateTo(null)).webhookUrl, undefined);
}

async function subscribe(webhooks: WebhooksApi, events: EventsApi, webhookId: number): Promise<void> {
  for (const eventType of ["card.transaction", "card.load", "card.load"]) {
    const row = await only(events.subscribeEvent({ webhookId, subscribeEventRequest: { eventType } }));
    expect("subscribed", [row.webhookId, row.eventType], [webhookId, eventType]);
  }
  expect("subscriptions", await subscriptions(webhooks, webhookId), ["card.load", "card.transaction"]);
}

async function unsubscribe(webhooks: WebhooksApi, events: EventsApi, webhookId: number): Promise<void> {
  const row = await only(events.unsubscribeEvent({ webhookId, eventType: "card.load" }));
  expect("unsubscribed", [row.webhookId, row.eventType, row.eventCode], [webhookId, "card.load", "165802"]);
  expect("subscriptions that are left", await subscriptions(webhooks, webhookId), ["card.transaction"]);
}

async function subscriptions(webhooks: WebhooksApi, webhookId: number): Promise<(string | undefined)[]> {
  const listed = await allPages((page) => webhooks.listWebhooks({ ...page, webhookName: NAME }));
  const rows = listed.filter((row) => row.webhookId === webhookId);
  for (const row of rows) expect("type of operator_id in a list", typeof row.operatorId, "number");
  return rows.map(({ eventType }) => eventType).sort();
}

async function checkRefusals(webhooks: WebhooksApi, events: EventsApi, webhookId: number): Promise<void> {
  const rename = { webhookId: NO_SUCH_WEBHOOK, updateWebhookRequest: { webhookName: NAME } };
  await expectRefusal(webhooks.updateWebhook(rename), 404, "path", "webhook_id", "exists");
  const unsubscribed = { webhookId, eventType: "card.load" };
  await expectRefusal(events.unsubscribeEvent(unsubscribed), 404, "path", "event_type", "exists");
  // Unlike Python's, this client leaves the rules of the spec to the server.
  const longName = { createWebhookRequest: { webhookName: "✓".repeat(21) } };
  await expectRefusal(webhooks.createWebhook(longName), 400, "body", "webhook_name", "max_length");
  await expectRefusal(apis("not-a-token").webhooks.listWebhooks(), 401, "header", "Authorization", "credential");
}

async function main(): Promise<void> {
  const { webhooks, events } = apis(environment("ORDERHOOK_TOKEN"));
  await checkCatalogue(events);
  const webhookId = await create(webhooks);
  await update(webhooks, webhookId);
  await subscribe(webhooks, events, webhookId);
  await unsubscribe(webhooks, events, webhookId);
  await checkRefusals(webhooks, events, webhookId);
  console.log(JSON.stringify({ webhook_id: webhookId }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
