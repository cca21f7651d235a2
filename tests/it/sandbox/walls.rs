//! Code inside a decoding process that tries what decoding never needs is stopped, each deed by the wall that is there for it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use likeness::sandbox::deeds::Deed;

use crate::helpers::decoder;

const MEMORY: u64 = 300 << 20;

/// What stops a deed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    /// The system answers with this error.
    Error(&'static str),
    /// The system kills whoever does it.
    Signal(i32),
    /// Nothing: decoders need it.
    Nothing,
}

const NOT_PERMITTED: Stop = Stop::Error("Operation not permitted");
const DENIED: Stop = Stop::Error("Permission denied");
const BAD_CALL: Stop = Stop::Signal(31);
const COMPUTED_TOO_LONG: Stop = Stop::Signal(24);
const WROTE_TOO_MUCH: Stop = Stop::Signal(25);

fn command(deed: Deed, more: &[&str]) -> Command {
    let seconds = if deed == Deed::Compute { "1" } else { "60" };
    let mut command = Command::new(decoder());
    command
        .args(["decode-child", "--parent", &std::process::id().to_string()])
        .args(["--memory-bytes", &MEMORY.to_string()])
        .args(["--computing-seconds", seconds, "--prove", deed.name()])
        .args(more)
        .env_clear()
        .stdin(Stdio::null());
    command
}

fn assert_stopped(deed: Deed, stop: Stop, done: &Output, missing: &str) {
    let told = String::from_utf8_lossy(&done.stderr);
    let status = done.status;
    match stop {
        Stop::Error(error) => {
            assert_eq!(status.code(), Some(0), "{deed:?}: {status} {told}");
            let stopped = format!("stopped: {error}");
            assert!(told.contains(&stopped), "{deed:?}: {told}");
        }
        Stop::Signal(number) => {
            assert_eq!(status.signal(), Some(number), "{deed:?}: {status} {told}");
        }
        Stop::Nothing => assert_eq!(status.code(), Some(3), "{deed:?}: {status} {told}"),
    }
    if !matches!(stop, Stop::Signal(_)) {
        let walls = format!("walls missing: [{missing}]");
        assert!(told.contains(&walls), "{deed:?}: {told}");
    }
}

#[test]
fn every_deed_is_stopped() {
    for deed in Deed::ALL {
        let stop = match deed {
            Deed::ReadFile
            | Deed::WriteFile
            | Deed::MakeFile
            | Deed::ListFolder
            | Deed::ReadParent
            | Deed::Fork
            | Deed::Spawn => NOT_PERMITTED,
            Deed::Connect
            | Deed::Listen
            | Deed::AbstractSocket
            | Deed::Exec
            | Deed::KillParent
            | Deed::TraceParent => BAD_CALL,
            Deed::Thread => Stop::Nothing,
            Deed::Allocate => Stop::Error("no more than "),
            Deed::Compute => COMPUTED_TOO_LONG,
            // It has a test of its own.
            Deed::GrowFile => continue,
            Deed::OpenMany => Stop::Error("Too many open files"),
        };
        let done = command(deed, &[]).output().unwrap();
        assert_stopped(deed, stop, &done, "");
    }
}

/// Were the list of system calls to have a hole, these walls stand behind it.
#[test]
fn without_the_list_of_calls_the_walls_behind_it_stop_the_same() {
    for (deed, stop) in [
        (Deed::ReadFile, DENIED),
        (Deed::WriteFile, DENIED),
        (Deed::MakeFile, DENIED),
        (Deed::ListFolder, DENIED),
        (Deed::ReadParent, DENIED),
        (Deed::Connect, DENIED),
        (Deed::Listen, DENIED),
        (Deed::Exec, DENIED),
        (Deed::KillParent, NOT_PERMITTED),
        (Deed::TraceParent, NOT_PERMITTED),
    ] {
        let done = command(deed, &["--without-calls"]).output().unwrap();
        assert_stopped(deed, stop, &done, "calls (seccomp)");
    }
}

#[test]
fn memory_is_given_up_to_the_limit_and_no_further() {
    let done = command(Deed::Allocate, &[]).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    let given = told.split("no more than ").nth(1).unwrap();
    let given: u64 = given.split(' ').next().unwrap().parse().unwrap();
    let limit = MEMORY >> 20;
    assert!((limit / 2..=limit).contains(&given), "{given} of {limit}");
}

#[test]
fn no_file_grows_even_where_one_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let out = File::create(&path).unwrap();
    let done = command(Deed::GrowFile, &[]).stdout(out).output().unwrap();
    assert_stopped(Deed::GrowFile, WROTE_TOO_MUCH, &done, "");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_process_ends_with_the_service_that_started_it() {
    let mut service = Command::new("sh")
        .arg("-c")
        .arg(
            "\"$0\" decode-child --parent $$ --memory-bytes 100000000 --computing-seconds 600 \
             --prove compute </dev/null >/dev/null 2>&1 & echo $!; wait",
        )
        .arg(decoder())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(service.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let status = format!("/proc/{}/status", line.trim());
    until(|| std::fs::read_to_string(&status).is_ok_and(|text| text.contains("Seccomp:\t2")));
    service.kill().unwrap();
    service.wait().unwrap();
    until(|| std::fs::read_to_string(&status).map_or(true, |text| text.contains("State:\tZ")));
}

fn until(met: impl Fn() -> bool) {
    while !met() {
        thread::sleep(Duration::from_millis(5));
    }
}
