//! How decoding processes end before their time, and how many did.

use std::sync::atomic::{AtomicU64, Ordering};

/// How a process ended that owed an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It left by itself.
    Exited { code: i32 },
    /// A signal killed it.
    Signal { number: i32 },
    /// It kept the service waiting too long, and was killed.
    Overdue,
    /// It said what no decoder says, and was killed.
    Nonsense,
}

impl Ending {
    /// The word for it in logs and figures.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Exited { .. } => "exited",
            Self::Signal { .. } => "signal",
            Self::Overdue => "overdue",
            Self::Nonsense => "nonsense",
        }
    }

    /// What the sender of the file is told.
    pub fn why(self) -> &'static str {
        match self {
            Self::Exited { .. } => "it broke off",
            Self::Signal {
                number: libc::SIGXCPU,
            } => "it took too much computing time",
            Self::Signal {
                number: libc::SIGSYS,
            } => "it tried what decoding does not need",
            Self::Signal {
                number: libc::SIGKILL,
            } => "it was killed",
            Self::Signal { .. } => "it broke down, or took too much memory",
            Self::Overdue => "it took too long",
            Self::Nonsense => "what came out made no sense",
        }
    }

    /// Whether somebody is stopping the service, who stops its children with it: no file's doing.
    pub fn is_from_outside(self) -> bool {
        let stopping = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT];
        matches!(self, Self::Signal { number } if stopping.contains(&number))
    }
}

/// How many ended how, since the service started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deaths {
    pub exited: u64,
    pub signal: u64,
    pub overdue: u64,
    pub nonsense: u64,
}

impl Deaths {
    /// Each kind by the word for it.
    pub fn by_kind(self) -> [(&'static str, u64); 4] {
        [
            ("exited", self.exited),
            ("signal", self.signal),
            ("overdue", self.overdue),
            ("nonsense", self.nonsense),
        ]
    }

    pub fn sum(self) -> u64 {
        self.exited + self.signal + self.overdue + self.nonsense
    }
}

/// Counts while the service runs.
#[derive(Debug, Default)]
pub(super) struct DeathCount {
    exited: AtomicU64,
    signal: AtomicU64,
    overdue: AtomicU64,
    nonsense: AtomicU64,
}

impl DeathCount {
    pub(super) fn add(&self, ending: Ending) {
        let counter = match ending {
            Ending::Exited { .. } => &self.exited,
            Ending::Signal { .. } => &self.signal,
            Ending::Overdue => &self.overdue,
            Ending::Nonsense => &self.nonsense,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn so_far(&self) -> Deaths {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Deaths {
            exited: of(&self.exited),
            signal: of(&self.signal),
            overdue: of(&self.overdue),
            nonsense: of(&self.nonsense),
        }
    }
}
