//! The errors of the operations, each with the statuses that its operation documents.

use orderhook_api::events::{ListEventsError, SubscribeEventError, UnsubscribeEventError};
use orderhook_api::operator::events::ListEventsError as ListPublishedEventsError;
use orderhook_api::operator::{
    deliveries::*, endpoints::*, events::GetEventError, merchants::*, publishing::*, status::*,
    webhooks::*,
};
use orderhook_api::runtime::Problem;
use orderhook_api::webhooks::{CreateWebhookError, ListWebhooksError, UpdateWebhookError};

/// The error of an operation, by its documented statuses.
pub(super) trait Documented {
    const STATUSES: &'static [u16];

    fn new(status: u16, problem: Problem) -> Self;
}

macro_rules! documented {
    ($($error:ident)+ => $statuses:tt) => {
        $(documented!(@ $error $statuses);)+
    };
    (@ $error:ident [$($status:literal $variant:ident,)+]) => {
        impl Documented for $error {
            const STATUSES: &'static [u16] = &[$($status),+];

            fn new(status: u16, problem: Problem) -> Self {
                match status {
                    $($status => Self::$variant(problem),)+
                    _ => panic!("{status} is not documented"),
                }
            }
        }

        // A variant that is not listed is an error of the compiler.
        const _: fn(&$error) = |error| match error {
            $($error::$variant(_) => {})+
        };
    };
}

documented! {
    GetStatusError
    => [
        401 Unauthorized,
        429 TooManyRequests,
        500 InternalServerError,
        503 ServiceUnavailable,
    ]
}
documented! {
    ListDeliveriesError ListEndpointsError ListEventsError ListMerchantsError
    ListPublishedEventsError ListWebhooksError
    => [
        400 BadRequest,
        401 Unauthorized,
        429 TooManyRequests,
        500 InternalServerError,
        503 ServiceUnavailable,
    ]
}
documented! {
    DeleteWebhookError GetDeliveryError GetEndpointError GetEventError GetMerchantError
    ListAttemptsError ListTokensError ReplayDeliveryError ResumeEndpointError RevokeTokenError
    UnsubscribeEventError
    => [
        400 BadRequest,
        401 Unauthorized,
        404 NotFound,
        429 TooManyRequests,
        500 InternalServerError,
        503 ServiceUnavailable,
    ]
}
documented! {
    ReplayDeliveriesError
    => [
        400 BadRequest,
        401 Unauthorized,
        413 ContentTooLarge,
        415 UnsupportedMediaType,
        429 TooManyRequests,
        500 InternalServerError,
        503 ServiceUnavailable,
    ]
}
documented! {
    PauseEndpointError RotateMerchantSecretError RotateWebhookSecretError SubscribeEventError
    SubscribeMerchantWebhookError UpdateWebhookError
    => [
        400 BadRequest,
        401 Unauthorized,
        404 NotFound,
        413 ContentTooLarge,
        415 UnsupportedMediaType,
        429 TooManyRequests,
        500 InternalServerError,
        503 ServiceUnavailable,
    ]
}
documented! {
    CreateMerchantError CreateWebhookError
    => [
        400 BadRequest,
        401 Unauthorized,
        409 Conflict,
        413 ContentTooLarge,
        415 UnsupportedMediaType,
        429 TooManyRequests,
        500 InternalServerError,
        503 ServiceUnavailable,
    ]
}
documented! {
    CreateMerchantWebhookError CreateTokenError PublishCardEventError PublishCardEventsError
    PublishOrderStatusChangeError
    => [
        400 BadRequest,
        401 Unauthorized,
        404 NotFound,
        409 Conflict,
        413 ContentTooLarge,
        415 UnsupportedMediaType,
        429 TooManyRequests,
        500 InternalServerError,
        503 ServiceUnavailable,
    ]
}
