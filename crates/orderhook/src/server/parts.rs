//! The parts of a running server, made from its configuration.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use http::HeaderValue;
use orderhook_delivery::{
    AddressPolicy, Clock, Drained, EngineHandle, EngineSettings, HttpTransport, Rate,
    RetentionSettings, Schedule, TransportOptions, retain,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_util::sync::CancellationToken;

use super::app::App;
use super::catalogue::{Catalogue, CatalogueEntry};
use super::database::OpenDatabase;
use super::metrics::Metrics;
use crate::config::{Config, DeliverySettings};
use crate::randomness::SystemRandomness;

/// What receivers see.
const USER_AGENT: &str = concat!("Orderhook/", env!("CARGO_PKG_VERSION"));

/// Everything that runs beside the listeners.
pub(crate) struct Parts {
    pub(crate) app: Arc<App>,
    pub(crate) metrics: Arc<Metrics>,
    /// None in a replica that leaves delivery to others.
    pub(crate) engine: Option<Arc<EngineHandle>>,
    upkeep: CancellationToken,
}

impl Parts {
    /// Puts everything on top of an open database, and starts to deliver what is due if that is this
    /// replica's role.
    pub(crate) async fn start(
        config: &Config,
        database: OpenDatabase,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new());
        let addresses = AddressPolicy::new(config.delivery.allowed_addresses.iter().copied());
        let app = Arc::new(App {
            store: database.store(),
            clock,
            randomness: Arc::new(SystemRandomness),
            addresses,
            catalogue: catalogue(config),
        });
        let upkeep = CancellationToken::new();
        let engine = if config.role.delivers() {
            let engine = start_engine(config, &app, &metrics).await?;
            database.dispatch_to(engine.dispatch());
            tokio::spawn(sweep(config, &app, upkeep.clone()));
            Some(Arc::new(engine))
        } else {
            None
        };
        Ok(Self {
            app,
            metrics,
            engine,
            upkeep,
        })
    }

    /// Waits until the engine can't deliver any more, which never happens to one that is not there.
    pub(crate) async fn engine_failed(&self) {
        match &self.engine {
            Some(engine) => engine.failed().await,
            None => std::future::pending().await,
        }
    }

    /// Begins no further attempt, and waits for those that have begun.
    ///
    /// # Errors
    /// Some were cut off; they will be made again.
    pub(crate) async fn drain(&self, deadline: Duration) -> anyhow::Result<()> {
        self.upkeep.cancel();
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        match engine.drain(deadline).await {
            Drained::Finished => Ok(()),
            Drained::Aborted { tasks } => {
                bail!("{tasks} attempts were cut off, and will be made again")
            }
        }
    }

    /// Writes what is left to write, and closes the database.
    pub(crate) async fn close(&self) {
        self.app.store.close().await;
    }
}

async fn start_engine(
    config: &Config,
    app: &App,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<EngineHandle> {
    let transport = HttpTransport::new(TransportOptions {
        policy: app.addresses.clone(),
        extra_roots: extra_roots(&config.delivery.extra_root_certificates)?,
        connect_timeout: config.delivery.connect_timeout,
        user_agent: HeaderValue::from_static(USER_AGENT),
        ..TransportOptions::default()
    })
    .context("no receiver could be trusted: the machine has no certificates of authorities")?;
    let engine = EngineHandle::start(
        Arc::clone(&app.store) as _,
        Arc::new(transport),
        Arc::clone(&app.clock),
        Arc::new(SystemRandomness),
        engine_settings(&config.delivery)?,
        Arc::clone(metrics) as _,
    );
    Ok(engine.await?)
}

/// Deletes what was kept long enough, until `stop`.
fn sweep(config: &Config, app: &App, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
    let settings = RetentionSettings {
        events: config.retention.events,
        idempotency: config.retention.idempotency_keys,
        ..RetentionSettings::default()
    };
    let (store, clock) = (Arc::clone(&app.store), Arc::clone(&app.clock));
    retain(store, clock, settings, stop)
}

fn engine_settings(delivery: &DeliverySettings) -> anyhow::Result<EngineSettings> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share from 0 to 1, as the configuration was checked"
    )]
    let jitter_percent = (delivery.jitter * 100.0).round() as u8;
    let schedule = Schedule::new(
        delivery.schedule.clone(),
        jitter_percent,
        delivery.retry_after_cap,
    )?;
    let mut settings = EngineSettings::default();
    settings.schedule = schedule;
    settings.attempt_timeout = delivery.attempt_timeout;
    settings.lease = delivery.lease;
    settings.disable_after = delivery.disable_after;
    settings.concurrency_per_endpoint = usize::try_from(delivery.concurrency_per_endpoint)?;
    settings.total_concurrency = usize::try_from(delivery.total_concurrency)?;
    settings.rate =
        NonZeroU32::new(delivery.rate_per_endpoint).map(|per_second| Rate { per_second });
    Ok(settings)
}

fn catalogue(config: &Config) -> Catalogue {
    let additions = config.event_types.iter().cloned();
    Catalogue::new(additions.map(|setting| CatalogueEntry {
        event_id: 0,
        event_type: setting.event_type,
        event_code: setting.event_code,
        category: setting.category,
        description: setting.description,
    }))
}

fn extra_roots(files: &[PathBuf]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let mut roots = Vec::new();
    for file in files {
        let read = || format!("cannot read the certificates of {}", file.display());
        let certificates = CertificateDer::pem_file_iter(file).with_context(read)?;
        for certificate in certificates {
            roots.push(certificate.with_context(read)?);
        }
    }
    Ok(roots)
}
