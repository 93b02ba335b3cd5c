//! Merchants, and the tokens that let their people and ours in.

use async_trait::async_trait;
use jiff::Timestamp;
use orderhook_types::Secret;
use serde::{Deserialize, Serialize};

use crate::{Idempotency, MerchantId, Once, Page, PageRequest, StoreError, TokenId};

/// SHA-256 of a token; the token itself is never stored.
pub type TokenHash = [u8; 32];

/// A merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    /// Its id.
    pub merchant_id: MerchantId,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// What its order-status pushes are signed with: the newest secret.
    pub sign_secret: Secret,
}

/// A person who acts for a merchant, as that person's token names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// `creator_id` and `operator_id` of the merchant API.
    pub id: i64,
    /// `creator_name` and `operator_name` of the merchant API.
    pub name: String,
}

/// A merchant's token, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub token_id: TokenId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Who uses it.
    pub operator: Operator,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A token of the operator side, without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorToken {
    /// Its id.
    pub token_id: TokenId,
    /// Who uses it, for the log.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Who calls the merchant API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The merchant; all that the caller can see is scoped by it.
    pub merchant_id: MerchantId,
    /// The token.
    pub token_id: TokenId,
    /// The person.
    pub operator: Operator,
}

/// Used by both listeners to let callers in, and by the operator API to say who may come.
#[async_trait]
pub trait Access: Send + Sync {
    /// The caller behind a merchant's token; `None` if it is unknown or revoked.
    ///
    /// A revoked token may be let in for one more second: lookups are kept that long in memory.
    async fn find_caller(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Caller>, StoreError>;

    /// The token of the operator side; `None` if it is unknown or revoked.
    async fn find_operator_token(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<OperatorToken>, StoreError>;

    /// Creates a merchant, and the secret that its order-status pushes are signed with.
    async fn create_merchant(
        &self,
        name: &str,
        sign_secret: &Secret,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Once<Merchant>, StoreError>;

    /// One merchant.
    async fn merchant(&self, merchant_id: MerchantId) -> Result<Option<Merchant>, StoreError>;

    /// All merchants.
    async fn merchants(&self, page: PageRequest) -> Result<Page<Merchant>, StoreError>;

    /// Creates a token of a merchant; `None` if there is no such merchant.
    ///
    /// `token` itself is kept for one purpose only, encrypted: as the answer under the key of
    /// `idempotency`. A repeated call gets the token of the first.
    async fn create_token(
        &self,
        merchant_id: MerchantId,
        operator: &Operator,
        token: &Secret,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Once<(Token, Secret)>>, StoreError>;

    /// A merchant's tokens, revoked ones included; `None` if there is no such merchant.
    async fn tokens(
        &self,
        merchant_id: MerchantId,
        page: PageRequest,
    ) -> Result<Option<Page<Token>>, StoreError>;

    /// Revokes a token of a merchant, or leaves it revoked; `None` if there is no such token.
    async fn revoke_token(
        &self,
        merchant_id: MerchantId,
        token_id: TokenId,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError>;

    /// Creates a token of the operator side.
    async fn create_operator_token(
        &self,
        name: &str,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<OperatorToken, StoreError>;

    /// The tokens of the operator side, revoked ones included.
    async fn operator_tokens(&self) -> Result<Vec<OperatorToken>, StoreError>;

    /// Revokes a token of the operator side, or leaves it revoked; `None` if there is none.
    async fn revoke_operator_token(
        &self,
        token_id: TokenId,
        now: Timestamp,
    ) -> Result<Option<OperatorToken>, StoreError>;
}
