//! Decoding behind walls: what the walls stop, what becomes of processes that die or lie, and that what is decoded is the same.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use likeness::sandbox::bounds::Bounds;
use likeness::sandbox::decoding::Decoding;
use likeness::sandbox::pool::{Sandbox, SandboxSettings};

use crate::helpers::decoder;

mod decoding;
mod dying;
mod fakes;
mod limits;
mod starting;
mod walls;

/// How the processes of a test are made: by this program itself, none ready before it is needed.
pub(crate) fn settings() -> SandboxSettings {
    SandboxSettings {
        program: decoder(),
        strict: true,
        ready: 0,
        most: 4,
        bounds: Bounds {
            memory_bytes: 1 << 30,
            computing_seconds: 120,
        },
        picture_patience: Duration::from_mins(2),
        video_patience: Duration::from_mins(2),
    }
}

/// Processes behind every wall, shared by the tests that need some.
pub(crate) fn walled() -> &'static Decoding {
    static WALLED: LazyLock<Decoding> = LazyLock::new(|| walled_by(settings()));
    &WALLED
}

fn walled_by(settings: SandboxSettings) -> Decoding {
    Decoding::Walled(Sandbox::open(settings).unwrap())
}

/// The child processes of this one that were started with that much memory, which each test chooses for itself.
fn processes(memory_bytes: u64) -> Vec<u32> {
    let wanted = memory_bytes.to_string();
    let me = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        let Some(pid) = path
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok())
        else {
            continue;
        };
        let arguments = std::fs::read(path.join("cmdline")).unwrap_or_default();
        let mut arguments = arguments.split(|byte| *byte == 0);
        let is_ours = arguments.any(|argument| argument == me.as_bytes());
        if is_ours && arguments.any(|argument| argument == wanted.as_bytes()) {
            found.push(pid);
        }
    }
    found
}

/// Whether the system has forgotten the process: neither does it run nor does anybody owe it a last look.
fn is_gone(pid: u32) -> bool {
    !PathBuf::from(format!("/proc/{pid}")).exists()
}

fn kill(pid: u32, signal: &str) {
    let mut command = std::process::Command::new("kill");
    let status = command.args([signal, &pid.to_string()]).status().unwrap();
    assert!(status.success());
}
