use axum::http::request::Parts;
use orderhook_runtime::{Alternative, Call, Operation, Refusal};
use orderhook_test_features::models::Echo;
use orderhook_test_features::server::callers::*;

use super::{Features, echo};

/// The first alternative of which `request` has every credential, unless one of them is `wrong`.
pub(super) fn authenticate(
    request: &Parts,
    operation: &'static Operation,
) -> Result<String, Refusal> {
    let mut met = operation
        .security
        .iter()
        .filter_map(|together| credentials(request, together));
    let met = met.next().filter(|met| !met.contains("wrong"));
    met.ok_or_else(Refusal::unauthorized)
}

fn credentials(request: &Parts, together: &Alternative) -> Option<String> {
    let credentials = together.iter().map(|requirement| {
        let credential = requirement.scheme.credential(request)?;
        let scopes = requirement.scopes.join(" ");
        Some(format!(
            "{} {credential} [{scopes}]",
            requirement.scheme.name
        ))
    });
    Some(credentials.collect::<Option<Vec<_>>>()?.join(" and "))
}

macro_rules! callers {
    ($($name:ident $principal:ty, $error:ident;)*) => {
        impl CallersApi for Features {
            $(async fn $name(&self, call: Call<$principal>) -> Result<Echo, $error> {
                Ok(echo((call.operation().id, call.principal)))
            })*
        }
    };
}

callers! {
    get_query_key String, GetQueryKeyError;
    get_header_key String, GetHeaderKeyError;
    get_cookie_key String, GetCookieKeyError;
    get_basic String, GetBasicError;
    get_digest String, GetDigestError;
    get_bearer String, GetBearerError;
    get_oauth String, GetOauthError;
    get_either String, GetEitherError;
    get_both String, GetBothError;
    get_optional Option<String>, GetOptionalError;
    get_anyone (), GetAnyoneError;
}
