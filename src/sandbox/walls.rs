//! The walls that a decoding process raises around itself, and the list of those that stand.

use std::fs;
use std::io;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetError, RulesetStatus, Scope,
};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getppid, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};

use crate::sandbox::bounds::Bounds;
use crate::sandbox::calls;

/// Descriptors that a process may hold: three of its own, its channel, and copies of the file.
const DESCRIPTORS: u64 = 16;
/// Threads and processes of the service's user, of whom a decoder needs three. The figure counts what the whole service
/// has, and binds no superuser: that nothing is forked is the work of [`Wall::Calls`].
const PROCESSES: u64 = 8192;
/// Computing time between the signal that tells and the one that kills.
const GRACE_SECONDS: u64 = 5;
/// The program's own size where the system does not tell it.
const PROGRAM_BYTES: u64 = 2 << 30;

/// One wall, named after what it keeps in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    /// Neither capabilities nor any program that would give some.
    Privileges,
    /// A list of the system calls that decoding needs; no other is answered.
    Calls,
    /// No path of the file system can be opened, made or deleted.
    Files,
    /// No TCP port can be connected to or listened on.
    Network,
    /// No signal to, and no abstract socket of, a process outside.
    Neighbours,
    /// Memory.
    Memory,
    /// Computing time.
    Time,
    /// No file grows.
    Writing,
    /// Few descriptors.
    Descriptors,
    /// A bound on processes and threads.
    Processes,
    /// No image of the memory is written when it dies.
    Dumps,
    /// It dies with the service.
    Orphans,
}

impl Wall {
    pub const ALL: [Self; 12] = [
        Self::Privileges,
        Self::Calls,
        Self::Files,
        Self::Network,
        Self::Neighbours,
        Self::Memory,
        Self::Time,
        Self::Writing,
        Self::Descriptors,
        Self::Processes,
        Self::Dumps,
        Self::Orphans,
    ];

    /// The word for it in logs and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Privileges => "privileges",
            Self::Calls => "calls (seccomp)",
            Self::Files => "files (Landlock)",
            Self::Network => "network (Landlock)",
            Self::Neighbours => "neighbours (Landlock)",
            Self::Memory => "memory",
            Self::Time => "time",
            Self::Writing => "writing",
            Self::Descriptors => "descriptors",
            Self::Processes => "processes",
            Self::Dumps => "dumps",
            Self::Orphans => "orphans",
        }
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Which walls stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing(u32);

impl Standing {
    /// All of them.
    pub fn all() -> Self {
        Wall::ALL
            .iter()
            .fold(Self::default(), |all, wall| all.with(*wall))
    }

    #[must_use]
    pub fn with(self, wall: Wall) -> Self {
        Self(self.0 | wall.bit())
    }

    #[must_use]
    pub fn without(self, wall: Wall) -> Self {
        Self(self.0 & !wall.bit())
    }

    pub fn has(self, wall: Wall) -> bool {
        self.0 & wall.bit() != 0
    }

    /// The walls that stand.
    pub fn standing(self) -> Vec<Wall> {
        let stands = |wall: &Wall| self.has(*wall);
        Wall::ALL.into_iter().filter(stands).collect()
    }

    /// The walls that do not.
    pub fn missing(self) -> Vec<Wall> {
        let misses = |wall: &Wall| !self.has(*wall);
        Wall::ALL.into_iter().filter(misses).collect()
    }

    /// As it is written in a message.
    pub(super) fn bits(self) -> u32 {
        self.0
    }

    /// Read from a message; what names no wall is no answer.
    pub(super) fn from_bits(bits: u32) -> Option<Self> {
        (bits & !Self::all().0 == 0).then_some(Self(bits))
    }
}

/// Raises every wall that the kernel has around this process, which has one thread yet. `parent` is the process that it is
/// to die with.
pub(super) fn raise(bounds: Bounds, parent: u32) -> Standing {
    let standing = raise_but_calls(bounds, parent);
    // The last, because what raises the others is not on the list.
    match calls::restrict() {
        Ok(()) => standing.with(Wall::Calls),
        Err(_) => standing,
    }
}

/// All but the list of system calls, behind which no other wall would be seen to hold.
pub(super) fn raise_but_calls(bounds: Bounds, parent: u32) -> Standing {
    let mut standing = Standing::default();
    let mut note = |wall: Wall, stands: bool| {
        if stands {
            standing = standing.with(wall);
        }
    };
    note(Wall::Privileges, drop_privileges().is_ok());
    note(Wall::Orphans, die_with(parent).is_ok());
    note(Wall::Dumps, forbid_dumps().is_ok());
    let bound = |resource, most| hold_to(resource, most).is_ok();
    let memory = program_bytes().saturating_add(bounds.memory_bytes);
    note(Wall::Memory, bound(Resource::As, memory));
    note(Wall::Time, limit_time(bounds.computing_seconds).is_ok());
    note(Wall::Writing, bound(Resource::Fsize, 0));
    note(Wall::Descriptors, bound(Resource::Nofile, DESCRIPTORS));
    note(Wall::Processes, bound(Resource::Nproc, PROCESSES));
    note(Wall::Files, enforced(&close_files()));
    note(Wall::Network, enforced(&close_network()));
    note(Wall::Neighbours, enforced(&close_neighbours()));
    standing
}

fn drop_privileges() -> io::Result<()> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?;
    Ok(())
}

/// The signal alone would miss a parent that died before it was asked for.
fn die_with(parent: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let now = getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
    if u32::try_from(now) == Ok(parent) {
        Ok(())
    } else {
        Err(io::Error::other("the service is gone"))
    }
}

fn forbid_dumps() -> io::Result<()> {
    hold_to(Resource::Core, 0)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// The limit or, where a lower one is set already, that.
fn hold_to(resource: Resource, most: u64) -> io::Result<()> {
    hold_between(resource, most, most)
}

/// First the signal that says what was too much, and soon after the one that nobody can ignore.
fn limit_time(seconds: u64) -> io::Result<()> {
    hold_between(
        Resource::Cpu,
        seconds,
        seconds.saturating_add(GRACE_SECONDS),
    )
}

fn hold_between(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let held = rustix::process::getrlimit(resource).maximum;
    let within = |most: u64| Some(held.map_or(most, |held| held.min(most)));
    let limit = Rlimit {
        current: within(soft),
        maximum: within(hard),
    };
    setrlimit(resource, limit)?;
    Ok(())
}

/// The address space that the program takes by itself: its code, that of its libraries, and its stack.
fn program_bytes() -> u64 {
    let kilobytes = || {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmSize:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    kilobytes().map_or(PROGRAM_BYTES, |kilobytes| kilobytes * 1024)
}

/// Rights over files with no exception: no path can be opened. Later kernels know more rights than the first that had any,
/// none of which opens what is closed here.
fn close_files() -> Result<RulesetStatus, RulesetError> {
    let rules = Ruleset::default().handle_access(AccessFs::from_all(ABI::V5))?;
    Ok(rules.create()?.restrict_self()?.ruleset)
}

fn close_network() -> Result<RulesetStatus, RulesetError> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessNet::from_all(ABI::V4))?;
    Ok(rules.create()?.restrict_self()?.ruleset)
}

fn close_neighbours() -> Result<RulesetStatus, RulesetError> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .scope(Scope::from_all(ABI::V6))?;
    Ok(rules.create()?.restrict_self()?.ruleset)
}

fn enforced(status: &Result<RulesetStatus, RulesetError>) -> bool {
    matches!(
        status,
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_and_what_is_missing_are_all_there_is() {
        let partly = Standing::all().without(Wall::Network);
        assert_eq!(partly.missing(), [Wall::Network]);
        assert_eq!(partly.standing().len(), Wall::ALL.len() - 1);
        assert_eq!(Standing::from_bits(partly.bits()), Some(partly));
        assert_eq!(Standing::from_bits(1 << 31), None);
        assert_eq!(Standing::default().missing(), Wall::ALL);
    }
}
