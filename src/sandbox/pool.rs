//! The decoding processes: some kept ready, each used for one file and never again, no more at a time than is allowed.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::bounds::Bounds;
use crate::sandbox::deaths::{DeathCount, Deaths, Ending};
use crate::sandbox::error::{Broken, SandboxError, names};
use crate::sandbox::orders::Order;
use crate::sandbox::process::Process;
use crate::sandbox::talk::Talk;
use crate::sandbox::walls::Standing;

/// How long a process may take to start and to raise its walls, on a machine that is busy.
const STARTING: Duration = Duration::from_mins(1);
/// A process that died before it got its file did not die of it: so many others are tried.
const TRIES: usize = 3;

/// How decoding processes are made.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// This program, or one that behaves like it.
    pub program: PathBuf,
    /// Whether a wall may be missing.
    pub strict: bool,
    /// Processes that wait for a file.
    pub ready: usize,
    /// Processes that have one, at most.
    pub most: usize,
    pub bounds: Bounds,
    /// How long the service waits, in all, for what comes out of a picture.
    pub picture_patience: Duration,
    /// And of a video.
    pub video_patience: Duration,
}

/// The decoding processes of a service. Clones share them; the last one ends them.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sandbox({})", self.0.settings.program.display())
    }
}

struct Inner {
    settings: SandboxSettings,
    ready: Ready,
    starter: Sender<Request>,
    /// The walls of the first process; no later one may have fewer.
    walls: OnceLock<Standing>,
    taken: Mutex<usize>,
    given_back: Condvar,
    deaths: DeathCount,
}

type Ready = Arc<Mutex<VecDeque<Process>>>;

/// What the thread that starts processes is asked. A process dies with the thread that started it, so that no other may.
enum Request {
    /// Start one now.
    Start(SyncSender<io::Result<Process>>),
    /// Start as many as are to be ready.
    Fill,
}

/// The right to use one process.
pub(super) struct Turn(Arc<Inner>);

impl Drop for Turn {
    fn drop(&mut self) {
        *held(&self.0.taken) -= 1;
        self.0.given_back.notify_one();
    }
}

impl Sandbox {
    /// Makes processes as they are needed; none yet.
    pub fn open(settings: SandboxSettings) -> Result<Self, SandboxError> {
        let ready = Ready::default();
        let (starter, requests) = channel();
        let of_thread = (settings.clone(), ready.clone());
        thread::Builder::new()
            .name("decoder-starter".to_owned())
            .spawn(move || start_processes(&of_thread.0, &of_thread.1, &requests))
            .map_err(SandboxError::Start)?;
        Ok(Self(Arc::new(Inner {
            settings,
            ready,
            starter,
            walls: OnceLock::new(),
            taken: Mutex::new(0),
            given_back: Condvar::new(),
            deaths: DeathCount::default(),
        })))
    }

    /// Starts the first process and tells which walls stand around it; it stays ready. Those that wait beside it are started
    /// in the background.
    pub fn prove(&self) -> Result<Standing, SandboxError> {
        let (process, walls) = self.process()?;
        held(&self.0.ready).push_back(process);
        self.fill();
        Ok(walls)
    }

    /// Which walls stand, once a process has told.
    pub fn report(&self) -> Option<Standing> {
        self.0.walls.get().copied()
    }

    /// How many processes died that owed an answer.
    pub fn deaths(&self) -> Deaths {
        self.0.deaths.so_far()
    }

    /// Processes that have a file now.
    pub fn taken(&self) -> usize {
        *held(&self.0.taken)
    }

    /// Gives an order to a process of its own.
    pub(super) fn give(&self, order: Order, file: &File) -> Result<Talk, Broken> {
        let turn = self.turn()?;
        let mut tries = 0;
        loop {
            let (mut process, _) = self.process()?;
            tries += 1;
            match process.hand(order, file) {
                Ok(()) => {
                    self.fill();
                    return Ok(Talk {
                        process,
                        order,
                        patience: self.patience(&order),
                        sandbox: self.clone(),
                        _turn: turn,
                    });
                }
                Err(ending) => {
                    self.bury(process.id(), "before its order", ending);
                    if tries == TRIES {
                        return Err(SandboxError::Stillborn(ending).into());
                    }
                }
            }
        }
    }

    /// Counts a death and leaves a line in the log.
    pub(super) fn bury(&self, pid: u32, order: &'static str, ending: Ending) {
        self.0.deaths.add(ending);
        let (signal, code) = match ending {
            Ending::Signal { number } => (Some(number), None),
            Ending::Exited { code } => (None, Some(code)),
            Ending::Overdue | Ending::Nonsense => (None, None),
        };
        tracing::warn!(
            pid,
            order,
            kind = ending.kind(),
            signal,
            code,
            "a decoding process died"
        );
    }

    /// A process whose walls stand: one that is ready, or else a new one.
    fn process(&self) -> Result<(Process, Standing), SandboxError> {
        loop {
            let waiting = held(&self.0.ready).pop_front();
            let was_ready = waiting.is_some();
            let mut process = match waiting {
                Some(process) => process,
                None => self.start()?,
            };
            match process.greet(STARTING) {
                Ok(walls) => {
                    let first = *self.0.walls.get_or_init(|| walls);
                    admit(walls, first, self.0.settings.strict)?;
                    return Ok((process, walls));
                }
                Err(ending) => {
                    self.bury(process.id(), "before its order", ending);
                    if !was_ready {
                        return Err(SandboxError::Stillborn(ending));
                    }
                }
            }
        }
    }

    fn start(&self) -> Result<Process, SandboxError> {
        let gone = || SandboxError::Start(io::Error::other("nobody starts processes any more"));
        let (reply, answer) = sync_channel(1);
        let asked = self.0.starter.send(Request::Start(reply));
        asked.map_err(|_| gone())?;
        let started = answer.recv().map_err(|_| gone())?;
        started.map_err(SandboxError::Start)
    }

    fn fill(&self) {
        // Without the thread nothing is ready, and the next order says so.
        let _ = self.0.starter.send(Request::Fill);
    }

    /// Waits until fewer processes have a file than may.
    fn turn(&self) -> Result<Turn, SandboxError> {
        let until = Instant::now() + self.0.settings.video_patience;
        let mut taken = held(&self.0.taken);
        while *taken >= self.0.settings.most.max(1) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(SandboxError::Busy);
            }
            let waited = self.0.given_back.wait_timeout(taken, left);
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken += 1;
        drop(taken);
        Ok(Turn(self.0.clone()))
    }

    fn patience(&self, order: &Order) -> Duration {
        match order {
            Order::CheckPicture { .. } | Order::DecodePicture { .. } => {
                self.0.settings.picture_patience
            }
            Order::CheckVideo { .. } | Order::Sample { .. } | Order::Watch { .. } => {
                self.0.settings.video_patience
            }
        }
    }
}

/// Whether a process with these walls may be given files of strangers: where walls may be missing, it still needs all that
/// the first one had.
pub fn admit(walls: Standing, first: Standing, strict: bool) -> Result<(), SandboxError> {
    let required = if strict { Standing::all() } else { first };
    let missing: Vec<_> = walls.missing();
    let missing: Vec<_> = missing
        .into_iter()
        .filter(|wall| required.has(*wall))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(SandboxError::WallsMissing(missing))
    }
}

/// Says at start which walls stand, and warns of every one that does not.
pub fn announce(walls: Standing) {
    tracing::info!(
        walls = names(&walls.standing()),
        "uploads are decoded behind walls"
    );
    for wall in walls.missing() {
        tracing::warn!(
            wall = wall.name(),
            "the kernel does not offer this wall around decoding"
        );
    }
}

fn start_processes(settings: &SandboxSettings, ready: &Ready, requests: &Receiver<Request>) {
    let start = || Process::start(&settings.program, settings.bounds);
    for request in requests {
        match request {
            Request::Start(reply) => {
                // Who asked may be gone; the process then is, too.
                let _ = reply.send(start());
            }
            Request::Fill => {
                while held(ready).len() < settings.ready {
                    match start() {
                        Ok(process) => held(ready).push_back(process),
                        Err(error) => {
                            tracing::warn!(%error, "a decoding process cannot be started");
                            break;
                        }
                    }
                }
            }
        }
    }
    // Those that wait end here, while the thread that they would die with still runs.
    held(ready).clear();
}

/// Nobody leaves what is locked half done, so that a panic elsewhere spoils nothing.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
