//! Who was let in a moment ago, so that not every request asks the database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::{Caller, OperatorToken, StoreError, TokenHash};

/// For how long a token that was good is taken for good.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(1);

/// Only tokens that are good are remembered, so that guesses fill nothing.
#[derive(Default)]
pub(crate) struct Callers {
    pub(crate) merchants: Remembered<Caller>,
    pub(crate) operators: Remembered<OperatorToken>,
}

impl Callers {
    pub(crate) fn forget(&self) {
        self.merchants.lock().clear();
        self.operators.lock().clear();
    }
}

pub(crate) struct Remembered<T>(Mutex<HashMap<TokenHash, (Timestamp, T)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Remembered<T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, (Timestamp, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, token: &TokenHash, now: Timestamp) -> Option<T> {
        let remembered = self.lock();
        let (since, found) = remembered.get(token)?;
        let age = now.duration_since(*since);
        (!age.is_negative() && age < REMEMBERED).then(|| found.clone())
    }

    fn remember(&self, token: TokenHash, found: &T, now: Timestamp) {
        self.lock().insert(token, (now, found.clone()));
    }

    /// Who has this token: as it is remembered, or else as the database says.
    pub(crate) async fn find_or_ask(
        &self,
        token: &TokenHash,
        now: Timestamp,
        ask: impl Future<Output = Result<Option<T>, StoreError>>,
    ) -> Result<Option<T>, StoreError> {
        if let Some(remembered) = self.find(token, now) {
            return Ok(Some(remembered));
        }
        let found = ask.await?;
        if let Some(found) = &found {
            self.remember(*token, found, now);
        }
        Ok(found)
    }
}
