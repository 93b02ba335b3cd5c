//! Endpoints: what deliveries go to.

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_types::Secret;

use crate::{EndpointId, MerchantId, Page, PageRequest, StoreError};

/// What an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointKind {
    /// A webhook of a merchant.
    Webhook,
    /// The origin (scheme, host and port) of a merchant's order callbacks.
    OrderCallback,
}

/// Whether an endpoint is delivered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointState {
    /// It is.
    Active,
    /// An operator said to wait; deliveries stay queued.
    Paused,
    /// It failed for too long or answered 410; deliveries stay queued until it is resumed.
    Disabled,
}

/// One receiver, as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id; a webhook's is `webhook_id`.
    pub endpoint_id: EndpointId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// What it is.
    pub kind: EndpointKind,
    /// The webhook's address if it has one, or the origin.
    pub url: Option<String>,
    /// Whether it is delivered to.
    pub state: EndpointState,
    /// Why not, for a person.
    pub state_reason: Option<String>,
    /// Since when it has that state.
    pub state_since: Option<Timestamp>,
    /// The first failure after the last acknowledgement.
    pub failing_since: Option<Timestamp>,
    /// How many deliveries are queued.
    pub pending: u64,
    /// When the oldest of them was queued.
    pub oldest_pending: Option<Timestamp>,
}

/// Which endpoints a list has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndpointFilter {
    /// Only those of this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Only those of this state.
    pub state: Option<EndpointState>,
}

/// Whose secret is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretOwner {
    /// A webhook's, which signs card events.
    Webhook(EndpointId),
    /// A merchant's, which signs order-status pushes.
    Merchant(MerchantId),
}

/// Used by the operator API.
#[async_trait]
pub trait Endpoints: Send + Sync {
    /// Endpoints of all merchants.
    async fn endpoints(
        &self,
        filter: EndpointFilter,
        page: PageRequest,
    ) -> Result<Page<Endpoint>, StoreError>;

    /// One endpoint.
    async fn endpoint(&self, endpoint_id: EndpointId) -> Result<Option<Endpoint>, StoreError>;

    /// Pauses or resumes (`Active`) an endpoint, or disables it.
    ///
    /// Resuming forgets for how long it failed, and makes what is queued due at once. What has the
    /// state already keeps it as it is (`O18`); only, pausing again replaces the reason. `None` if there
    /// is no such endpoint.
    async fn set_endpoint_state(
        &self,
        endpoint_id: EndpointId,
        state: EndpointState,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError>;

    /// Adds a secret, and lets the ones before live until `previous_until`; `false` if there is no
    /// such owner. Attempts are signed with every live secret, the newest first.
    async fn rotate_secret(
        &self,
        owner: SecretOwner,
        sign_secret: &Secret,
        previous_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
