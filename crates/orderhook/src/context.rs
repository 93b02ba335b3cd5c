//! What a command has at hand: the settings, the output, the two clients.

use orderhook_client::{Client, operator};
use orderhook_types::Secret;

use crate::config::Loaded;
use crate::exit::Failure;
use crate::output::Output;

const USER_AGENT: &str = concat!("orderhook/", env!("CARGO_PKG_VERSION"));

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    /// The settings, and where they come from.
    pub(crate) loaded: Loaded,
    /// Where to print.
    pub(crate) output: Output,
}

impl Context {
    /// The client of the merchant API.
    ///
    /// # Errors
    /// There is no merchant's token, or it can't be sent.
    pub(crate) fn merchant_api(&self) -> Result<Client, Failure> {
        let config = &self.loaded.config;
        let token = required(config.token.as_ref(), "merchant", "TOKEN", "--token-file")?;
        let builder = Client::builder(&config.server, token.reveal());
        Ok(builder.user_agent(USER_AGENT).build()?)
    }

    /// The client of the operator API.
    ///
    /// # Errors
    /// There is no operator's token, or it can't be sent.
    pub(crate) fn operator_api(&self) -> Result<operator::Client, Failure> {
        let config = &self.loaded.config;
        let token = required(
            config.operator_token.as_ref(),
            "operator",
            "OPERATOR_TOKEN",
            "--operator-token-file",
        )?;
        let builder = operator::Client::builder(&config.operator_server, token.reveal());
        Ok(builder.user_agent(USER_AGENT).build()?)
    }

    /// The merchant that a command is about: the configured one, or the only one there is.
    pub(crate) async fn merchant(&self, operator: &operator::Client) -> Result<i64, Failure> {
        if let Some(merchant) = self.loaded.config.merchant {
            return Ok(merchant);
        }
        let merchants = operator.list_merchants().limit(2).send().await?;
        match merchants.data.data.as_slice() {
            [only] => Ok(only.merchant_id),
            [] => Err(Failure::not_found(
                "there is no merchant yet; `orderhook merchant create` makes one",
            )),
            _ => Err(Failure::usage(
                "there are several merchants; name one by --merchant or ORDERHOOK_MERCHANT",
            )),
        }
    }
}

fn required<'a>(
    token: Option<&'a Secret>,
    whose: &str,
    variable: &str,
    flag: &str,
) -> Result<&'a Secret, Failure> {
    token.ok_or_else(|| {
        Failure::unauthorized(format!(
            "there is no {whose}'s token; set ORDERHOOK_{variable} or pass {flag}"
        ))
    })
}
