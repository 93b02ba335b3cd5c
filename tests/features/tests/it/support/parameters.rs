use orderhook_runtime::Call;
use orderhook_test_features::models::{Echo, Thing};
use orderhook_test_features::server::parameters::*;

use super::{Features, echo};

impl ParametersApi for Features {
    async fn get_plain(
        &self,
        _: Call<()>,
        path: GetPlainPath,
        query: GetPlainQuery,
    ) -> Result<Thing, GetPlainError> {
        Ok(Thing {
            name: path.name,
            size: query.limit.map(i64::from),
            tags: None,
        })
    }

    async fn get_simple(&self, _: Call<()>, path: GetSimplePath) -> Result<Echo, GetSimpleError> {
        Ok(echo(path))
    }

    async fn get_label(&self, _: Call<()>, path: GetLabelPath) -> Result<Echo, GetLabelError> {
        Ok(echo(path))
    }

    async fn get_matrix(&self, _: Call<()>, path: GetMatrixPath) -> Result<Echo, GetMatrixError> {
        Ok(echo(path))
    }

    async fn get_query(&self, _: Call<()>, query: GetQueryQuery) -> Result<Echo, GetQueryError> {
        Ok(echo(query))
    }

    async fn get_headers(
        &self,
        _: Call<()>,
        headers: GetHeadersHeaders,
    ) -> Result<Echo, GetHeadersError> {
        Ok(echo(headers))
    }

    async fn get_cookies(
        &self,
        _: Call<()>,
        cookies: GetCookiesCookies,
    ) -> Result<Echo, GetCookiesError> {
        Ok(echo(cookies))
    }
}
