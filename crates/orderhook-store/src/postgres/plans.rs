//! How PostgreSQL goes about the statements that would be slow without the right index.
//!
//! A statement is planned once, for any parameters, and a process may do so at any time: when the
//! tables are empty, when they are full and nobody has counted their rows yet, and when they were
//! counted, even if they were empty the first time (`counting`).

use std::collections::HashMap;

use jiff::Timestamp;
use orderhook_test_postgres::TestDatabase;
use orderhook_types::Secret;
use tokio_postgres::SimpleQueryMessage;

use super::connection::{Connection, Pool};
use super::history::{SELECT_DELIVERIES, SELECT_EVENTS, deliveries_that, events_that};
use super::replays::{BEGIN_ANEW, LISTED, before_first, queue_again_sql, select_sql};
use super::rows::{Conditions, page_sql};
use super::upkeep::{
    DELETE_EVENTS, DELETE_KEYS, DELETE_SECRETS, LOCK_EVENTS, OLD_EVENTS, leftovers_sql,
};
use super::{
    address, claims, counting, endpoints, finish_rows, finishing, publish_rows, publishing, queue,
    schema,
};
use crate::{
    DeliveryFilter, DeliveryState, EndpointId, EventFilter, EventId, MerchantId, MessageId,
    PageRequest, ReplayFilter,
};

/// 20,000 deliveries that wait for one endpoint of 200, and 100,000 that are finished.
const FILL: &str = "
    INSERT INTO merchant (name, created_at) SELECT 'a merchant', 0 FROM generate_series(1, 20);
    INSERT INTO endpoint (merchant_id, kind, url)
        SELECT 1 + n % 20, 'webhook', 'https://receiver.example/hook'
        FROM generate_series(1, 200) AS n;
    INSERT INTO event (nonce, merchant_id, kind, event_type, order_id, body, created_at)
        SELECT n, 1 + n % 20, 'order_status_change', 'order_status_change', 'order ' || n / 5,
            '{}', n
        FROM generate_series(1, 120000) AS n;
    INSERT INTO delivery (event_id, endpoint_id, state, finished_at)
        SELECT n, CASE WHEN n > 100000 THEN 1 ELSE 1 + n % 200 END,
            CASE WHEN n > 100000 THEN 'pending' WHEN n % 100 = 0 THEN 'failed'
                ELSE 'acknowledged' END,
            CASE WHEN n <= 100000 THEN n END
        FROM generate_series(1, 120000) AS n;
    INSERT INTO queue (delivery_id, endpoint_id, order_key, place, due)
        SELECT delivery_id, endpoint_id, '1/order ' || delivery_id / 5, delivery_id, delivery_id
        FROM delivery WHERE state = 'pending';
    INSERT INTO attempt
        SELECT delivery_id, 1, 1, 1, 'acknowledged', 200, 'a reason', '{}'
        FROM delivery WHERE state <> 'pending';
    INSERT INTO idempotency_key (scope, operation, key, request_sha256, sealed, created_at)
        SELECT 1, 'publish', n, sha256('{}'), '{}', n FROM generate_series(1, 20000) AS n;
    INSERT INTO signing_secret (merchant_id, sealed, created_at, expires_at)
        SELECT 1, '{}', n, CASE WHEN n > 4990 THEN n END FROM generate_series(1, 5000) AS n;";

/// What nobody reads from one end to the other.
const LARGE: [&str; 6] = [
    "event",
    "delivery",
    "queue",
    "attempt",
    "idempotency_key",
    "signing_secret",
];

/// An index that a statement can't do without.
type Needs = &'static str;

#[tokio::test]
async fn no_statement_reads_a_large_table_from_end_to_end() {
    let database = TestDatabase::create();
    let (_, connection) = prepare(&database).await;
    check_all(&connection, "empty").await;
    connection.batch_execute(FILL).await.expect("fills");
    check_all(&connection, "full, and not analyzed").await;
    connection.batch_execute("ANALYZE").await.expect("analyzes");
    check_all(&connection, "full").await;
}

#[tokio::test]
async fn nor_does_one_where_the_tables_were_counted_as_empty() {
    let database = TestDatabase::create();
    let (pool, connection) = prepare(&database).await;
    connection.batch_execute("ANALYZE").await.expect("analyzes");
    connection.batch_execute(FILL).await.expect("fills");
    counting::count_outgrown(&pool).await.expect("counts");
    check_all(&connection, "full, and counted as empty before").await;
}

/// A database in which nobody counts but us.
async fn prepare(database: &TestDatabase) -> (Pool, Connection) {
    let address = address::parse(&Secret::from(database.url())).expect("is valid");
    schema::prepare(&address, true).await.expect("migrates");
    let pool = Pool::new(&address, std::num::NonZeroU32::MIN);
    let connection = pool.connection().await.expect("connects");
    for table in LARGE {
        let uncounted = format!("ALTER TABLE {table} SET (autovacuum_enabled = false)");
        connection.batch_execute(&uncounted).await.expect("alters");
    }
    (pool, connection)
}

async fn check_all(connection: &Connection, when: &str) {
    let first_columns = first_columns(connection).await;
    let hot = hot().into_iter().map(|statement| (statement, true));
    let lists = lists().into_iter().map(|statement| (statement, false));
    let mut faults = String::new();
    for ((sql, needs), is_hot) in hot.chain(lists) {
        let plan = plan(connection, &sql).await;
        let whole = |table: &&&str| plan.contains(&format!("Seq Scan on {table} "));
        let reads = LARGE.iter().find(whole);
        if reads.is_some() || !plan.contains(needs) {
            faults += &format!("{sql}\nneeds {needs} and reads all of {reads:?}\n{plan}\n");
        }
        let whole = whole_indexes(&plan, &first_columns);
        if is_hot && !whole.is_empty() {
            faults += &format!("{sql}\nreads whole indexes: {whole:?}\n{plan}\n");
        }
    }
    assert!(faults.is_empty(), "{when}: {faults}");
}

/// Steps that go through an index of a large table from one end to the other, whatever stops them:
/// they do without its first column.
fn whole_indexes<'a>(plan: &'a str, first_columns: &HashMap<String, String>) -> Vec<&'a str> {
    let lines: Vec<&str> = plan.lines().collect();
    let steps = lines.iter().enumerate().filter(|(place, line)| {
        let index = line.split(" using ").nth(1);
        let column = index.and_then(|rest| first_columns.get(rest.split(' ').next()?));
        let next = lines.get(place + 1).copied().unwrap_or_default();
        let condition = next.split("Index Cond:").nth(1).unwrap_or_default();
        column.is_some_and(|column| !condition.contains(&format!("({column} ")))
    });
    steps.map(|(_, line)| line.trim()).collect()
}

/// The first column of each index of a large table.
async fn first_columns(connection: &Connection) -> HashMap<String, String> {
    let sql = "SELECT c.relname::text, pg_get_indexdef(c.oid, 1, true) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        WHERE t.relnamespace = 'orderhook'::regnamespace AND t.relname = ANY ($1)";
    let rows = connection
        .query(sql, &[&LARGE.as_slice()])
        .await
        .expect(sql);
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// What is done all the time, by keys that it is given.
fn hot() -> Vec<(String, Needs)> {
    vec![
        (publish_rows::PUBLISH.into(), "queue_by_order"),
        (
            publishing::FIND_KEYS.into(),
            "idempotency_key_scope_operation_key_key",
        ),
        (claims::CLAIM.into(), "queue_by_endpoint"),
        (claims::RELEASE.into(), "queue_pkey"),
        (finishing::LOCK_LINES.into(), "queue_pkey"),
        (finish_rows::FINISH.into(), "queue_by_order"),
        (queue::ready_sql(), "queue_by_endpoint"),
        (queue::next_due_sql(), "queue_by_endpoint"),
        (BEGIN_ANEW.into(), "queue_pkey"),
        (queue_again_sql(), "delivery_pkey"),
        (OLD_EVENTS.into(), "event_by_time"),
        (LOCK_EVENTS.into(), "event_pkey"),
        (DELETE_EVENTS.into(), "delivery_by_event"),
        (DELETE_KEYS.into(), "idempotency_key_by_time"),
        (DELETE_SECRETS.into(), "signing_secret_by_expiry"),
        (leftovers_sql(), "queue_by_endpoint"),
    ]
}

/// What is read page by page.
fn lists() -> Vec<(String, Needs)> {
    // Which index a page goes by depends on how many rows there are.
    let pages = pages_of_all().into_iter().map(|sql| (sql, "Index"));
    replays().chain(pages).collect()
}

fn replays() -> impl Iterator<Item = (String, Needs)> {
    let walks = [
        (DeliveryState::Pending, "queue_pkey"),
        (DeliveryState::Failed, "delivery_failed"),
        (DeliveryState::Acknowledged, "event_by_time"),
        (DeliveryState::Cancelled, "event_by_time"),
    ];
    walks.into_iter().map(|(state, needs)| {
        let filter = ReplayFilter {
            state,
            since: Timestamp::UNIX_EPOCH,
            until: None,
            merchant_id: Some(MerchantId(1)),
            endpoint_id: Some(EndpointId(1)),
            event_type: None,
        };
        let (sql, _) = select_sql(&filter, before_first(&filter), LISTED);
        (sql, needs)
    })
}

fn pages_of_all() -> Vec<String> {
    let everything = DeliveryFilter::default();
    let of_merchant = DeliveryFilter {
        merchant_id: Some(MerchantId(1)),
        ..everything
    };
    let deliveries = [
        everything,
        of_merchant,
        in_state(of_merchant, DeliveryState::Acknowledged),
        in_state(of_merchant, DeliveryState::Pending),
        in_state(everything, DeliveryState::Pending),
        in_state(of_merchant, DeliveryState::Failed),
        in_state(everything, DeliveryState::Failed),
        of_endpoint(everything),
        of_event(everything),
    ];
    let events = [
        EventFilter::default(),
        EventFilter {
            merchant_id: Some(MerchantId(1)),
            ..EventFilter::default()
        },
        EventFilter {
            order_id: Some("an order".into()),
            ..EventFilter::default()
        },
    ];
    let mut lists = Vec::new();
    for request in pages() {
        for since in [None, Some(Timestamp::UNIX_EPOCH)] {
            for filter in &deliveries {
                let filter = DeliveryFilter { since, ..*filter };
                let (conditions, request) = deliveries_that(&filter, request);
                lists.push(list(
                    SELECT_DELIVERIES,
                    "d.delivery_id",
                    conditions,
                    request,
                ));
            }
            for filter in &events {
                let filter = EventFilter {
                    since,
                    ..filter.clone()
                };
                let conditions = events_that(&filter);
                lists.push(list(SELECT_EVENTS, "e.event_id", conditions, request));
            }
        }
        let endpoints = endpoints::SELECT_ENDPOINT;
        let conditions = Conditions::default();
        lists.push(list(endpoints, "p.endpoint_id", conditions, request));
    }
    lists
}

fn list(select: &str, id: &str, mut conditions: Conditions, request: PageRequest) -> String {
    page_sql(select, id, &mut conditions, request)
}

/// First and later pages, in both directions.
fn pages() -> impl Iterator<Item = PageRequest> {
    let cursors = [None, Some(9)].into_iter();
    cursors.flat_map(|cursor| {
        [false, true].map(|ascending| PageRequest {
            cursor,
            limit: 10,
            ascending,
        })
    })
}

fn in_state(filter: DeliveryFilter, state: DeliveryState) -> DeliveryFilter {
    DeliveryFilter {
        state: Some(state),
        ..filter
    }
}

fn of_endpoint(filter: DeliveryFilter) -> DeliveryFilter {
    DeliveryFilter {
        endpoint_id: Some(EndpointId(1)),
        ..filter
    }
}

fn of_event(filter: DeliveryFilter) -> DeliveryFilter {
    DeliveryFilter {
        message_id: Some(MessageId {
            event_id: EventId(1),
            nonce: 1,
        }),
        ..filter
    }
}

/// The plan for any parameters, a line for each step.
async fn plan(connection: &Connection, sql: &str) -> String {
    let prepare = format!("PREPARE planned AS {sql}");
    connection.batch_execute(&prepare).await.expect(sql);
    let count = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
    let parameters = vec!["NULL"; count].join(", ");
    let explain = match count {
        0 => "EXPLAIN EXECUTE planned".to_owned(),
        _ => format!("EXPLAIN EXECUTE planned ({parameters})"),
    };
    let rows = connection.simple_query(&explain).await.expect(sql);
    connection
        .batch_execute("DEALLOCATE planned")
        .await
        .expect("was prepared");
    let mut plan = String::new();
    for row in rows {
        if let SimpleQueryMessage::Row(row) = row {
            plan += row.get(0).expect("a step");
            plan.push('\n');
        }
    }
    plan
}
