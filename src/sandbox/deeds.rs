//! What somebody would try who has taken a decoding process over: each deed is one that the walls must stop.
//!
//! Nothing of a running service reaches these: only `likeness decode-child --prove` does, by which tests hold the walls.

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

/// One thing that a decoder never has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    ReadFile,
    WriteFile,
    MakeFile,
    ListFolder,
    Connect,
    Listen,
    AbstractSocket,
    Fork,
    Spawn,
    Exec,
    Thread,
    Allocate,
    Compute,
    GrowFile,
    KillParent,
    TraceParent,
    ReadParent,
    OpenMany,
}

impl Deed {
    pub const ALL: [Self; 18] = [
        Self::ReadFile,
        Self::WriteFile,
        Self::MakeFile,
        Self::ListFolder,
        Self::Connect,
        Self::Listen,
        Self::AbstractSocket,
        Self::Fork,
        Self::Spawn,
        Self::Exec,
        Self::Thread,
        Self::Allocate,
        Self::Compute,
        Self::GrowFile,
        Self::KillParent,
        Self::TraceParent,
        Self::ReadParent,
        Self::OpenMany,
    ];

    /// The word by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadFile => "read-file",
            Self::WriteFile => "write-file",
            Self::MakeFile => "make-file",
            Self::ListFolder => "list-folder",
            Self::Connect => "connect",
            Self::Listen => "listen",
            Self::AbstractSocket => "abstract-socket",
            Self::Fork => "fork",
            Self::Spawn => "spawn",
            Self::Exec => "exec",
            Self::Thread => "thread",
            Self::Allocate => "allocate",
            Self::Compute => "compute",
            Self::GrowFile => "grow-file",
            Self::KillParent => "kill-parent",
            Self::TraceParent => "trace-parent",
            Self::ReadParent => "read-parent",
            Self::OpenMany => "open-many",
        }
    }

    /// Does it; what comes back tells of how far it got.
    pub(super) fn carry_out(self, parent: u32) -> io::Result<String> {
        match self {
            Self::ReadFile => File::open("/etc/passwd").map(done),
            Self::WriteFile => OpenOptions::new().append(true).open("/dev/null").map(done),
            Self::MakeFile => File::create("/tmp/likeness-deed").map(done),
            Self::ListFolder => std::fs::read_dir("/").map(done),
            Self::Connect => TcpStream::connect(("127.0.0.1", 9)).map(done),
            Self::Listen => TcpListener::bind(("127.0.0.1", 0)).map(done),
            Self::AbstractSocket => UnixDatagram::unbound().map(done),
            // Who becomes a daemon forks first of all.
            Self::Fork => nix::unistd::daemon(true, true)
                .map(done)
                .map_err(Into::into),
            Self::Spawn => Command::new("/bin/true").status().map(done),
            Self::Exec => Err(Command::new("/bin/true").exec()),
            // The one thing here that is allowed: decoders have threads.
            Self::Thread => thread::Builder::new()
                .spawn(|| ())?
                .join()
                .map(done)
                .map_err(|_| io::Error::other("the thread panicked")),
            Self::Allocate => allocate(),
            Self::Compute => Ok(compute()),
            Self::GrowFile => grow_file(),
            // A signal that harms nobody, should it arrive.
            Self::KillParent => kill_process(pid(parent)?, Signal::CONT)
                .map(done)
                .map_err(Into::into),
            Self::TraceParent => {
                nix::sys::ptrace::attach(nix::unistd::Pid::from_raw(parent as i32))
                    .map(done)
                    .map_err(Into::into)
            }
            Self::ReadParent => File::open(format!("/proc/{parent}/mem")).map(done),
            Self::OpenMany => open_many(),
        }
    }
}

fn done<T>(_: T) -> String {
    "it was done".to_owned()
}

fn pid(raw: u32) -> io::Result<Pid> {
    Pid::from_raw(raw as i32).ok_or_else(|| io::Error::other("there is no such process"))
}

/// Takes memory, and writes to it, until no more is given.
fn allocate() -> io::Result<String> {
    const STEP: usize = 16 << 20;
    let mut all: Vec<Vec<u8>> = Vec::new();
    // Far beyond every limit that a test sets.
    for _ in 0..4096 {
        let mut more = Vec::new();
        if more.try_reserve_exact(STEP).is_err() {
            let reason = format!("no more than {} MiB are given", all.len() * 16);
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, reason));
        }
        more.resize(STEP, 1_u8);
        all.push(black_box(more));
    }
    Ok(done(all))
}

/// Computes for ever.
fn compute() -> String {
    let mut sum = 0_u64;
    for number in 0..u64::MAX {
        sum = black_box(sum.wrapping_add(number));
    }
    sum.to_string()
}

/// Writes to standard output, which a test has made a file.
fn grow_file() -> io::Result<String> {
    let mut out = io::stdout();
    for _ in 0..1024 {
        out.write_all(&[b'x'; 4096])?;
    }
    out.flush().map(done)
}

/// Copies one descriptor over and over.
fn open_many() -> io::Result<String> {
    use std::os::fd::AsFd as _;
    let mut copies = Vec::new();
    for _ in 0..1024 {
        copies.push(io::stdin().as_fd().try_clone_to_owned()?);
    }
    Ok(done(copies))
}
