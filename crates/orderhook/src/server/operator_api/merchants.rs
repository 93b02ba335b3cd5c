//! Merchants, their tokens and the secret of their order pushes.

use orderhook_api::EnvelopedCall;
use orderhook_api::operator::merchants::{
    CreateMerchantError, CreateMerchantHeaders, CreateTokenError, CreateTokenHeaders,
    CreateTokenPath, GetMerchantError, GetMerchantPath, ListMerchantsError, ListMerchantsQuery,
    ListTokensError, ListTokensPath, ListTokensQuery, MerchantsApi, RevokeTokenError,
    RevokeTokenPath, RotateMerchantSecretError, RotateMerchantSecretPath,
};
use orderhook_api::runtime::Call;
use orderhook_store::{MerchantId, Operator, OperatorToken, SecretOwner, TokenId};
use orderhook_types as wire;
use orderhook_types::{
    CreateMerchantRequest, CreateTokenRequest, IssuedToken, IssuedTokenResponse,
    MerchantListResponse, MerchantPage, MerchantResponse, RotateSecretRequest,
    RotatedSecretResponse, TokenListResponse, TokenPage, TokenResponse,
};

use super::OperatorApi;
use crate::randomness::MERCHANT_TOKEN;
use crate::server::app::idempotency;
use crate::server::paging::{next_page, page_request};
use crate::server::refused::{Missing, Refused, found, once};
use crate::server::webhook_rows::rfc3339;

impl MerchantsApi for OperatorApi {
    async fn list_merchants(
        &self,
        call: Call<OperatorToken>,
        query: ListMerchantsQuery,
    ) -> Result<MerchantListResponse, ListMerchantsError> {
        let request = page_request(query.cursor, query.limit, query.ascending);
        let page = self.0.store.merchants(request).await;
        let page = page.map_err(Refused::from)?;
        let (next_cursor, has_more) = next_page(&page);
        let merchants = page.items.into_iter();
        Ok(call.ok(MerchantPage {
            data: merchants
                .map(|merchant| wire::Merchant {
                    sign_secret: None,
                    ..to_wire(merchant)
                })
                .collect(),
            has_more,
            next_cursor,
        }))
    }

    async fn create_merchant(
        &self,
        call: Call<OperatorToken>,
        headers: CreateMerchantHeaders,
        body: CreateMerchantRequest,
    ) -> Result<MerchantResponse, CreateMerchantError> {
        let app = &self.0;
        let key = idempotency(call.operation(), headers.idempotency_key, &body)?;
        let sign_secret = app.new_sign_secret()?;
        let created = app
            .store
            .create_merchant(&body.merchant_name, &sign_secret, key, app.clock.now())
            .await
            .map_err(Refused::from)?;
        Ok(call.ok(to_wire(once(created)?)))
    }

    async fn get_merchant(
        &self,
        call: Call<OperatorToken>,
        path: GetMerchantPath,
    ) -> Result<MerchantResponse, GetMerchantError> {
        let merchant = self.0.store.merchant(MerchantId(path.merchant_id)).await;
        let merchant = found(merchant.map_err(Refused::from)?, Missing::Merchant)?;
        Ok(call.ok(to_wire(merchant)))
    }

    async fn list_tokens(
        &self,
        call: Call<OperatorToken>,
        path: ListTokensPath,
        query: ListTokensQuery,
    ) -> Result<TokenListResponse, ListTokensError> {
        let request = page_request(query.cursor, query.limit, query.ascending);
        let merchant_id = MerchantId(path.merchant_id);
        let page = self.0.store.tokens(merchant_id, request).await;
        let page = found(page.map_err(Refused::from)?, Missing::Merchant)?;
        let (next_cursor, has_more) = next_page(&page);
        Ok(call.ok(TokenPage {
            data: page.items.into_iter().map(token_to_wire).collect(),
            has_more,
            next_cursor,
        }))
    }

    async fn create_token(
        &self,
        call: Call<OperatorToken>,
        path: CreateTokenPath,
        headers: CreateTokenHeaders,
        body: CreateTokenRequest,
    ) -> Result<IssuedTokenResponse, CreateTokenError> {
        let app = &self.0;
        let request = (path.merchant_id, &body);
        let key = idempotency(call.operation(), headers.idempotency_key, &request)?;
        let operator = Operator {
            id: body.operator_id,
            name: body.operator_name.to_string(),
        };
        let token = app.new_token(MERCHANT_TOKEN)?;
        let merchant_id = MerchantId(path.merchant_id);
        let created = app
            .store
            .create_token(merchant_id, &operator, &token, key, app.clock.now())
            .await
            .map_err(Refused::from)?;
        let (row, token) = once(found(created, Missing::Merchant)?)?;
        Ok(call.ok(IssuedToken {
            token_id: row.token_id.0,
            merchant_id: row.merchant_id.0,
            operator_id: row.operator.id,
            operator_name: row.operator.name,
            create_time: rfc3339(row.created_at),
            token,
        }))
    }

    async fn revoke_token(
        &self,
        call: Call<OperatorToken>,
        path: RevokeTokenPath,
    ) -> Result<TokenResponse, RevokeTokenError> {
        let app = &self.0;
        let revoked = app
            .store
            .revoke_token(
                MerchantId(path.merchant_id),
                TokenId(path.token_id),
                app.clock.now(),
            )
            .await
            .map_err(Refused::from)?;
        let token = found(revoked, Missing::Token)?;
        Ok(call.ok(token_to_wire(token)))
    }

    async fn rotate_merchant_secret(
        &self,
        call: Call<OperatorToken>,
        path: RotateMerchantSecretPath,
        body: RotateSecretRequest,
    ) -> Result<RotatedSecretResponse, RotateMerchantSecretError> {
        let owner = SecretOwner::Merchant(MerchantId(path.merchant_id));
        let rotated = self.rotate(owner, &body, Missing::Merchant).await?;
        Ok(call.ok(rotated))
    }
}

fn to_wire(merchant: orderhook_store::Merchant) -> wire::Merchant {
    wire::Merchant {
        merchant_id: merchant.merchant_id.0,
        merchant_name: merchant.name,
        create_time: rfc3339(merchant.created_at),
        sign_secret: Some(merchant.sign_secret),
    }
}

fn token_to_wire(token: orderhook_store::Token) -> wire::Token {
    wire::Token {
        token_id: token.token_id.0,
        merchant_id: token.merchant_id.0,
        operator_id: token.operator.id,
        operator_name: token.operator.name,
        create_time: rfc3339(token.created_at),
        revoke_time: token.revoked_at.map(rfc3339),
    }
}
