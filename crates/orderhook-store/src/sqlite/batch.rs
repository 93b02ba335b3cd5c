//! What the calls of one commit share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::Connection;

use super::secrets::Vault;
use super::targets::Targets;
use crate::{Appetite, Claim, Dispatch, EndpointId, Lease, StoreError};

/// The most deliveries that are handed over by one commit; the rest of them are claimed.
const MAX_CLAIMS: usize = 512;

/// The engine, once there is one.
#[derive(Clone, Default)]
pub(super) struct Engine(Arc<Mutex<Option<Arc<dyn Dispatch>>>>);

impl Engine {
    pub(super) fn set(&self, dispatch: Option<Arc<dyn Dispatch>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = dispatch;
    }

    pub(super) fn get(&self) -> Option<Arc<dyn Dispatch>> {
        let dispatch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        dispatch.clone()
    }
}

/// What the writer knows from one commit to the next.
pub(super) struct Memory {
    pub(super) targets: Targets,
    /// Begins somewhere at random, so that no process takes another's leases for its own.
    next_lease: i64,
    data_version: i64,
}

impl Memory {
    pub(super) fn new(vault: &Vault) -> Result<Self, StoreError> {
        let random = u64::from_be_bytes(vault.random_bytes()?);
        Ok(Self {
            targets: Targets::default(),
            // A quarter of it, so that counting up never gets to the end.
            next_lease: (random >> 2).cast_signed(),
            data_version: 0,
        })
    }

    /// Forgets all if another process, such as a command, has written since the last commit.
    pub(super) fn refresh(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let version = connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if version != self.data_version {
            self.targets.forget();
            self.data_version = version;
        }
        Ok(())
    }
}

/// What the engine is told after the commit.
#[derive(Default)]
pub(super) struct News {
    pub(super) claims: Vec<Claim>,
    pub(super) changed: Vec<EndpointId>,
    pub(super) wake: bool,
}

impl News {
    pub(super) fn append(&mut self, mut more: Self) {
        self.claims.append(&mut more.claims);
        self.changed.append(&mut more.changed);
        self.wake |= more.wake;
    }

    pub(super) fn tell(self, dispatch: &dyn Dispatch) {
        for endpoint_id in self.changed {
            dispatch.endpoint_changed(endpoint_id);
        }
        if !self.claims.is_empty() {
            dispatch.hand_over(self.claims);
        }
        if self.wake {
            dispatch.wake();
        }
    }
}

/// One transaction, as the calls in it see it.
pub(super) struct Batch<'a> {
    pub(super) connection: &'a Connection,
    pub(super) vault: &'a Vault,
    pub(super) memory: &'a mut Memory,
    pub(super) news: News,
    /// Rows written, about; it bounds the commit.
    pub(super) rows: usize,
    dispatch: Option<&'a dyn Dispatch>,
    appetite: Appetite,
    /// Whether something older of an endpoint was due when it was first asked.
    backlogs: HashMap<EndpointId, bool>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        vault: &'a Vault,
        memory: &'a mut Memory,
        dispatch: Option<&'a dyn Dispatch>,
    ) -> Self {
        let nothing = || Appetite {
            full: true,
            ..Appetite::default()
        };
        Self {
            connection,
            vault,
            memory,
            news: News::default(),
            rows: 0,
            dispatch,
            appetite: dispatch.map_or_else(nothing, Dispatch::appetite),
            backlogs: HashMap::new(),
        }
    }

    pub(super) fn new_lease(&mut self, until: Timestamp) -> Lease {
        self.memory.next_lease += 1;
        Lease {
            token: self.memory.next_lease,
            until,
        }
    }

    /// A lease for a delivery that comes due in this very transaction, if the engine wants it and
    /// nothing older of its endpoint waits. The engine is woken for what it wants and doesn't get.
    pub(super) fn lease_at_once(
        &mut self,
        endpoint_id: EndpointId,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let Some(dispatch) = self.dispatch else {
            return Ok(None);
        };
        if self.appetite.full || self.appetite.except.contains(&endpoint_id) {
            return Ok(None);
        }
        if self.news.claims.len() >= MAX_CLAIMS || self.has_backlog(endpoint_id, now)? {
            self.news.wake = true;
            return Ok(None);
        }
        let until = dispatch.lease_until(now);
        Ok(Some(self.new_lease(until)))
    }

    fn has_backlog(&mut self, endpoint_id: EndpointId, now: Timestamp) -> Result<bool, StoreError> {
        if let Some(known) = self.backlogs.get(&endpoint_id) {
            return Ok(*known);
        }
        let backlog = super::claims::is_anything_due(self.connection, endpoint_id, now)?;
        self.backlogs.insert(endpoint_id, backlog);
        Ok(backlog)
    }
}
