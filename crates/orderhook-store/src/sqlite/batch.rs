//! What the calls of one commit share.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::targets::Targets;
use crate::handover::{Handover, News};
use crate::vault::Vault;
use crate::{Claim, EndpointId, Lease, StoreError};

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

/// One transaction, as the calls in it see it.
pub(super) struct Batch<'a> {
    pub(super) connection: &'a Connection,
    pub(super) vault: &'a Vault,
    pub(super) memory: &'a mut Memory,
    pub(super) news: News,
    /// Rows written, about; it bounds the commit.
    pub(super) rows: usize,
    /// Bytes of bodies written; it bounds the commit as well.
    pub(super) bytes: usize,
    handover: &'a mut Handover,
    /// Whether something older of an endpoint was due when it was first asked.
    backlogs: HashMap<EndpointId, bool>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        vault: &'a Vault,
        memory: &'a mut Memory,
        handover: &'a mut Handover,
    ) -> Self {
        Self {
            connection,
            vault,
            memory,
            news: News::default(),
            rows: 0,
            bytes: 0,
            handover,
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
    /// nothing older of its endpoint waits. Else the engine is told that it was left in the queue.
    pub(super) fn lease_at_once(
        &mut self,
        endpoint_id: EndpointId,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        if !self.handover.has_engine() {
            return Ok(None);
        }
        match self.handover.lease_until(endpoint_id, now) {
            Some(until) if !self.has_backlog(endpoint_id, now)? => Ok(Some(self.new_lease(until))),
            _ => {
                self.news.left.insert(endpoint_id);
                Ok(None)
            }
        }
    }

    /// Hands a delivery over to the engine, once the commit is durable.
    pub(super) fn hand_over(&mut self, claim: Claim) {
        self.handover.count(&claim.body);
        self.news.claims.push(claim);
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
