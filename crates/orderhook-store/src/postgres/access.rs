//! Merchants, and the tokens that let people in.

use async_trait::async_trait;
use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use orderhook_types::Secret;
use sha2::{Digest, Sha256};
use tokio_postgres::Row;

use super::Postgres;
use super::connection::Transaction;
use super::idempotency::Scope;
use super::merchants::{insert_merchant, read_merchant, read_operator, select_merchant};
use super::rows::{Conditions, page};
use crate::millis::Millis;
use crate::{
    Access, Caller, Idempotency, Merchant, MerchantId, Once, Operator, OperatorToken, Page,
    PageRequest, StoreError, Token, TokenHash, TokenId,
};

#[async_trait]
impl Access for Postgres {
    async fn find_caller(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Caller>, StoreError> {
        let pool = &self.core.pool;
        let ask = pool.run(async |connection| find_caller(&connection, token).await);
        let known = &self.core.callers.merchants;
        known.find_or_ask(token, now, ask).await
    }

    async fn find_operator_token(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<OperatorToken>, StoreError> {
        let pool = &self.core.pool;
        let ask = pool.run(async |connection| find_operator_token(&connection, token).await);
        let known = &self.core.callers.operators;
        known.find_or_ask(token, now, ask).await
    }

    async fn create_merchant(
        &self,
        name: &str,
        sign_secret: &Secret,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Once<Merchant>, StoreError> {
        let vault = &self.core.vault;
        self.core
            .once(
                Scope::Server,
                idempotency.as_ref(),
                now,
                async |transaction| {
                    insert_merchant(&transaction, vault, name, sign_secret, now).await
                },
            )
            .await
    }

    async fn merchant(&self, merchant_id: MerchantId) -> Result<Option<Merchant>, StoreError> {
        self.core
            .pool
            .run(async |connection| {
                let sql = format!("{} AND m.merchant_id = $1", select_merchant("-- merchant"));
                let statement = connection.prepare_cached(&sql).await?;
                let row = connection.query_opt(&statement, &[&merchant_id]).await?;
                row.map(|row| read_merchant(&row, &self.core.vault))
                    .transpose()
            })
            .await
    }

    async fn merchants(&self, request: PageRequest) -> Result<Page<Merchant>, StoreError> {
        self.core
            .pool
            .run(async |connection| {
                let merchants = page(
                    &connection,
                    &select_merchant("-- merchants"),
                    "m.merchant_id",
                    Conditions::default(),
                    request,
                    |row| Ok((row.try_get(0)?, read_merchant(row, &self.core.vault)?)),
                )
                .await?;
                Ok(merchants)
            })
            .await
    }

    async fn create_token(
        &self,
        merchant_id: MerchantId,
        operator: &Operator,
        token: &Secret,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Once<(Token, Secret)>>, StoreError> {
        if !self.core.has_merchant(merchant_id).await? {
            return Ok(None);
        }
        let created = self
            .core
            .once(
                Scope::Merchant(merchant_id),
                idempotency.as_ref(),
                now,
                async |transaction| {
                    let row = insert_token(&transaction, merchant_id, operator, token, now).await?;
                    Ok((row, token.clone()))
                },
            )
            .await?;
        Ok(Some(created))
    }

    async fn tokens(
        &self,
        merchant_id: MerchantId,
        request: PageRequest,
    ) -> Result<Option<Page<Token>>, StoreError> {
        if !self.core.has_merchant(merchant_id).await? {
            return Ok(None);
        }
        self.core
            .pool
            .run(async |connection| {
                let mut conditions = Conditions::default();
                conditions.and_if("merchant_id = ?", Some(merchant_id));
                let tokens = page(
                    &connection,
                    "-- tokens
                SELECT token_id, merchant_id, operator_id, operator_name, created_at, revoked_at
                FROM token WHERE true",
                    "token_id",
                    conditions,
                    request,
                    |row| Ok((row.try_get(0)?, read_token(row)?)),
                )
                .await?;
                Ok(Some(tokens))
            })
            .await
    }

    async fn revoke_token(
        &self,
        merchant_id: MerchantId,
        token_id: TokenId,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        let revoked = self
            .core
            .pool
            .transact(async |transaction| {
                let statement = transaction
                    .prepare_cached(
                        "-- revoke_token
                        UPDATE token SET revoked_at = coalesce(revoked_at, $3)
                        WHERE merchant_id = $1 AND token_id = $2
                        RETURNING token_id, merchant_id, operator_id, operator_name, created_at,
                            revoked_at",
                    )
                    .await?;
                let row = transaction
                    .query_opt(&statement, &[&merchant_id, &token_id, &Millis::from(now)])
                    .await?;
                row.as_ref().map(read_token).transpose()
            })
            .await;
        self.core.callers.forget();
        revoked
    }

    async fn create_operator_token(
        &self,
        name: &str,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<OperatorToken, StoreError> {
        self.core
            .pool
            .transact(async |transaction| {
                let statement = transaction
                    .prepare_cached(
                        "-- create_operator_token
                        INSERT INTO operator_token (name, sha256, created_at) VALUES ($1, $2, $3)
                        RETURNING token_id, name, created_at, revoked_at",
                    )
                    .await?;
                let row = transaction
                    .query_one(&statement, &[&name, &token.as_slice(), &Millis::from(now)])
                    .await?;
                read_operator_token(&row)
            })
            .await
    }

    async fn operator_tokens(&self) -> Result<Vec<OperatorToken>, StoreError> {
        self.core
            .pool
            .run(async |connection| {
                let statement = connection
                    .prepare_cached(
                        "-- operator_tokens
                    SELECT token_id, name, created_at, revoked_at FROM operator_token
                    ORDER BY token_id",
                    )
                    .await?;
                let rows = connection.query(&statement, &[]).await?;
                rows.iter().map(read_operator_token).collect()
            })
            .await
    }

    async fn revoke_operator_token(
        &self,
        token_id: TokenId,
        now: Timestamp,
    ) -> Result<Option<OperatorToken>, StoreError> {
        let revoked = self
            .core
            .pool
            .transact(async |transaction| {
                let statement = transaction
                    .prepare_cached(
                        "-- revoke_operator_token
                        UPDATE operator_token SET revoked_at = coalesce(revoked_at, $2)
                        WHERE token_id = $1
                        RETURNING token_id, name, created_at, revoked_at",
                    )
                    .await?;
                let row = transaction
                    .query_opt(&statement, &[&token_id, &Millis::from(now)])
                    .await?;
                row.as_ref().map(read_operator_token).transpose()
            })
            .await;
        self.core.callers.forget();
        revoked
    }
}

async fn find_caller(
    client: &ClientWrapper,
    token: &TokenHash,
) -> Result<Option<Caller>, StoreError> {
    let statement = client
        .prepare_cached(
            "-- find_caller
            SELECT merchant_id, token_id, operator_id, operator_name FROM token
            WHERE sha256 = $1 AND revoked_at IS NULL",
        )
        .await?;
    let row = client.query_opt(&statement, &[&token.as_slice()]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Caller {
        merchant_id: row.try_get(0)?,
        token_id: row.try_get(1)?,
        operator: read_operator(&row, 2)?,
    }))
}

async fn find_operator_token(
    client: &ClientWrapper,
    token: &TokenHash,
) -> Result<Option<OperatorToken>, StoreError> {
    let statement = client
        .prepare_cached(
            "-- find_operator_token
            SELECT token_id, name, created_at, revoked_at FROM operator_token
            WHERE sha256 = $1 AND revoked_at IS NULL",
        )
        .await?;
    let row = client.query_opt(&statement, &[&token.as_slice()]).await?;
    row.as_ref().map(read_operator_token).transpose()
}

async fn insert_token(
    transaction: &Transaction,
    merchant_id: MerchantId,
    operator: &Operator,
    token: &Secret,
    now: Timestamp,
) -> Result<Token, StoreError> {
    let sha256: TokenHash = Sha256::digest(token.reveal()).into();
    let statement = transaction
        .prepare_cached(
            "-- insert_token
            INSERT INTO token (merchant_id, sha256, operator_id, operator_name, created_at)
            VALUES ($1, $2, $3, $4, $5)
            RETURNING token_id, merchant_id, operator_id, operator_name, created_at, revoked_at",
        )
        .await?;
    let row = transaction
        .query_one(
            &statement,
            &[
                &merchant_id,
                &sha256.as_slice(),
                &operator.id,
                &operator.name,
                &Millis::from(now),
            ],
        )
        .await?;
    read_token(&row)
}

fn read_token(row: &Row) -> Result<Token, StoreError> {
    Ok(Token {
        token_id: row.try_get(0)?,
        merchant_id: row.try_get(1)?,
        operator: read_operator(row, 2)?,
        created_at: row.try_get::<_, Millis>(4)?.timestamp(),
        revoked_at: row.try_get::<_, Option<Millis>>(5)?.map(Millis::timestamp),
    })
}

fn read_operator_token(row: &Row) -> Result<OperatorToken, StoreError> {
    Ok(OperatorToken {
        token_id: row.try_get(0)?,
        name: row.try_get(1)?,
        created_at: row.try_get::<_, Millis>(2)?.timestamp(),
        revoked_at: row.try_get::<_, Option<Millis>>(3)?.map(Millis::timestamp),
    })
}
