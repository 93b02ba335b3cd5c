//! Events on their way in: many calls, one statement.
//!
//! A call whose key was used before is answered from that; what is left of a batch is planned and
//! written (`plan`).

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;

use super::connection::Connection;
use super::errors::{is_conflict, is_duplicate};
use super::idempotency::{Known, Scope};
use super::lanes::Work;
use super::plan::Plan;
use super::{Core, Postgres};
use crate::handover::News;
use crate::{Idempotency, MerchantId, NewEvent, Once, PublishedEvent, Publishing, StoreError};

/// How often a batch is written anew because others got in its way or the routes have changed.
const TRIES: u32 = 8;

#[async_trait]
impl Publishing for Postgres {
    async fn publish(
        &self,
        merchant_id: MerchantId,
        events: Vec<NewEvent>,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Once<Vec<PublishedEvent>>>, StoreError> {
        self.publishing
            .try_call(Call {
                merchant_id,
                events,
                idempotency,
                now,
            })
            .await
    }
}

pub(super) struct Call {
    pub(super) merchant_id: MerchantId,
    pub(super) events: Vec<NewEvent>,
    pub(super) idempotency: Option<Idempotency>,
    pub(super) now: Timestamp,
}

type Answer = Option<Once<Vec<PublishedEvent>>>;

/// The lane of publishers.
pub(super) struct Publish(pub(super) Arc<Core>);

impl Work for Publish {
    type Call = Call;
    type Answer = Answer;

    fn weight(call: &Call) -> usize {
        call.events.iter().map(|event| event.body.len() + 512).sum()
    }

    async fn run(&self, calls: &[&Call]) -> Result<Vec<Answer>, StoreError> {
        let mut tries = 1;
        loop {
            let mut connection = self.0.pool.connection().await?;
            match self.publish(&mut connection, calls).await {
                Ok(Some((answers, news))) => {
                    connection.release();
                    self.0.tell(news);
                    return Ok(answers);
                }
                Ok(None) => {
                    connection.release();
                    self.0.routes.forget();
                }
                // A call with the same key came at the same time, and was first: alone it will find
                // that one's answer.
                Err(error) if is_duplicate(&error) && calls.len() > 1 => return Err(error),
                Err(error) if !is_conflict(&error) && !is_duplicate(&error) => return Err(error),
                Err(error) if tries >= TRIES => return Err(error),
                Err(_) => {}
            }
            tries += 1;
            if tries > TRIES {
                let text = "where events go has changed again and again";
                return Err(StoreError::Unavailable(text.into()));
            }
        }
    }
}

impl Publish {
    /// `None` if the routes have changed since they were read.
    async fn publish(
        &self,
        connection: &mut Connection,
        calls: &[&Call],
    ) -> Result<Option<(Vec<Answer>, News)>, StoreError> {
        let core = &*self.0;
        let known = find_keys(connection, calls).await?;
        let mut answers = Vec::with_capacity(calls.len());
        let (mut places, mut to_do) = (Vec::new(), Vec::new());
        for (place, call) in calls.iter().enumerate() {
            let answer = match (known.get(&place), &call.idempotency) {
                _ if !core
                    .routes
                    .knows_merchant(connection, call.merchant_id)
                    .await? =>
                {
                    None
                }
                (Some(known), Some(idempotency)) => Some(known.answer(&core.vault, idempotency)?),
                _ => {
                    places.push(place);
                    to_do.push(*call);
                    None
                }
            };
            answers.push(answer);
        }
        if to_do.is_empty() {
            return Ok(Some((answers, News::default())));
        }
        let plan = Plan::make(core, connection, &to_do).await?;
        let Some(news) = plan.write(connection).await? else {
            return Ok(None);
        };
        for (place, published) in places.into_iter().zip(plan.published) {
            answers[place] = Some(Once::Done(published));
        }
        Ok(Some((answers, news)))
    }
}

/// The keys of calls that were done before, by the calls' places.
async fn find_keys(
    client: &ClientWrapper,
    calls: &[&Call],
) -> Result<HashMap<usize, Known>, StoreError> {
    let mut places = Vec::new();
    let (mut scopes, mut operations, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for (place, call) in calls.iter().enumerate() {
        if let Some(idempotency) = &call.idempotency {
            places.push(i64::try_from(place).unwrap_or(i64::MAX));
            scopes.push(Scope::Merchant(call.merchant_id).id());
            operations.push(idempotency.operation);
            keys.push(idempotency.key.as_str());
        }
    }
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = client.prepare_cached(FIND_KEYS).await?;
    let rows = client
        .query(&statement, &[&places, &scopes, &operations, &keys])
        .await?;
    let known = rows.iter().map(|row| {
        let place: i64 = row.try_get(0)?;
        Ok((
            usize::try_from(place).unwrap_or(usize::MAX),
            Known::read(row, 1)?,
        ))
    });
    known.collect()
}

pub(super) const FIND_KEYS: &str = "-- find_keys
    SELECT c.place, i.idempotency_key_id, i.request_sha256, i.sealed
    FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::text[])
        AS c (place, scope, operation, key)
    JOIN idempotency_key i USING (scope, operation, key)";

/// What the pushes of one order have in common: two merchants may use the same order id.
pub(super) fn order_key(merchant_id: MerchantId, order_id: &str) -> String {
    format!("{merchant_id}/{order_id}")
}
