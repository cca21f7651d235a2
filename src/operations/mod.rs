//! The verbs: what the service can do, one a file. `ls` here is the feature list.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::media::limits::MediaLimits;
use crate::metrics::Metrics;
use crate::notify::guard::Guard;
use crate::notify::post::Poster;
use crate::operations::clock::Clock;
use crate::operations::lanes::Lanes;
use crate::operations::passwords::Passwords;
use crate::operations::places::{Awaited, Places};
use crate::operations::rates::{Ledger, Rates};
use crate::operations::read_video::Viewings;
use crate::operations::residents::Residents;
use crate::operations::signal::Signalling;
use crate::operations::vitals::Vitals;
use crate::operations::watch_over::Findings;
use crate::pipeline::examiner::{Examiner, ModelFacts};
use crate::sandbox::deaths::Deaths;
use crate::sandbox::decoding::Decoding;
use crate::sandbox::pool::Sandbox;
use crate::sandbox::walls::Standing;
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::vision::picture::PictureLimits;

pub mod accept_evidence;
pub mod admit;
pub(crate) mod audit_entry;
pub mod audit_log;
pub mod authenticate;
pub mod await_examination;
mod background;
pub mod backtest;
pub mod browse;
pub mod change_person;
pub mod check_consent;
pub mod check_liveness;
pub mod check_rules;
pub mod claim_review;
pub mod clock;
pub mod compare;
pub mod compare_seen;
pub mod decide;
pub mod decide_later;
pub mod deliveries;
pub mod detect;
pub mod draw_challenge;
pub mod embed_picture;
pub mod end_session;
pub mod enrol;
pub mod enrol_applicant;
pub mod enrol_with_card;
pub mod erase_session;
pub mod error;
pub mod exchange_token;
mod expire_kinds;
pub mod expire_sessions;
pub mod hold_session;
pub mod identify;
pub mod intake;
pub mod keep_order;
mod lanes;
pub mod look;
pub mod manage_galleries;
pub mod manage_keys;
pub mod manage_members;
pub mod manage_officers;
pub mod manage_people;
pub mod manage_projects;
pub mod manage_rules;
pub mod manage_tokens;
pub mod manage_webhooks;
pub mod match_faces;
pub mod open_session;
pub mod overview;
pub mod passwords;
pub mod picture_fault;
pub mod places;
pub mod post_results;
pub mod rates;
pub mod re_embed;
pub mod read_case;
pub mod read_decisions;
pub mod read_picture;
pub mod read_rules;
pub mod read_sessions;
pub mod read_video;
pub mod recognize_applicant;
pub mod record_consent;
pub mod refuse_duplicates;
pub mod replay;
pub mod replay_from_media;
pub mod request_examination;
mod residents;
pub mod review_quality;
pub mod review_queue;
pub mod rule_owner;
pub mod run_examination;
pub mod run_once;
pub mod seed_cases;
pub mod shadow_report;
mod shared_look;
pub mod sign_in;
pub mod signal;
pub mod try_rules;
pub mod usage_report;
pub mod vitals;
pub mod watch_over;

/// What every verb works with, made once by `app` and cheap to clone.
#[derive(Clone)]
pub struct Operations {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) models: ModelFacts,
    pub(crate) examiner: tokio::sync::watch::Receiver<Option<Arc<dyn Examiner>>>,
    pub(crate) settings: Arc<OperationsSettings>,
    /// Where received files are decoded.
    pub(crate) decoding: Decoding,
    /// Checks of received files hold a permit each, so that uploads cannot take every core.
    pub(crate) intake: Arc<Semaphore>,
    /// Looks at single pictures hold a turn each.
    pub(crate) looking: Looking,
    /// Callers that wait for an examination hold a place each.
    pub(crate) matching: Places,
    pub(crate) awaited: Awaited,
    pub(crate) residents: Residents,
    pub(crate) poster: Poster,
    pub(crate) lanes: Lanes,
    pub(crate) passwords: Passwords,
    pub(crate) signalling: Signalling,
    pub(crate) viewings: Viewings,
    pub(crate) ledger: Ledger,
    pub(crate) metrics: Metrics,
    pub(crate) vitals: Vitals,
    pub(crate) findings: Findings,
}

/// Who may look at a picture now, and who may wait to.
#[derive(Clone)]
pub(crate) struct Looking {
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) places: Places,
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Operations(…)")
    }
}

/// Plain values the verbs need; `app` takes them from the configuration.
#[derive(Clone, Debug)]
pub struct OperationsSettings {
    /// Where files lie between being received and being stored.
    pub scratch: PathBuf,
    /// The text of the rules that judge where a project has none.
    pub default_rules: String,
    pub picture_limits: PictureLimits,
    pub media_limits: MediaLimits,
    /// Examinations that may wait before new ones are refused.
    pub max_queued: u64,
    /// How long a worker may be silent before its examination is given to another.
    pub lease_ms: i64,
    /// How often an examination is tried before it is given up.
    pub max_attempts: u32,
    /// Checks of received files that may run at once.
    pub intake_threads: usize,
    /// Pictures that may be looked at at once.
    pub look_threads: usize,
    /// Calls with pictures that may wait for their turn before others are refused.
    pub max_waiting_looks: usize,
    /// Calls that may wait for an examination at once before others are refused.
    pub max_awaited: usize,
    /// Hosts that results may be posted to wherever they lie, separated by commas.
    pub callback_hosts: String,
    /// The project of FREMIS calls that come without a token.
    pub fremis_project: Option<String>,
    /// How often a token and an address may ask.
    pub rates: Rates,
}

/// Everything `Operations` is built from.
pub struct Parts {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub models: ModelFacts,
    /// Filled once the models are warm.
    pub examiner: tokio::sync::watch::Receiver<Option<Arc<dyn Examiner>>>,
    pub settings: OperationsSettings,
    pub decoding: Decoding,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parts(…)")
    }
}

impl Operations {
    pub fn new(parts: Parts) -> Self {
        let intake = Arc::new(Semaphore::new(parts.settings.intake_threads.max(1)));
        let turns = parts.settings.look_threads.max(1);
        let places = turns.saturating_add(parts.settings.max_waiting_looks);
        Self {
            looking: Looking {
                turns: Arc::new(Semaphore::new(turns)),
                places: Places::new(places),
            },
            matching: Places::new(parts.settings.max_awaited),
            awaited: Awaited::default(),
            residents: Residents::default(),
            poster: Poster::new(Guard::allowing(&parts.settings.callback_hosts)),
            lanes: Lanes::default(),
            passwords: Passwords::default(),
            store: parts.store,
            clock: parts.clock,
            models: parts.models,
            examiner: parts.examiner,
            settings: Arc::new(parts.settings),
            decoding: parts.decoding,
            intake,
            signalling: Signalling::default(),
            viewings: Viewings::default(),
            ledger: Ledger::default(),
            metrics: Metrics::default(),
            vitals: Vitals::default(),
            findings: Findings::default(),
        }
    }

    /// The packs that decide, known before they are warm.
    pub fn models(&self) -> &ModelFacts {
        &self.models
    }

    /// The moment by the service's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The walls that stand around decoding, where it has any and a process has told.
    pub fn walls(&self) -> Option<Standing> {
        self.decoding.sandbox().and_then(Sandbox::report)
    }

    /// How many decoding processes died that owed an answer.
    pub fn decoder_deaths(&self) -> Deaths {
        let sandbox = self.decoding.sandbox();
        sandbox.map(Sandbox::deaths).unwrap_or_default()
    }

    /// Where an upload may be written before a verb takes it over.
    pub fn scratch(&self) -> &std::path::Path {
        &self.settings.scratch
    }

    /// Whether an examination could start now: the models are warm and the database answers.
    pub async fn is_ready(&self) -> bool {
        self.examiner.borrow().is_some() && self.store.ping().await.is_ok()
    }
}
