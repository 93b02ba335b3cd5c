//! Merchants, and the tokens that let people in.

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_types::Secret;
use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest, Sha256};

use super::Sqlite;
use super::idempotency::{Scope, once};
use super::rows::{Conditions, page};
use super::secrets::{insert_secret, newest_secret};
use crate::millis::Millis;
use crate::vault::{Signer, Vault};
use crate::{
    Access, Caller, Idempotency, Merchant, MerchantId, Once, Operator, OperatorToken, Page,
    PageRequest, StoreError, Token, TokenHash, TokenId,
};

#[async_trait]
impl Access for Sqlite {
    async fn find_caller(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Caller>, StoreError> {
        let hash = *token;
        let read = move |connection: &Connection| find_caller(connection, &hash);
        let known = &self.callers.merchants;
        known.find_or_ask(token, now, self.readers.read(read)).await
    }

    async fn find_operator_token(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<OperatorToken>, StoreError> {
        let hash = *token;
        let read = move |connection: &Connection| find_operator_token(connection, &hash);
        let known = &self.callers.operators;
        known.find_or_ask(token, now, self.readers.read(read)).await
    }

    async fn create_merchant(
        &self,
        name: &str,
        sign_secret: &Secret,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Once<Merchant>, StoreError> {
        let (name, sign_secret) = (name.to_owned(), sign_secret.clone());
        self.writer
            .call(move |batch| {
                once(batch, Scope::Server, idempotency.as_ref(), now, |batch| {
                    insert_merchant(batch.connection, batch.vault, &name, &sign_secret, now)
                })
            })
            .await
    }

    async fn merchant(&self, merchant_id: MerchantId) -> Result<Option<Merchant>, StoreError> {
        let vault = self.vault.clone();
        let read = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "-- merchant
                SELECT merchant_id, name, created_at FROM merchant WHERE merchant_id = ?1",
            )?;
            let mut rows = statement.query([merchant_id])?;
            let row = rows.next()?;
            row.map(|row| read_merchant(connection, &vault, row))
                .transpose()
        };
        self.readers.read(read).await
    }

    async fn merchants(&self, request: PageRequest) -> Result<Page<Merchant>, StoreError> {
        let vault = self.vault.clone();
        let read = move |connection: &Connection| {
            page(
                connection,
                "-- merchants
                SELECT merchant_id, name, created_at FROM merchant WHERE true",
                "merchant_id",
                Conditions::default(),
                request,
                |row| Ok((row.get(0)?, read_merchant(connection, &vault, row)?)),
            )
        };
        self.readers.read(read).await
    }

    async fn create_token(
        &self,
        merchant_id: MerchantId,
        operator: &Operator,
        token: &Secret,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Once<(Token, Secret)>>, StoreError> {
        let (operator, token) = (operator.clone(), token.clone());
        self.writer
            .call(move |batch| {
                if !merchant_exists(batch.connection, merchant_id)? {
                    return Ok(None);
                }
                let scope = Scope::Merchant(merchant_id);
                let created = once(batch, scope, idempotency.as_ref(), now, |batch| {
                    let row = insert_token(batch.connection, merchant_id, &operator, &token, now)?;
                    Ok((row, token.clone()))
                })?;
                Ok(Some(created))
            })
            .await
    }

    async fn tokens(
        &self,
        merchant_id: MerchantId,
        request: PageRequest,
    ) -> Result<Option<Page<Token>>, StoreError> {
        let read = move |connection: &Connection| {
            if !merchant_exists(connection, merchant_id)? {
                return Ok(None);
            }
            let mut conditions = Conditions::default();
            conditions.and_if("merchant_id = ?", Some(merchant_id));
            let tokens = page(
                connection,
                "-- tokens
                SELECT token_id, merchant_id, operator_id, operator_name, created_at, revoked_at
                FROM token WHERE true",
                "token_id",
                conditions,
                request,
                |row| Ok((row.get(0)?, read_token(row)?)),
            )?;
            Ok(Some(tokens))
        };
        self.readers.read(read).await
    }

    async fn revoke_token(
        &self,
        merchant_id: MerchantId,
        token_id: TokenId,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        let revoked = self
            .writer
            .call(move |batch| {
                let token = batch
                    .connection
                    .prepare_cached(
                        "-- revoke_token
                        UPDATE token SET revoked_at = coalesce(revoked_at, ?3)
                        WHERE merchant_id = ?1 AND token_id = ?2
                        RETURNING token_id, merchant_id, operator_id, operator_name, created_at,
                            revoked_at",
                    )?
                    .query_row((merchant_id, token_id, Millis::from(now)), read_token)
                    .optional()?;
                Ok(token)
            })
            .await;
        self.callers.forget();
        revoked
    }

    async fn create_operator_token(
        &self,
        name: &str,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<OperatorToken, StoreError> {
        let (name, token) = (name.to_owned(), *token);
        self.writer
            .call(move |batch| {
                let created = batch
                    .connection
                    .prepare_cached(
                        "-- create_operator_token
                        INSERT INTO operator_token (name, sha256, created_at) VALUES (?1, ?2, ?3)
                        RETURNING token_id, name, created_at, revoked_at",
                    )?
                    .query_row((&name, token, Millis::from(now)), read_operator_token)?;
                Ok(created)
            })
            .await
    }

    async fn operator_tokens(&self) -> Result<Vec<OperatorToken>, StoreError> {
        let read = |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "-- operator_tokens
                SELECT token_id, name, created_at, revoked_at FROM operator_token
                ORDER BY token_id",
            )?;
            let rows = statement.query_map([], read_operator_token)?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        self.readers.read(read).await
    }

    async fn revoke_operator_token(
        &self,
        token_id: TokenId,
        now: Timestamp,
    ) -> Result<Option<OperatorToken>, StoreError> {
        let revoked = self
            .writer
            .call(move |batch| {
                let token = batch
                    .connection
                    .prepare_cached(
                        "-- revoke_operator_token
                        UPDATE operator_token SET revoked_at = coalesce(revoked_at, ?2)
                        WHERE token_id = ?1
                        RETURNING token_id, name, created_at, revoked_at",
                    )?
                    .query_row((token_id, Millis::from(now)), read_operator_token)
                    .optional()?;
                Ok(token)
            })
            .await;
        self.callers.forget();
        revoked
    }
}

fn find_caller(connection: &Connection, token: &TokenHash) -> Result<Option<Caller>, StoreError> {
    let found = connection
        .prepare_cached(
            "-- find_caller
            SELECT merchant_id, token_id, operator_id, operator_name FROM token
            WHERE sha256 = ?1 AND revoked_at IS NULL",
        )?
        .query_row([token], |row| {
            Ok(Caller {
                merchant_id: row.get(0)?,
                token_id: row.get(1)?,
                operator: Operator {
                    id: row.get(2)?,
                    name: row.get(3)?,
                },
            })
        })
        .optional()?;
    Ok(found)
}

fn find_operator_token(
    connection: &Connection,
    token: &TokenHash,
) -> Result<Option<OperatorToken>, StoreError> {
    let found = connection
        .prepare_cached(
            "-- find_operator_token
            SELECT token_id, name, created_at, revoked_at FROM operator_token
            WHERE sha256 = ?1 AND revoked_at IS NULL",
        )?
        .query_row([token], read_operator_token)
        .optional()?;
    Ok(found)
}

fn insert_merchant(
    connection: &Connection,
    vault: &Vault,
    name: &str,
    sign_secret: &Secret,
    now: Timestamp,
) -> Result<Merchant, StoreError> {
    let created_at = Millis::from(now);
    let merchant_id = connection
        .prepare_cached(
            "-- insert_merchant
            INSERT INTO merchant (name, created_at) VALUES (?1, ?2)",
        )?
        .insert((name, created_at))?;
    let merchant_id = MerchantId(merchant_id);
    let signer = Signer {
        merchant_id,
        webhook_id: None,
    };
    insert_secret(connection, vault, signer, sign_secret, now)?;
    Ok(Merchant {
        merchant_id,
        name: name.to_owned(),
        created_at: created_at.timestamp(),
        sign_secret: sign_secret.clone(),
    })
}

fn insert_token(
    connection: &Connection,
    merchant_id: MerchantId,
    operator: &Operator,
    token: &Secret,
    now: Timestamp,
) -> Result<Token, StoreError> {
    let sha256: TokenHash = Sha256::digest(token.reveal()).into();
    let created = connection
        .prepare_cached(
            "-- insert_token
            INSERT INTO token (merchant_id, sha256, operator_id, operator_name, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5)
            RETURNING token_id, merchant_id, operator_id, operator_name, created_at, revoked_at",
        )?
        .query_row(
            (
                merchant_id,
                sha256,
                operator.id,
                &operator.name,
                Millis::from(now),
            ),
            read_token,
        )?;
    Ok(created)
}

pub(super) fn merchant_exists(
    connection: &Connection,
    merchant_id: MerchantId,
) -> Result<bool, StoreError> {
    let exists = connection
        .prepare_cached(
            "-- merchant_exists
            SELECT 1 FROM merchant WHERE merchant_id = ?1",
        )?
        .exists([merchant_id])?;
    Ok(exists)
}

fn read_merchant(
    connection: &Connection,
    vault: &Vault,
    row: &Row<'_>,
) -> Result<Merchant, StoreError> {
    let merchant_id = row.get(0)?;
    let signer = Signer {
        merchant_id,
        webhook_id: None,
    };
    Ok(Merchant {
        merchant_id,
        name: row.get(1)?,
        created_at: row.get::<_, Millis>(2)?.timestamp(),
        sign_secret: newest_secret(connection, vault, signer)?,
    })
}

fn read_token(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        token_id: row.get(0)?,
        merchant_id: row.get(1)?,
        operator: Operator {
            id: row.get(2)?,
            name: row.get(3)?,
        },
        created_at: row.get::<_, Millis>(4)?.timestamp(),
        revoked_at: row.get::<_, Option<Millis>>(5)?.map(Millis::timestamp),
    })
}

fn read_operator_token(row: &Row<'_>) -> rusqlite::Result<OperatorToken> {
    Ok(OperatorToken {
        token_id: row.get(0)?,
        name: row.get(1)?,
        created_at: row.get::<_, Millis>(2)?.timestamp(),
        revoked_at: row.get::<_, Option<Millis>>(3)?.map(Millis::timestamp),
    })
}
