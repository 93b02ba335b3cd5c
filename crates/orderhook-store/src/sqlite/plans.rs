//! How SQLite goes about the statements that would be slow without the right index.

use jiff::Timestamp;
use rusqlite::Connection;

use super::history::{SELECT_DELIVERIES, deliveries_that};
use super::replays::{conditions, count_sql, select_sql};
use super::rows::page_sql;
use super::schema;
use super::upkeep::{DELETE_SECRETS, leftovers_sql};
use crate::{DeliveryFilter, DeliveryState, MerchantId, PageRequest, ReplayFilter};

/// The steps of a plan, a line each.
fn plan(sql: &str) -> String {
    let mut connection = Connection::open_in_memory().expect("opens");
    schema::prepare(&mut connection, 0, true).expect("is valid");
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .expect("is valid");
    // Parameters that are not given are NULL.
    let mut rows = statement.raw_query();
    let mut plan = String::new();
    while let Some(row) = rows.next().expect("explains") {
        plan += &row.get::<_, String>("detail").expect("a text");
        plan.push('\n');
    }
    assert!(!plan.is_empty(), "{sql}");
    plan
}

#[test]
fn a_merchants_deliveries_come_in_order_from_its_events() {
    let check = |filter: DeliveryFilter, cursor: Option<i64>, ascending: bool| {
        let request = PageRequest {
            cursor,
            limit: 10,
            ascending,
        };
        let mut conditions = deliveries_that(&filter, request);
        let plan = plan(&page_sql(
            SELECT_DELIVERIES,
            "d.delivery_id",
            &mut conditions,
            request,
        ));
        assert!(plan.contains("event_by_merchant"), "{filter:?}: {plan}");
        for slow in ["SCAN d", "SCAN e", "TEMP B-TREE"] {
            assert!(!plan.contains(slow), "{filter:?}: {plan}");
        }
    };
    let of_one = DeliveryFilter {
        merchant_id: Some(MerchantId(1)),
        ..DeliveryFilter::default()
    };
    for (cursor, ascending) in [
        (None, false),
        (None, true),
        (Some(9), false),
        (Some(9), true),
    ] {
        check(of_one, cursor, ascending);
        let acknowledged = Some(DeliveryState::Acknowledged);
        check(
            DeliveryFilter {
                state: acknowledged,
                ..of_one
            },
            cursor,
            ascending,
        );
    }
}

#[test]
fn a_replay_looks_at_nothing_older_than_it_is_told() {
    for state in [DeliveryState::Acknowledged, DeliveryState::Cancelled] {
        for merchant_id in [None, Some(MerchantId(1))] {
            let conditions = conditions(&ReplayFilter {
                state,
                since: Timestamp::UNIX_EPOCH,
                until: None,
                merchant_id,
                endpoint_id: None,
                event_type: None,
            });
            for sql in [count_sql(&conditions), select_sql(&conditions)] {
                let plan = plan(&sql);
                for slow in ["SCAN d", "SCAN e", "event_by_merchant (merchant_id=?)"] {
                    assert!(!plan.contains(slow), "{plan}");
                }
                assert!(plan.contains("event_by_time"), "{plan}");
            }
        }
    }
}

#[test]
fn what_is_pending_is_found_by_the_queue() {
    for since in [None, Some(Timestamp::UNIX_EPOCH)] {
        let filter = DeliveryFilter {
            merchant_id: Some(MerchantId(1)),
            state: Some(DeliveryState::Pending),
            since,
            ..DeliveryFilter::default()
        };
        let newest = PageRequest {
            cursor: None,
            limit: 10,
            ascending: false,
        };
        let mut conditions = deliveries_that(&filter, newest);
        let plan = plan(&page_sql(
            SELECT_DELIVERIES,
            "d.delivery_id",
            &mut conditions,
            newest,
        ));
        assert!(
            plan.starts_with("SEARCH d USING INTEGER PRIMARY KEY (rowid=?)"),
            "{plan}"
        );
    }
}

#[test]
fn a_sweep_looks_only_at_what_it_deletes() {
    let secrets = plan(DELETE_SECRETS);
    assert!(secrets.contains("signing_secret_by_expiry"), "{secrets}");
    assert!(!secrets.contains("SCAN signing_secret"), "{secrets}");
    let leftovers = plan(&leftovers_sql());
    assert!(!leftovers.contains("SCAN p"), "{leftovers}");
    assert!(!leftovers.contains("SCAN queue"), "{leftovers}");
}
