//! `config`: every setting, and where it comes from.

use clap::Subcommand;

use crate::config::DEFAULTS;
use crate::context::Context;
use crate::exit::Failure;
use crate::output::list;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every setting with its origin; secrets are redacted
    Show,
    /// Print the reference: every setting, explained, with its default
    Reference,
}

pub(crate) fn run(command: &ConfigCommand, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    match command {
        ConfigCommand::Reference => output.text(DEFAULTS),
        ConfigCommand::Show => {
            let settings = context.loaded.settings(output.reveal)?;
            if output.json {
                let settings = serde_json::to_value(&settings).map_err(anyhow::Error::new)?;
                return output.raw_json(&settings);
            }
            let rows = settings.into_iter().map(|setting| {
                let value = match setting.value {
                    serde_json::Value::Null => String::new(),
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                };
                vec![setting.key, value, setting.origin]
            });
            output.text(&list(&["KEY", "VALUE", "ORIGIN"], rows.collect()))
        }
    }
}
