//! Builds every room once and joins them; nobody names this file but `main` and `cli`.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App as Routes, HttpServer, web};
use tokio::sync::{mpsc, watch};

use crate::config::{Config, SandboxMode};
use crate::http::address::NoNetwork;
use crate::http::call_log::with_call_log;
use crate::http::idempotency::with_idempotency;
use crate::http::limits::with_limits;
use crate::http::metrics::{self, Readers};
use crate::http::request_id::with_request_id;
use crate::http::routes;
use crate::http::secure_headers::with_secure_headers;
use crate::http::settings::HttpSettings;
use crate::http::tls::{Certificate, TlsError};
use crate::media::limits::MediaLimits;
use crate::operations::clock::Clock;
use crate::operations::rates::Rates;
use crate::operations::{Operations, OperationsSettings, Parts};
use crate::packs::cache::{self, OpenPack, OpenPacks};
use crate::packs::error::PackError;
use crate::packs::folder::ModelsFolder;
use crate::pipeline::examine::{FaceExaminer, Networks};
use crate::pipeline::examiner::{Examiner, ModelFacts};
use crate::sandbox::bounds::Bounds;
use crate::sandbox::decoding::Decoding;
use crate::sandbox::error::SandboxError;
use crate::sandbox::pool::{self, Sandbox, SandboxSettings};
use crate::scoring::rules::{self, Rules, RulesError};
use crate::scratch::Scratch;
use crate::session::examination::PackHash;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::options::{BlobOptions, BucketAccess, MasterKeySource, StoreOptions};
use crate::vision::detector::Detector;
use crate::vision::embedder::Embedder;
use crate::vision::error::VisionError;
use crate::vision::landmarks::Landmarker;
use crate::vision::liveness::PassiveLiveness;
use crate::vision::mask::{self, MaskClassifier};
use crate::vision::picture::PictureLimits;
use crate::worker::Workers;

/// How long the head of a request may take to come in.
const MAX_HEADER_TIME: Duration = Duration::from_secs(5);

/// Received files that are looked at at once, before anything of them is stored.
const INTAKE_THREADS: usize = 2;

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

fn serve(
    config: &Config,
    operations: &Operations,
    certificate: Option<&Arc<Certificate>>,
) -> Result<(Server, SocketAddr), AppError> {
    let cannot_listen = |source| AppError::Io {
        what: format!(
            "cannot listen on {}; choose another with --listen",
            config.listen
        ),
        source,
    };
    let listener = TcpListener::bind(config.listen).map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let operations = web::Data::new(operations.clone());
    let settings = web::Data::new(HttpSettings {
        max_document_bytes: config.max_document_bytes,
        max_video_bytes: config.max_video_bytes,
        max_picture_bytes: config.max_picture_bytes,
        max_json_bytes: config.max_json_bytes,
        max_wait: Duration::from_secs(u64::from(config.max_wait_seconds)),
        max_receive: Duration::from_secs(u64::from(config.max_receive_seconds)),
        by_tls: certificate.is_some(),
        trusted_proxies: config.trusted_proxies.parse()?,
    });
    let readers = readers(config);
    let server = HttpServer::new(move || {
        Routes::new()
            .app_data(operations.clone())
            .app_data(settings.clone())
            // The last one sees a request first.
            .wrap(from_fn(with_call_log))
            .wrap(from_fn(with_idempotency))
            .wrap(from_fn(with_limits))
            .wrap(from_fn(with_secure_headers))
            .wrap(from_fn(with_request_id))
            .configure(|routes| routes::configure(routes, &readers))
    })
    .workers(2)
    .client_request_timeout(MAX_HEADER_TIME)
    .shutdown_timeout(u64::from(config.stop_seconds))
    // Signals are heard by `cli`, which has a second one stop the service at once.
    .disable_signals();
    let server = match certificate {
        None => server.listen(listener),
        Some(certificate) => server.listen_rustls_0_23(listener, certificate.server()?),
    };
    Ok((server.map_err(cannot_listen)?.run(), address))
}

fn readers(config: &Config) -> Readers {
    Readers {
        token: config.metrics_token.0.clone(),
    }
}

/// Serves the numbers on an address of their own, where one is set.
fn serve_metrics(
    config: &Config,
    operations: &Operations,
) -> Result<Option<(Server, SocketAddr)>, AppError> {
    let text = config.metrics_listen.as_str();
    if text.is_empty() {
        return Ok(None);
    }
    let cannot_listen = |source| AppError::Io {
        what: format!("`metrics_listen` is no address to listen on: {text}"),
        source,
    };
    let address = text
        .parse()
        .map_err(|_| cannot_listen(std::io::ErrorKind::InvalidInput.into()))?;
    let operations = web::Data::new(operations.clone());
    let server = metrics::listen(address, operations, readers(config)).map_err(cannot_listen)?;
    tracing::info!(address = %server.1, "the numbers are served");
    Ok(Some(server))
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

fn refuse_nothing(config: &Config) -> Result<(), AppError> {
    let file = config.data.join("likeness.db");
    if config.database_url.0.is_empty() && !file.exists() {
        return Err(AppError::NothingKept {
            file: file.display().to_string(),
        });
    }
    Ok(())
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

/// The real examiner, loaded here and now.
pub fn examiner(config: &Config) -> Result<(FaceExaminer, ModelFacts), AppError> {
    examiner_that(config, decoding(config)?)
}

/// The same for files of the operator's own, which measurements are made with: they are decoded in this process.
pub fn trusting_examiner(config: &Config) -> Result<(FaceExaminer, ModelFacts), AppError> {
    examiner_that(config, Decoding::InProcess)
}

fn examiner_that(
    config: &Config,
    decoding: Decoding,
) -> Result<(FaceExaminer, ModelFacts), AppError> {
    let packs = open_packs(config)?;
    let facts = model_facts(&packs);
    let examiner = load_examiner(
        &packs,
        picture_limits(config),
        media_limits(config),
        decoding,
    )?;
    Ok((examiner, facts))
}

/// The detector and the embedder of the configured packs.
pub fn networks(config: &Config) -> Result<(Detector, Embedder, ModelFacts), AppError> {
    let packs = open_packs(config)?;
    let facts = model_facts(&packs);
    let detector = Detector::load(&packs.detector.weights)?;
    let embedder = Embedder::load(&packs.embedder)?;
    Ok((detector, embedder, facts))
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

/// What a picture may cost.
pub fn picture_limits(config: &Config) -> PictureLimits {
    PictureLimits {
        max_pixels: config.max_document_pixels,
    }
}

/// What a video may cost.
pub fn media_limits(config: &Config) -> MediaLimits {
    MediaLimits {
        max_bytes: config.max_video_bytes,
        max_duration_ms: u64::from(config.max_video_seconds) * 1000,
        max_pixels: config.max_video_pixels,
        max_streams: config.max_video_streams,
    }
}

/// Where files of strangers are decoded; no process is started before there is a file.
pub fn decoding(config: &Config) -> Result<Decoding, AppError> {
    if config.sandbox == SandboxMode::Off {
        return Ok(Decoding::InProcess);
    }
    Ok(Decoding::Walled(Sandbox::open(sandbox_settings(config))?))
}

/// The same with a process started and its walls announced, so that a service which cannot have them does not start.
async fn proven_decoding(config: &Config) -> Result<Decoding, AppError> {
    let decoding = decoding(config)?;
    let Decoding::Walled(sandbox) = &decoding else {
        tracing::warn!("uploads are decoded without walls: sandbox = \"off\"");
        return Ok(decoding);
    };
    let sandbox = sandbox.clone();
    let proven = tokio::task::spawn_blocking(move || sandbox.prove()).await;
    pool::announce(proven.map_err(|error| SandboxError::Start(error.into()))??);
    Ok(decoding)
}

/// Bytes for a pixel of a picture: it is decoded with up to eight, held a second time while it is turned, and again as RGB.
const BYTES_PER_DOCUMENT_PIXEL: u64 = 24;
/// And of a video: up to three in each of the pictures that a decoder keeps, and three in each that is handed over.
const BYTES_PER_VIDEO_PIXEL: u64 = 96;
/// What everything else takes: the file's bytes, the threads' stacks, tables.
const OTHER_DECODING_BYTES: u64 = 256 << 20;
/// Threads that may compute at once in one decoding process.
const DECODING_THREADS: u64 = 3;

fn sandbox_settings(config: &Config) -> SandboxSettings {
    let video_seconds = match config.sandbox_seconds {
        0 => config
            .max_video_seconds
            .saturating_mul(2)
            .saturating_add(60),
        asked => asked,
    };
    let memory_bytes = match config.sandbox_memory_megabytes {
        0 => {
            let document = config.max_document_pixels * BYTES_PER_DOCUMENT_PIXEL;
            let video = config.max_video_pixels * BYTES_PER_VIDEO_PIXEL;
            document.max(video) + config.max_document_bytes + OTHER_DECODING_BYTES
        }
        asked => asked.saturating_mul(1_000_000),
    };
    let program = if config.decoder.as_os_str().is_empty() {
        // Whatever lies at the program's path by then: this is what runs now.
        PathBuf::from("/proc/self/exe")
    } else {
        config.decoder.clone()
    };
    SandboxSettings {
        program,
        strict: config.sandbox == SandboxMode::Strict,
        ready: config.sandbox_ready,
        // An examination decodes its document and, twice at a time, its video.
        most: 3 * workers(config) + config.look_threads + INTAKE_THREADS,
        bounds: Bounds {
            memory_bytes,
            computing_seconds: u64::from(video_seconds) * DECODING_THREADS,
        },
        picture_patience: Duration::from_secs(u64::from(video_seconds.min(60))),
        video_patience: Duration::from_secs(u64::from(video_seconds)),
    }
}

fn open_packs(config: &Config) -> Result<OpenPacks, AppError> {
    let folder = ModelsFolder::new(&config.models);
    let (manifest, cache) = (folder.manifest()?, folder.cache());
    let mut packs = if config.embedder.is_empty() {
        cache::open(&manifest, &cache)?
    } else {
        cache::open_with(&manifest, &cache, &config.embedder)?
    };
    packs.embedder = packs.embedder.at(config.precision.parse()?)?;
    if packs.embedder.pack.calibration.is_none() {
        return Err(AppError::Uncalibrated {
            pack: packs.embedder.pack.name,
        });
    }
    Ok(packs)
}

fn model_facts(packs: &OpenPacks) -> ModelFacts {
    let name = |open: &OpenPack| open.pack.name.clone();
    let all = [&packs.detector, &packs.embedder]
        .into_iter()
        .chain(&packs.landmarks)
        .chain(&packs.liveness);
    let built_in = PackHash {
        name: mask::NAME.to_owned(),
        sha256: mask::sha256_of_weights(),
    };
    ModelFacts {
        detector: name(&packs.detector),
        embedder: name(&packs.embedder),
        weaker: packs.weaker,
        mask: Some(mask::NAME.to_owned()),
        liveness: packs.liveness.as_ref().map(name),
        landmarks: packs.landmarks.as_ref().map(name),
        hashes: all
            .map(|open| PackHash {
                name: name(open),
                sha256: open.fingerprint(),
            })
            .chain([built_in])
            .collect(),
    }
}

fn announce(models: &ModelFacts) {
    tracing::info!(
        detector = models.detector,
        embedder = models.embedder,
        landmarks = models.landmarks,
        liveness = models.liveness,
        "these packs decide"
    );
    if models.weaker {
        tracing::warn!(
            embedder = models.embedder,
            "the weaker embedder decides; `likeness models pull` fetches the better one where its source can be reached"
        );
    }
}

/// Says once what a service without a pack cannot do.
fn announce_absent(models: &ModelFacts) {
    for (what, pack) in [
        ("landmarks", &models.landmarks),
        ("liveness", &models.liveness),
    ] {
        if pack.is_none() {
            tracing::warn!(
                what,
                "no pack of this kind is installed, and nothing is said of it; `likeness models pull` fetches it where its source can be reached"
            );
        }
    }
}

/// Leaves the end of the audit log in the service's own log, which is kept elsewhere.
async fn announce_audit(store: &Store) -> Result<(), StoreError> {
    let head = store.audit_head().await?;
    tracing::info!(seq = head.seq, hash = head.hash, "the audit log ends here");
    Ok(())
}

fn load_examiner(
    packs: &OpenPacks,
    picture_limits: PictureLimits,
    media_limits: MediaLimits,
    decoding: Decoding,
) -> Result<FaceExaminer, VisionError> {
    let detector = Detector::load(&packs.detector.weights)?;
    let embedder = Embedder::load(&packs.embedder)?;
    let passive = packs.liveness.as_ref().map(PassiveLiveness::load);
    let landmarker = packs.landmarks.as_ref().map(Landmarker::load);
    let networks = Networks {
        detector,
        embedder,
        passive: passive.transpose()?,
        landmarker: landmarker.transpose()?,
        mask: MaskClassifier::built_in()?,
    };
    Ok(FaceExaminer::new(
        networks,
        picture_limits,
        media_limits,
        decoding,
    ))
}

async fn open_store(config: &Config) -> Result<Store, AppError> {
    Ok(Store::open(&StoreOptions {
        database_url: config.database(),
        blobs: blobs(config)?,
        master_keys: master_keys(config),
        max_connections: config.database_connections,
    })
    .await?)
}

fn blobs(config: &Config) -> Result<BlobOptions, StoreError> {
    let access = BucketAccess {
        endpoint: config.s3_endpoint.clone(),
        region: config.s3_region.clone(),
        key_id: config.s3_key_id.0.clone(),
        secret: config.s3_secret.0.clone(),
    };
    BlobOptions::at(&config.blobs_url, &config.data, access)
}

/// The master keys that were given, or a file in the data folder.
fn master_keys(config: &Config) -> MasterKeySource {
    if !config.master_key.0.is_empty() {
        return MasterKeySource::Given(config.master_key.0.clone());
    }
    if !config.master_key_file.as_os_str().is_empty() {
        return MasterKeySource::File(config.master_key_file.clone());
    }
    MasterKeySource::Made(config.data.join("master.key"))
}

/// Says where the master key lies when that is beside what it protects.
fn announce_master_key(config: &Config) {
    if let MasterKeySource::Made(file) = master_keys(config) {
        tracing::warn!(
            file = %file.display(),
            "the master key lies in the data folder: whoever has the folder has the key too; give it by `master_key` or `master_key_file` from elsewhere"
        );
    }
}

/// A folder of this process's own below the data folder, or where the setting says.
fn scratch(config: &Config) -> Result<Scratch, AppError> {
    let parent = if config.scratch.as_os_str().is_empty() {
        config.data.join("scratch")
    } else {
        config.scratch.clone()
    };
    Scratch::open(&parent).map_err(|source| AppError::Io {
        what: format!("the folder {} cannot be made", parent.display()),
        source,
    })
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
