//! The merchant's receiver: the generated trait, and a front door that can be out of order.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, http::StatusCode};
use http::HeaderMap;
use orderhook_types::{Acknowledgement, CardEventPush, OrderStatusPush, Secret};
use orderhook_webhook::{Delivery, Push, PushReceiver, Receiver, Verifier};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Longer than any wait of the demo's schedule.
const PATIENCE: Duration = Duration::from_secs(20);

/// A port that is taken before anything listens on it, so that the server can be told of it.
pub(crate) struct Socket {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// The merchant's running receiver.
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    handled: mpsc::UnboundedReceiver<Push>,
    door: Arc<Door>,
}

/// A push as it came to the door.
pub(crate) struct Arrival {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// What the door answers instead of the receiver, to the next pushes that come.
#[derive(Default)]
struct Door {
    instead: Mutex<VecDeque<StatusCode>>,
}

/// What the merchant wrote: one method a push.
struct Merchant {
    handled: mpsc::UnboundedSender<Push>,
}

impl PushReceiver for Merchant {
    type Error = Infallible;

    async fn order_status_change(
        &self,
        delivery: Delivery,
        push: OrderStatusPush,
    ) -> Result<Acknowledgement, Infallible> {
        // Nobody listens any more once the story is over.
        let _ = self.handled.send(Push::OrderStatusChange(push));
        Ok(delivery.acknowledge())
    }

    async fn card_event(
        &self,
        delivery: Delivery,
        push: CardEventPush,
    ) -> Result<Acknowledgement, Infallible> {
        let _ = self.handled.send(Push::CardEvent(push));
        Ok(delivery.acknowledge())
    }
}

impl Socket {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where card events come.
    pub(crate) fn hooks(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// Receives card events at `/hooks` and orders at `/orders`, each with the secret it is signed with.
    pub(crate) fn serve(self, hooks: &Secret, orders: &Secret) -> anyhow::Result<Shop> {
        let (sender, handled) = mpsc::unbounded_channel();
        let route = |secret: &Secret| -> anyhow::Result<_> {
            let verifier = Verifier::new([secret.reveal().parse()?])?;
            let merchant = Merchant {
                handled: sender.clone(),
            };
            let receiver = Arc::new(Receiver::new(merchant, verifier));
            Ok(orderhook_webhook::axum::route(receiver, now))
        };
        let (came, arrivals) = mpsc::unbounded_channel();
        let door = Arc::new(Door::default());
        let routes = Router::new()
            .route("/hooks", route(hooks)?)
            .route("/orders", route(orders)?)
            .layer(middleware::from_fn_with_state(
                (Arc::clone(&door), came),
                answer,
            ));
        let address = self.address;
        let listener = self.listener;
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Shop {
            address,
            arrivals,
            handled,
            door,
        })
    }
}

async fn answer(
    State((door, came)): State<(Arc<Door>, mpsc::UnboundedSender<Arrival>)>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers().clone();
    let instead = {
        let mut instead = door.instead.lock().unwrap_or_else(PoisonError::into_inner);
        instead.pop_front()
    };
    let response = match instead {
        Some(status) => status.into_response(),
        None => next.run(request).await,
    };
    let status = response.status();
    let _ = came.send(Arrival { status, headers });
    response
}

impl Shop {
    /// Answers the next pushes with `status`, `times` of them.
    pub(crate) fn fail(&self, status: StatusCode, times: usize) {
        let mut instead = self
            .door
            .instead
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        instead.extend(std::iter::repeat_n(status, times));
    }

    /// The next push that comes to the door.
    pub(crate) async fn arrival(&mut self) -> anyhow::Result<Arrival> {
        let arrival = tokio::time::timeout(PATIENCE, self.arrivals.recv()).await;
        arrival
            .context("no push came in time")?
            .context("the receiver has ended")
    }

    /// What the merchant's code was called with since it was asked last.
    pub(crate) fn handled(&mut self) -> Vec<Push> {
        std::iter::from_fn(|| self.handled.try_recv().ok()).collect()
    }
}

impl Arrival {
    /// `webhook-id`, which is the same in every attempt.
    pub(crate) fn webhook_id(&self) -> &str {
        let id = self.headers.get("webhook-id");
        id.and_then(|id| id.to_str().ok()).unwrap_or_default()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a demo is its own outermost caller"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}
