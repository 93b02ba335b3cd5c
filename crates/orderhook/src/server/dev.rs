//! `serve --dev`: a first try without any set-up, on this machine alone.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use figment::Figment;
use figment::providers::{Format as _, Toml};
use orderhook_api::runtime::Refusal;
use orderhook_store::{Operator, Randomness as _};
use orderhook_types::Secret;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::app::App;
use super::refused::{Refused, once};
use crate::config::{Config, Database};
use crate::randomness::{MERCHANT_TOKEN, OPERATOR_TOKEN, SystemRandomness, token_hash};

/// Everything that `serve --dev` keeps; deleting it starts over.
pub(crate) const FOLDER: &str = ".orderhook-dev";
const DATABASE: &str = "orderhook.db";
const ENCRYPTION_KEY: &str = "encryption.key";
/// Read by every command that is started beside the folder.
pub(crate) const CLIENT_SETTINGS: &str = "client.toml";

/// Points `config` at the folder, and opens the address policy for receivers on this machine.
pub(crate) fn prepare(config: &mut Config, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    config.database = Database::Sqlite(folder.join(DATABASE));
    if config.encryption_keys.is_empty() {
        let path = folder.join(ENCRYPTION_KEY);
        let key = encryption_key(&path)
            .with_context(|| format!("cannot read or write {}", path.display()))?;
        config.encryption_keys.push(
            key.parse()
                .map_err(|rule| anyhow::anyhow!("{}: {rule}", path.display()))?,
        );
    }
    for opened in ["127.0.0.0/8:*", "[::1]:*"] {
        let opened = opened.parse().context("the addresses of this machine")?;
        config.delivery.allowed_addresses.push(opened);
    }
    Ok(())
}

fn encryption_key(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    // Only where there is none: a key that can't be read just now must not be replaced.
    if path.exists() {
        let text = Zeroizing::new(fs::read_to_string(path)?);
        return Ok(Zeroizing::new(text.trim().to_owned()));
    }
    let mut bytes = Zeroizing::new([0; 32]);
    let filled = SystemRandomness.fill(bytes.as_mut_slice());
    filled.map_err(|error| anyhow::anyhow!(error))?;
    let key = Zeroizing::new(format!("1:{}", STANDARD.encode(bytes.as_slice())));
    write_privately(path, &key)?;
    Ok(key)
}

/// What a first try needs to know; kept in the folder, where every command finds it.
#[derive(Deserialize)]
pub(crate) struct Introduction {
    merchant: i64,
    token: Secret,
    operator_token: Secret,
}

/// Makes a merchant and the tokens, once, and says where the server listens this time.
pub(crate) async fn introduce(
    app: &App,
    folder: &Path,
    merchant_address: SocketAddr,
    operator_address: SocketAddr,
) -> anyhow::Result<()> {
    let settings = folder.join(CLIENT_SETTINGS);
    let known = known(&settings)?;
    let is_new = known.is_none();
    let introduction = match known {
        Some(introduction) => introduction,
        None => make(app).await?,
    };
    let text = Zeroizing::new(format!(
        "# Made by `orderhook serve --dev`; every command started in this folder reads it.\n\
         server = \"http://{merchant_address}\"\n\
         operator_server = \"http://{operator_address}\"\n\
         merchant = {}\n\
         token = \"{}\"\n\
         operator_token = \"{}\"\n",
        introduction.merchant,
        introduction.token.reveal(),
        introduction.operator_token.reveal(),
    ));
    write_privately(&settings, &text)?;
    if is_new {
        introduction.print(&settings, &mut io::stdout().lock())?;
    }
    Ok(())
}

/// What an earlier start made, if there was one.
fn known(settings: &Path) -> anyhow::Result<Option<Introduction>> {
    if !settings.exists() {
        return Ok(None);
    }
    let known = Figment::from(Toml::file_exact(settings)).extract();
    let known = known.with_context(|| format!("cannot read {}", settings.display()))?;
    Ok(Some(known))
}

async fn make(app: &App) -> anyhow::Result<Introduction> {
    let failed = |refused: Refused| anyhow::anyhow!(Refusal::from(refused));
    let now = app.clock.now();
    let sign_secret = app.new_sign_secret().map_err(failed)?;
    let created = app
        .store
        .create_merchant("dev", &sign_secret, None, now)
        .await?;
    let merchant_id = once(created).map_err(failed)?.merchant_id;
    let token = app.new_token(MERCHANT_TOKEN).map_err(failed)?;
    let operator = Operator {
        id: 1,
        name: "dev".to_owned(),
    };
    app.store
        .create_token(merchant_id, &operator, &token, None, now)
        .await?;
    let operator_token = app.new_token(OPERATOR_TOKEN).map_err(failed)?;
    let hash = token_hash(operator_token.reveal());
    app.store.create_operator_token("dev", &hash, now).await?;
    Ok(Introduction {
        merchant: merchant_id.0,
        token,
        operator_token,
    })
}

impl Introduction {
    /// The one time that the tokens are shown.
    fn print(&self, settings: &Path, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "merchant        {}", self.merchant)?;
        writeln!(to, "merchant token  {}", self.token.reveal())?;
        writeln!(to, "operator token  {}", self.operator_token.reveal())?;
        writeln!(
            to,
            "\nBoth are kept in {}, where commands find them. Next, in this folder:",
            settings.display()
        )?;
        writeln!(
            to,
            "  orderhook listen               # a receiver that shows each push"
        )?;
        writeln!(
            to,
            "  orderhook trigger card.load    # and something to push"
        )
    }
}

/// A file that nobody but its owner reads.
fn write_privately(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
