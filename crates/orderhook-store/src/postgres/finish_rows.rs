//! The statement that records results, and the rows that it is given.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::Core;
use super::finishing::Call;
use crate::handover::Handover;
use crate::millis::Millis;
use crate::{
    AttemptOutcome, DeliveryId, DeliveryState, EndpointId, EndpointNews, Finished, MAX_ANSWER_KEPT,
    Next,
};

/// A row for each result whose lease was held, and one for each delivery that came due because of it.
///
/// Two attempts of one delivery get one number where a lease was lost: the later one gets the next.
pub(super) const FINISH: &str = "-- finish
    WITH result AS MATERIALIZED (
        SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[],
            $6::text[], $7::integer[], $8::text[], $9::bytea[], $10::text[], $11::bigint[],
            $12::bigint[])
        WITH ORDINALITY AS r (delivery_id, lease, attempt, attempted_at, duration_ms, outcome,
            status, reason, answer, state, due, finished_at, place)
    ), recorded AS (
        INSERT INTO attempt
            (delivery_id, attempt, attempted_at, duration_ms, outcome, status, reason, answer)
        SELECT r.delivery_id, greatest(r.attempt, (
                SELECT max(a.attempt) + 1 FROM attempt a WHERE a.delivery_id = r.delivery_id
            )), r.attempted_at, r.duration_ms, r.outcome, r.status, r.reason, r.answer
        FROM result r
        WHERE EXISTS (SELECT 1 FROM delivery d WHERE d.delivery_id = r.delivery_id)
    ), ended AS (
        DELETE FROM queue q USING result r
        WHERE q.delivery_id = r.delivery_id AND q.lease = r.lease AND r.state IS NOT NULL
        RETURNING r.place AS result, q.delivery_id, r.state, r.finished_at, q.order_key, q.place
    ), retried AS (
        UPDATE queue q
        SET lease = NULL, due = r.due, schedule_position = q.schedule_position + 1
        FROM result r
        WHERE q.delivery_id = r.delivery_id AND q.lease = r.lease AND r.state IS NULL
        RETURNING r.place AS result, q.delivery_id
    ), closed AS (
        UPDATE delivery d SET state = ended.state, finished_at = ended.finished_at
        FROM ended WHERE d.delivery_id = ended.delivery_id
    ), noted AS (
        UPDATE endpoint p
        SET failing_since = CASE WHEN n.recovered THEN n.failing_since
                ELSE coalesce(p.failing_since, n.failing_since) END,
            state = CASE WHEN n.reason IS NOT NULL AND p.state = 'active' THEN 'disabled'
                ELSE p.state END,
            state_reason = CASE WHEN n.reason IS NOT NULL AND p.state = 'active' THEN n.reason
                ELSE p.state_reason END,
            state_since = CASE WHEN n.reason IS NOT NULL AND p.state = 'active' THEN $13
                ELSE p.state_since END
        FROM UNNEST($14::bigint[], $15::bigint[], $16::boolean[], $17::bigint[], $18::text[])
            AS n (endpoint_id, delivery_id, recovered, failing_since, reason)
        WHERE p.endpoint_id = n.endpoint_id
            AND (
                EXISTS (SELECT 1 FROM ended WHERE ended.delivery_id = n.delivery_id)
                OR EXISTS (SELECT 1 FROM retried WHERE retried.delivery_id = n.delivery_id)
            )
            AND (
                n.reason IS NOT NULL
                OR (n.recovered AND p.failing_since IS DISTINCT FROM n.failing_since)
                OR (NOT n.recovered AND p.failing_since IS NULL)
            )
    ), next AS MATERIALIZED (
        SELECT q.delivery_id,
            p.state = 'active' AND p.deleted_at IS NULL AND p.url IS NOT NULL AS is_open,
            (q.endpoint_id % 64)::integer = ANY ($19) AND q.endpoint_id <> ALL ($20)
                AND p.state = 'active' AND p.deleted_at IS NULL AND p.url IS NOT NULL
                AND EXISTS (
                    SELECT 1 FROM shard s
                    WHERE s.shard_id = q.endpoint_id % 64 AND s.holder = $21
                )
                AND (
                    SELECT 1 FROM queue b WHERE b.endpoint_id = q.endpoint_id AND b.due <= $13
                    LIMIT 1
                ) IS NULL AS wanted
        FROM ended
        CROSS JOIN LATERAL (
            SELECT q.delivery_id, q.endpoint_id FROM queue q
            WHERE q.order_key = ended.order_key AND q.place > ended.place
            ORDER BY q.place LIMIT 1
        ) q
        JOIN endpoint p ON p.endpoint_id = q.endpoint_id
        WHERE ended.order_key IS NOT NULL
    ), released AS (
        UPDATE queue q SET due = CASE WHEN next.wanted THEN $22 ELSE $13 END,
            lease = CASE WHEN next.wanted THEN nextval('lease') END
        FROM next WHERE q.delivery_id = next.delivery_id AND q.due IS NULL
        RETURNING q.delivery_id, q.endpoint_id, q.lease, q.schedule_position, next.is_open
    )
    SELECT result, NULL::bigint AS next_endpoint, NULL::bigint, NULL::bigint, NULL, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL, NULL::bytea, NULL::integer, NULL::bigint, NULL::bigint,
        NULL::integer, NULL::bigint
    FROM ended
    UNION ALL
    SELECT result, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM retried
    UNION ALL
    SELECT NULL, endpoint_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL
    FROM released WHERE lease IS NULL AND is_open
    UNION ALL
    SELECT NULL, l.endpoint_id, l.delivery_id, p.endpoint_id, p.kind, p.merchant_id, e.event_id,
        e.nonce, coalesce(d.url, p.url), e.body, l.schedule_position, p.failing_since, l.lease,
        coalesce((SELECT max(a.attempt) FROM attempt a WHERE a.delivery_id = l.delivery_id), 0),
        (SELECT version FROM routing)
    FROM released l
    JOIN delivery d ON d.delivery_id = l.delivery_id
    JOIN event e ON e.event_id = d.event_id
    JOIN endpoint p ON p.endpoint_id = d.endpoint_id
    WHERE l.lease IS NOT NULL";

/// What the attempts of a batch tell of one endpoint.
#[derive(Default)]
struct Noted {
    /// The attempt that told last; what it tells counts if its lease was held.
    delivery_id: Option<DeliveryId>,
    /// It has worked in between.
    recovered: bool,
    failing_since: Option<Millis>,
    /// Why it is not delivered to any more.
    reason: Option<String>,
}

impl Noted {
    fn add(&mut self, finished: &Finished) {
        match &finished.endpoint {
            EndpointNews::Nothing => return,
            EndpointNews::Failing => {
                let since = Millis::from(finished.attempt.attempted_at);
                self.failing_since.get_or_insert(since);
            }
            EndpointNews::Recovered => {
                self.recovered = true;
                self.failing_since = None;
            }
            EndpointNews::Disabled(reason) => self.reason = Some(reason.clone()),
        }
        self.delivery_id = Some(finished.delivery_id);
    }
}

/// The rows as PostgreSQL is given them: an array for each column.
pub(super) struct Columns<'a> {
    pub(super) delivery_ids: Vec<DeliveryId>,
    leases: Vec<i64>,
    attempts: Vec<i32>,
    attempted_at: Vec<Millis>,
    durations_ms: Vec<i64>,
    outcomes: Vec<AttemptOutcome>,
    statuses: Vec<Option<i32>>,
    reasons: Vec<&'a str>,
    answers: Vec<&'a [u8]>,
    /// `None` where it is tried again.
    states: Vec<Option<DeliveryState>>,
    due: Vec<Option<Millis>>,
    finished_at: Vec<Millis>,
    now: Millis,
    noted: NotedColumns,
    /// What the engine wants, but for these endpoints.
    shards: Vec<i32>,
    except: Vec<EndpointId>,
    replica_id: i64,
    pub(super) lease_until: Millis,
}

#[derive(Default)]
struct NotedColumns {
    endpoint_ids: Vec<EndpointId>,
    delivery_ids: Vec<Option<DeliveryId>>,
    recovered: Vec<bool>,
    failing_since: Vec<Option<Millis>>,
    reasons: Vec<Option<String>>,
}

impl NotedColumns {
    fn of(calls: &[&Call]) -> Self {
        let mut by_endpoint: BTreeMap<EndpointId, Noted> = BTreeMap::new();
        for Call { finished, .. } in calls {
            let noted = by_endpoint.entry(finished.endpoint_id).or_default();
            noted.add(finished);
        }
        let mut columns = Self::default();
        for (endpoint_id, noted) in by_endpoint {
            if noted.delivery_id.is_some() {
                columns.endpoint_ids.push(endpoint_id);
                columns.delivery_ids.push(noted.delivery_id);
                columns.recovered.push(noted.recovered);
                columns.failing_since.push(noted.failing_since);
                columns.reasons.push(noted.reason);
            }
        }
        columns
    }
}

impl<'a> Columns<'a> {
    pub(super) fn of(core: &Core, calls: &[&'a Call], handover: &Handover, now: Timestamp) -> Self {
        let finished = || calls.iter().map(|call| &call.finished);
        let attempts = || finished().map(|finished| &finished.attempt);
        let wanted = handover.wanted(now);
        let appetite = wanted.map(|(appetite, _)| appetite);
        let lease_until = wanted.map_or(now, |(_, lease_until)| lease_until);
        Self {
            delivery_ids: finished().map(|it| it.delivery_id).collect(),
            leases: finished().map(|it| it.lease.token).collect(),
            attempts: attempts().map(|it| it.attempt.cast_signed()).collect(),
            attempted_at: attempts().map(|it| it.attempted_at.into()).collect(),
            durations_ms: attempts().map(|it| it.duration_ms.into()).collect(),
            outcomes: attempts().map(|it| it.outcome).collect(),
            statuses: attempts().map(|it| it.status.map(i32::from)).collect(),
            reasons: attempts().map(|it| it.reason.as_str()).collect(),
            answers: attempts()
                .map(|it| &it.answer[..it.answer.len().min(MAX_ANSWER_KEPT)])
                .collect(),
            states: finished().map(|it| state(it.next)).collect(),
            due: finished().map(|it| due(it.next)).collect(),
            finished_at: calls.iter().map(|call| call.now.into()).collect(),
            now: now.into(),
            noted: NotedColumns::of(calls),
            shards: appetite.map_or_else(Vec::new, |it| {
                it.shards.iter().map(u32::cast_signed).collect()
            }),
            except: appetite.map_or_else(Vec::new, |it| it.except.iter().copied().collect()),
            replica_id: core.holding.replica_id(),
            lease_until: lease_until.into(),
        }
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 22] {
        [
            &self.delivery_ids,
            &self.leases,
            &self.attempts,
            &self.attempted_at,
            &self.durations_ms,
            &self.outcomes,
            &self.statuses,
            &self.reasons,
            &self.answers,
            &self.states,
            &self.due,
            &self.finished_at,
            &self.now,
            &self.noted.endpoint_ids,
            &self.noted.delivery_ids,
            &self.noted.recovered,
            &self.noted.failing_since,
            &self.noted.reasons,
            &self.shards,
            &self.except,
            &self.replica_id,
            &self.lease_until,
        ]
    }
}

fn state(next: Next) -> Option<DeliveryState> {
    match next {
        Next::Acknowledged => Some(DeliveryState::Acknowledged),
        Next::GiveUp => Some(DeliveryState::Failed),
        Next::Retry { .. } => None,
    }
}

fn due(next: Next) -> Option<Millis> {
    match next {
        Next::Retry { due } => Some(due.into()),
        Next::Acknowledged | Next::GiveUp => None,
    }
}
