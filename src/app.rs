//! Builds every room once and joins them; nobody names this file but `main` and `cli`.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use actix_web::dev::Server;
use tokio::sync::{mpsc, watch};

use crate::app::decoding::{
    INTAKE_THREADS, decoding, media_limits, picture_limits, proven_decoding,
};
use crate::app::keeping::{announce_master_key, open_store, refuse_nothing, scratch};
use crate::app::models::{
    announce, announce_absent, examiner_that, load_examiner, model_facts, open_packs,
};
use crate::app::serving::{serve, serve_metrics};
use crate::config::Config;
use crate::http::address::NoNetwork;
use crate::http::tls::{Certificate, TlsError};
use crate::operations::clock::Clock;
use crate::operations::rates::Rates;
use crate::operations::{Operations, OperationsSettings, Parts};
use crate::packs::error::PackError;
use crate::pipeline::examiner::{Examiner, ModelFacts};
use crate::sandbox::decoding::Decoding;
use crate::sandbox::error::SandboxError;
use crate::scoring::rules::{self, Rules, RulesError};
use crate::scratch::Scratch;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::vision::error::VisionError;
use crate::worker::Workers;

pub mod decoding;
pub mod models;

mod keeping;
mod serving;

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("{0}")]
    Packs(#[from] PackError),
    #[error("{0}")]
    Vision(#[from] VisionError),
    #[error("uploads cannot be decoded behind walls: {0}")]
    Sandbox(#[from] SandboxError),
    /// A percentage without a measurement behind it would mean nothing.
    #[error(
        "the embedder {pack} has no calibration in the manifest; `likeness eval PAIRS.csv --pack {pack} --calibrate` writes one"
    )]
    Uncalibrated { pack: String },
    #[error("the rule file {file} is refused: {source}")]
    Rules {
        file: String,
        #[source]
        source: RulesError,
    },
    #[error("there is no database at {file}; say where it is with --data")]
    NothingKept { file: String },
    #[error("the database or the data folder cannot be opened: {0}")]
    Store(#[from] StoreError),
    #[error("the setting trusted_proxies: {0}")]
    Proxies(#[from] NoNetwork),
    #[error("{0}")]
    Tls(#[from] TlsError),
    #[error("{what}: {source}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
}

/// What examines: the real networks, or what a test brings.
pub enum Instruments {
    /// Verified when the service is built, warmed while it already answers.
    Packs,
    /// What a test brings; without an examiner the models never become warm.
    Given(ModelFacts, Option<Arc<dyn Examiner>>),
}

/// A service that is listening.
pub struct App {
    server: Server,
    address: SocketAddr,
    /// Where the numbers are served, if on an address of their own.
    metrics: Option<(Server, SocketAddr)>,
    operations: Operations,
    workers: Workers,
    warm_up: Option<tokio::task::JoinHandle<Result<(), VisionError>>>,
    certificate: Option<Arc<Certificate>>,
    /// How long it takes at most to finish what it has begun.
    stop: Duration,
    /// Goes away with the service, and the files in it.
    _scratch: Scratch,
}

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the clock everybody else asks"
        )]
        let now = std::time::SystemTime::now();
        let since = now
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl App {
    /// Checks the packs and the rules, opens the store, binds the address, and starts the workers.
    pub async fn build(
        config: &Config,
        clock: Arc<dyn Clock>,
        instruments: Instruments,
    ) -> Result<Self, AppError> {
        let certificate = Certificate::open(&config.tls_certificate, &config.tls_key)?;
        let default_rules = default_rules(&config.rules)?;
        let (models, packs) = match &instruments {
            Instruments::Packs => {
                let packs = open_packs(config)?;
                (model_facts(&packs), Some(packs))
            }
            Instruments::Given(models, _) => (models.clone(), None),
        };
        announce(&models);
        announce_absent(&models);
        let decoding = proven_decoding(config).await?;
        let store = open_store(config).await?;
        announce_master_key(config);
        let scratch = scratch(config)?;
        let (warm, examiner) = watch::channel(None);
        let operations = Operations::new(Parts {
            store: store.clone(),
            clock,
            models,
            examiner,
            settings: operations_settings(config, default_rules, scratch.path()),
            decoding: decoding.clone(),
        });
        operations.sweep_blobs().await;
        announce_audit(&store).await?;
        let (server, address) = serve(config, &operations, certificate.as_ref())?;
        let metrics = serve_metrics(config, &operations)?;
        let warm_up = match (instruments, packs) {
            (Instruments::Given(_, examiner), _) => {
                warm.send_replace(examiner);
                None
            }
            (Instruments::Packs, packs) => packs.map(|packs| {
                let limits = (picture_limits(config), media_limits(config));
                tokio::task::spawn_blocking(move || {
                    let examiner = load_examiner(&packs, limits.0, limits.1, decoding)?;
                    examiner.warm_up()?;
                    warm.send_replace(Some(Arc::new(examiner)));
                    tracing::info!("the models are warm");
                    Ok(())
                })
            }),
        };
        Ok(Self {
            server,
            address,
            metrics,
            workers: Workers::start(&operations, workers(config)),
            operations,
            warm_up,
            certificate,
            stop: Duration::from_secs(u64::from(config.stop_seconds)),
            _scratch: scratch,
        })
    }

    /// Where it listens, the port known even when the system chose it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the numbers are served, if on an address of their own.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(_, address)| *address)
    }

    /// The verbs, for a test that prepares what no door offers.
    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    /// Stops the server when it is dropped or told to.
    pub fn handle(&self) -> actix_web::dev::ServerHandle {
        self.server.handle()
    }

    /// Whether callers come by TLS.
    pub fn is_by_tls(&self) -> bool {
        self.certificate.is_some()
    }

    /// Serves until it is told to stop, then finishes what it has begun, within its time. Told a second time, it
    /// finishes nothing more.
    pub async fn run_until(self, mut told: mpsc::Receiver<()>) -> Result<Ended, AppError> {
        let (handle, time) = (self.handle(), self.stop);
        let mut running = pin!(self.run());
        tokio::select! {
            ended = &mut running => return ended.map(|()| Ended::InOrder),
            Some(()) = told.recv() => {}
        }
        tracing::info!("told to stop: nothing new is taken, and what was begun is finished");
        let _stopping = tokio::spawn(handle.stop(true));
        tokio::select! {
            ended = &mut running => ended.map(|()| Ended::InOrder),
            () = tokio::time::sleep(time) => Ok(Ended::OutOfTime),
            Some(()) = told.recv() => Ok(Ended::AtOnce),
        }
    }

    /// Serves until its handle stops it, then finishes what is being examined.
    pub async fn run(self) -> Result<(), AppError> {
        let mut server = self.server;
        let fresh = self.certificate.map(Certificate::keep_fresh);
        let _fresh = fresh.map(|work| Ending(tokio::spawn(work).abort_handle()));
        let numbers = self.metrics.map(|(server, _)| tokio::spawn(server));
        // The numbers are told to the end, and keep nobody from ending.
        let _numbers = numbers.map(|task| Ending(task.abort_handle()));
        if let Some(warm_up) = self.warm_up {
            tokio::select! {
                warmed = warm_up => if let Ok(result) = warmed { result? },
                stopped = &mut server => return finish(stopped, self.workers).await,
            }
        }
        let stopped = server.await;
        finish(stopped, self.workers).await
    }
}

/// How a service ended that was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything that was begun is finished.
    InOrder,
    /// Its time ran out; what was not finished goes on after the next start.
    OutOfTime,
    /// It was told a second time.
    AtOnce,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "App({})", self.address)
    }
}

/// A task that ends with what holds this.
struct Ending(tokio::task::AbortHandle);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn finish(stopped: std::io::Result<()>, workers: Workers) -> Result<(), AppError> {
    workers.stop().await;
    stopped.map_err(|source| AppError::Io {
        what: "the server broke off".to_owned(),
        source,
    })
}

/// The verbs without a server and without models: for the commands that manage projects and tokens.
pub async fn operations(config: &Config) -> Result<(Operations, Scratch), AppError> {
    let rules = rules::DEFAULT.to_owned();
    verbs(
        config,
        rules,
        ModelFacts::default(),
        None,
        decoding(config)?,
    )
    .await
}

/// The same with the rules that the service would judge by, refused when they make no sense.
pub async fn operations_with_rules(config: &Config) -> Result<(Operations, Scratch), AppError> {
    let rules = default_rules(&config.rules)?;
    verbs(
        config,
        rules,
        ModelFacts::default(),
        None,
        decoding(config)?,
    )
    .await
}

/// The verbs over a database that is there already: for commands that only read, which must not
/// find a new, empty one in order.
pub async fn operations_on_kept(config: &Config) -> Result<(Operations, Scratch), AppError> {
    refuse_nothing(config)?;
    operations(config).await
}

/// The verbs without a server, the models loaded here and now.
pub async fn operations_with_models(config: &Config) -> Result<(Operations, Scratch), AppError> {
    let decoding = decoding(config)?;
    let (examiner, models) = examiner_that(config, decoding.clone())?;
    let rules = rules::DEFAULT.to_owned();
    verbs(config, rules, models, Some(Arc::new(examiner)), decoding).await
}

async fn verbs(
    config: &Config,
    default_rules: String,
    models: ModelFacts,
    examiner: Option<Arc<dyn Examiner>>,
    decoding: Decoding,
) -> Result<(Operations, Scratch), AppError> {
    let store = open_store(config).await?;
    let scratch = scratch(config)?;
    let operations = Operations::new(Parts {
        store,
        clock: Arc::new(SystemClock),
        models,
        examiner: watch::channel(examiner).1,
        settings: operations_settings(config, default_rules, scratch.path()),
        decoding,
    });
    Ok((operations, scratch))
}

/// The rules of projects that have none of their own; refused here when they make no sense.
pub fn default_rules(file: &Path) -> Result<String, AppError> {
    let (name, text) = if file.as_os_str().is_empty() {
        (
            "scoring-rules/default.json".to_owned(),
            rules::DEFAULT.to_owned(),
        )
    } else {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|source| AppError::Io {
            what: format!("the rule file {name} cannot be read"),
            source,
        })?;
        (name, text)
    };
    Rules::parse(&text).map_err(|source| AppError::Rules { file: name, source })?;
    Ok(text)
}

/// Leaves the end of the audit log in the service's own log, which is kept elsewhere.
async fn announce_audit(store: &Store) -> Result<(), StoreError> {
    let head = store.audit_head().await?;
    tracing::info!(seq = head.seq, hash = head.hash, "the audit log ends here");
    Ok(())
}

/// Examinations at a time: as many as were asked for, or one a core.
fn workers(config: &Config) -> usize {
    match config.workers {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        asked => asked,
    }
}

fn operations_settings(
    config: &Config,
    default_rules: String,
    scratch: &Path,
) -> OperationsSettings {
    OperationsSettings {
        scratch: scratch.to_owned(),
        default_rules,
        picture_limits: picture_limits(config),
        media_limits: media_limits(config),
        max_queued: config.max_queued,
        lease_ms: i64::from(config.lease_seconds) * 1000,
        max_attempts: config.max_attempts,
        intake_threads: INTAKE_THREADS,
        look_threads: config.look_threads,
        max_waiting_looks: config.max_waiting_looks,
        max_awaited: match config.max_awaited {
            0 => workers(config),
            asked => asked,
        },
        callback_hosts: config.callback_hosts.clone(),
        fremis_project: Some(config.fremis_project.clone()).filter(|name| !name.is_empty()),
        rates: Rates {
            per_token: config.rate_per_token,
            per_address: config.rate_per_address,
            burst: config.rate_burst,
        },
    }
}
