//! A platform that keeps everything in memory, behind the generated traits.
//!
//! What a platform developer writes is all here: who calls ([`Server`]), what each operation does
//! ([`WebhooksApi`], [`EventsApi`]), and how one's own errors look to a caller ([`PlatformError`]).
//! What is *not* here was generated: routes, parsing, the checks of every field, the refusals.
//! A method runs only for a known caller, with input that keeps every rule of the spec.

// The paths are spelt out because tests include this file from another folder.
#[path = "paging.rs"]
mod paging;
#[path = "records.rs"]
mod records;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use orderhook_api::events::{
    EventsApi, ListEventsError, ListEventsQuery, SubscribeEventError, SubscribeEventPath,
    UnsubscribeEventError, UnsubscribeEventPath,
};
use orderhook_api::runtime::{
    BoxError, Call, Fault, Location, Operation, Problem, Refusal, Rule, TraceId,
};
use orderhook_api::webhooks::{
    CreateWebhookError, CreateWebhookHeaders, ListWebhooksError, ListWebhooksQuery,
    UpdateWebhookError, UpdateWebhookPath, WebhooksApi,
};
use orderhook_api::{EnvelopedCall, Server, access_token, refuse};
use orderhook_types::{
    CreateWebhookRequest, EventListResponse, EventPage, IdempotencyKey, Secret,
    SubscribeEventRequest, SubscriptionResponse, UpdateWebhookRequest, Webhook,
    WebhookListResponse, WebhookPage, WebhookResponse,
};
use sha2::{Digest, Sha256};

use paging::PageRequest;
use records::{Act, CATALOGUE, CatalogueEntry, WebhookRecord};

/// What the platform needs from outside, so that a test can decide it.
pub(crate) trait Environment: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Bytes that nobody can guess; signing secrets are made of them.
    fn random_bytes(&self) -> Result<[u8; 32], BoxError>;

    /// An id for a request, never given twice.
    fn trace_id(&self) -> String;
}

/// A merchant; whatever belongs to one does not exist for any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MerchantId(pub(crate) i64);

/// A person who works for a merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) merchant: MerchantId,
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// The whole platform.
pub(crate) struct Platform {
    environment: Box<dyn Environment>,
    /// By the hash of the access token: a dump of the memory gives no token away, and a lookup by
    /// hash does not tell by its duration how much of a guess was right.
    operators: HashMap<[u8; 32], Operator>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_webhook_id: i64,
    webhooks: BTreeMap<i64, WebhookRecord>,
    /// The first call made with each key, and what it was answered.
    created: HashMap<(MerchantId, IdempotencyKey), (CreateWebhookRequest, Webhook)>,
}

impl Platform {
    /// A platform without webhooks that nobody has access to.
    pub(crate) fn new(environment: impl Environment) -> Self {
        Self {
            environment: Box::new(environment),
            operators: HashMap::new(),
            state: Mutex::default(),
        }
    }

    /// Lets `operator` in with `token`.
    pub(crate) fn with_token(mut self, token: &str, operator: Operator) -> Self {
        self.operators
            .insert(Sha256::digest(token).into(), operator);
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No operation panics between two changes, so a poisoned state is as whole as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act_of(&self, operator: &Operator) -> Act {
        Act {
            by: operator.clone(),
            at: self.environment.now(),
        }
    }

    fn new_sign_secret(&self) -> Result<Secret, PlatformError> {
        let bytes = self.environment.random_bytes();
        let bytes = bytes.map_err(PlatformError::NoRandomness)?;
        Ok(Secret::from(format!("whsec_{}", STANDARD.encode(bytes))))
    }
}

impl State {
    /// The only way to a webhook by its id, so that no operation can forget whose it is.
    fn webhook_of(
        &mut self,
        operator: &Operator,
        id: i64,
    ) -> Result<&mut WebhookRecord, PlatformError> {
        let webhook = self.webhooks.get_mut(&id);
        webhook
            .filter(|webhook| webhook.merchant == operator.merchant)
            .ok_or(PlatformError::NoSuchWebhook)
    }
}

impl Server for Platform {
    type Principal = Operator;

    async fn authenticate(
        &self,
        request: &Parts,
        _: &'static Operation,
    ) -> Result<Operator, Refusal> {
        let token = access_token(request).ok_or_else(Refusal::unauthorized)?;
        let hash: [u8; 32] = Sha256::digest(token).into();
        let operator = self.operators.get(&hash).cloned();
        operator.ok_or_else(Refusal::unauthorized)
    }

    fn trace_id(&self, _: &Request) -> TraceId {
        TraceId::new(self.environment.trace_id())
    }

    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        refuse(trace_id, refusal)
    }
}

impl WebhooksApi for Platform {
    async fn list_webhooks(
        &self,
        call: Call<Operator>,
        query: ListWebhooksQuery,
    ) -> Result<WebhookListResponse, ListWebhooksError> {
        let state = self.state();
        let matching = state.webhooks.values().filter(|webhook| {
            let name = query.webhook_name.as_ref();
            let url = query.webhook_url.as_ref();
            webhook.merchant == call.principal.merchant
                && name.is_none_or(|name| webhook.name == *name)
                && url.is_none_or(|url| webhook.url.as_ref() == Some(url))
        });
        let request = PageRequest {
            cursor: query.cursor,
            limit: query.limit,
            ascending: query.ascending,
        };
        // Webhooks are counted and not rows, so the rows of one never stand on two pages.
        let page = request.cut(matching, |webhook| webhook.id);
        let ascending = query.ascending.unwrap_or(false);
        let rows = page.records.iter();
        Ok(call.ok(WebhookPage {
            data: rows
                .flat_map(|webhook| webhook.to_list_items(ascending))
                .collect(),
            has_more: page.has_more,
            next_cursor: Some(page.next_cursor),
        }))
    }

    async fn create_webhook(
        &self,
        call: Call<Operator>,
        headers: CreateWebhookHeaders,
        body: CreateWebhookRequest,
    ) -> Result<WebhookResponse, CreateWebhookError> {
        let operator = &call.principal;
        let key = headers.idempotency_key.map(|key| (operator.merchant, key));
        let mut state = self.state();
        if let Some((first, answer)) = key.as_ref().and_then(|key| state.created.get(key)) {
            if *first != body {
                return Err(PlatformError::KeyUsedBefore.into());
            }
            return Ok(call.ok(vec![answer.clone()]));
        }
        // Whatever can fail comes before the first change.
        let sign_secret = self.new_sign_secret()?;
        let created = self.act_of(operator);
        state.last_webhook_id += 1;
        let webhook = WebhookRecord {
            id: state.last_webhook_id,
            merchant: operator.merchant,
            name: body.webhook_name.clone(),
            url: body.webhook_url.clone(),
            sign_secret,
            changed: created.clone(),
            created,
            subscriptions: BTreeMap::new(),
        };
        let answer = webhook.to_webhook();
        state.webhooks.insert(webhook.id, webhook);
        if let Some(key) = key {
            state.created.insert(key, (body, answer.clone()));
        }
        Ok(call.ok(vec![answer]))
    }

    async fn update_webhook(
        &self,
        call: Call<Operator>,
        path: UpdateWebhookPath,
        body: UpdateWebhookRequest,
    ) -> Result<WebhookResponse, UpdateWebhookError> {
        let mut state = self.state();
        let webhook = state.webhook_of(&call.principal, path.webhook_id)?;
        webhook.name = body.webhook_name;
        // Absent leaves the address as it was, null removes it.
        body.webhook_url.apply(&mut webhook.url);
        webhook.changed = self.act_of(&call.principal);
        Ok(call.ok(vec![webhook.to_webhook()]))
    }
}

impl EventsApi for Platform {
    async fn list_events(
        &self,
        call: Call<Operator>,
        query: ListEventsQuery,
    ) -> Result<EventListResponse, ListEventsError> {
        let matching = CATALOGUE.iter().filter(|entry| {
            let event_type = query.event_type.as_ref();
            let code = query.event_code.as_ref();
            event_type.is_none_or(|event_type| entry.event_type == *event_type)
                && code.is_none_or(|code| entry.code == *code)
        });
        let request = PageRequest {
            cursor: query.cursor,
            limit: query.limit,
            ascending: query.ascending,
        };
        let page = request.cut(matching, |entry| entry.id);
        Ok(call.ok(EventPage {
            data: page
                .records
                .into_iter()
                .map(CatalogueEntry::to_wire)
                .collect(),
            has_more: page.has_more,
            next_cursor: Some(page.next_cursor),
        }))
    }

    async fn subscribe_event(
        &self,
        call: Call<Operator>,
        path: SubscribeEventPath,
        body: SubscribeEventRequest,
    ) -> Result<SubscriptionResponse, SubscribeEventError> {
        let mut state = self.state();
        let webhook = state.webhook_of(&call.principal, path.webhook_id)?;
        let entry = CatalogueEntry::find(&body.event_type);
        let entry = entry.ok_or(PlatformError::NoSuchEventType)?;
        // A repetition changes nothing, not even who changed the webhook last.
        if webhook.subscriptions.insert(entry.id, entry).is_none() {
            webhook.changed = self.act_of(&call.principal);
        }
        Ok(call.ok(vec![webhook.to_subscription(entry)]))
    }

    async fn unsubscribe_event(
        &self,
        call: Call<Operator>,
        path: UnsubscribeEventPath,
    ) -> Result<SubscriptionResponse, UnsubscribeEventError> {
        let mut state = self.state();
        let webhook = state.webhook_of(&call.principal, path.webhook_id)?;
        let entry = CatalogueEntry::find(&path.event_type);
        let entry = entry
            .and_then(|entry| webhook.subscriptions.remove(&entry.id))
            .ok_or(PlatformError::NotSubscribed)?;
        let removed = webhook.to_subscription(entry);
        webhook.changed = self.act_of(&call.principal);
        Ok(call.ok(vec![removed]))
    }
}

/// Why the platform refuses a request that keeps every rule of the spec.
///
/// `?` turns it into the error of any operation, by way of [`Refusal`]. Where the document does
/// not name the status for the operation, the caller gets a 500 and the log says so.
enum PlatformError {
    NoSuchWebhook,
    NoSuchEventType,
    NotSubscribed,
    KeyUsedBefore,
    NoRandomness(BoxError),
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        let not_found = |message, location, field, rule| {
            let fault = Fault::new(location, field, Rule::Exists, rule);
            Refusal::not_found(Problem::new(message).with_fault(fault))
        };
        match error {
            PlatformError::NoSuchWebhook => not_found(
                "there is no such webhook",
                Location::Path,
                "webhook_id",
                "must be the id of one of your webhooks",
            ),
            PlatformError::NoSuchEventType => not_found(
                "there is no such event type",
                Location::Body,
                "event_type",
                "must be in the catalogue of event types",
            ),
            PlatformError::NotSubscribed => not_found(
                "there is no such subscription",
                Location::Path,
                "event_type",
                "must be an event type that the webhook is subscribed to",
            ),
            PlatformError::KeyUsedBefore => {
                let fault = Fault::new(
                    Location::Header,
                    "Idempotency-Key",
                    Rule::Unique,
                    "must not be used again with another body",
                );
                let message = "the idempotency key was used with another body";
                Refusal::conflict(Problem::new(message).with_fault(fault))
            }
            PlatformError::NoRandomness(cause) => Refusal::internal(cause),
        }
    }
}
