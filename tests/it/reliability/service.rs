//! The program itself as a process of its own: started, asked, killed, started again, and looked at by what the kernel tells of it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use tempfile::TempDir;

use crate::soak;
use crate::weights;

/// How long the program may take for what it does in a moment, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(5);

/// How long a request may take before it counts as hanging.
pub(super) const HANG: Duration = Duration::from_mins(5);

/// A data folder, an address, and the process that serves it, if any.
pub(super) struct Service {
    pub(super) client: Client,
    pub(super) token: String,
    port: u16,
    settings: Vec<(&'static str, String)>,
    child: Option<Child>,
    folder: TempDir,
}

impl Service {
    /// Starts the program with a folder of its own, a token, and further settings.
    pub(super) async fn start(settings: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut service = Self {
            client: crate::helpers::client().timeout(HANG).build().unwrap(),
            token: String::new(),
            port: free_port(),
            settings: settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            child: None,
            folder,
        };
        service.token = service.said(&["tokens", "create", "--project", "soak"]);
        service.spawn();
        service.until_ready().await;
        service
    }

    /// Starts the process; it may not answer yet.
    pub(super) fn spawn(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        let address = format!("127.0.0.1:{}", self.port);
        let child = self
            .command(&["serve", "--listen", &address])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    pub(super) async fn until_ready(&mut self) {
        let began = Instant::now();
        loop {
            let asked = self.client.get(self.url("/readyz")).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(
                self.is_alive() && began.elapsed() < PATIENCE,
                "the program is not ready: {}",
                self.last_words()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the process as `kill -9` does, and sees its children go with it.
    pub(super) async fn kill(&mut self) {
        let children = self.processes().split_off(1);
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
        let began = Instant::now();
        // A process that ended and was not looked after yet has no memory any more.
        while children.iter().any(|child| resident_kib(child) > 0) {
            assert!(began.elapsed() < PATIENCE, "children outlive the program");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(super) fn is_alive(&mut self) -> bool {
        let child = self.child.as_mut().expect("it was started");
        child.try_wait().unwrap().is_none()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(&self.token)
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(&self.token)
    }

    /// What a command of the program says on the same data folder.
    pub(super) fn said(&self, arguments: &[&str]) -> String {
        let ran = self.command(arguments).output().unwrap();
        assert!(
            ran.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .args(["--data", self.data().to_str().unwrap()])
            .current_dir(weights::root())
            .env("LIKENESS_LOG", "warn")
            .env("LIKENESS_RULES", "scoring-rules/match-only.json")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The end of what it logged.
    pub(super) fn last_words(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let from = log.len().saturating_sub(3_000);
        String::from_utf8_lossy(&log[from..]).into_owned()
    }

    /// Lines of its log at the level of faults.
    pub(super) fn faults(&self) -> Vec<String> {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let faults = log
            .lines()
            .filter(|line| line.contains("ERROR") || line.contains("panicked"));
        faults.map(str::to_owned).collect()
    }

    pub(super) fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Every file below a folder of the data folder, but for the locks of running processes.
    pub(super) fn files(&self, below: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        collect(&self.data().join(below), &mut files);
        files
    }

    /// What the process and its children hold now.
    pub(super) fn holds(&self) -> Holding {
        let all = self.processes();
        Holding {
            resident_kib: all.iter().map(|process| resident_kib(process)).sum(),
            descriptors: fs::read_dir(all[0].join("fd")).map_or(0, Iterator::count),
            threads: number(&all[0].join("status"), "Threads:"),
            cpu_ticks: all.iter().map(|process| ticks(process)).sum(),
        }
    }

    /// The process, and those that it started.
    fn processes(&self) -> Vec<PathBuf> {
        let own = PathBuf::from(format!("/proc/{}", self.id()));
        let parent = format!("PPid:\t{}", self.id());
        let others = fs::read_dir("/proc").unwrap().flatten().map(|it| it.path());
        let children = others.filter(|process| {
            let status = fs::read_to_string(process.join("status")).unwrap_or_default();
            status.lines().any(|line| line == parent)
        });
        [own].into_iter().chain(children).collect()
    }

    /// Returns once nothing is on its way any more: no file in the scratch folder, and two looks in a row
    /// between which it took next to no processor time. Tells how long that took.
    pub(super) async fn until_at_rest(&self) -> Duration {
        /// Ticks of a hundredth second that a second of rest may take: its own looks at the queue.
        const RESTING: u64 = 10;
        let began = Instant::now();
        loop {
            let before = self.holds().cpu_ticks;
            tokio::time::sleep(Duration::from_secs(1)).await;
            // A child that ended takes its time along.
            let spent = self.holds().cpu_ticks.saturating_sub(before);
            let on_the_way = self.files("scratch").len();
            if spent <= RESTING && on_the_way == 0 {
                return began.elapsed();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "no rest: {spent} ticks a second, {on_the_way} files on their way"
            );
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What the processes hold of the machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holding {
    /// Memory, of what several processes share the part of each.
    pub(super) resident_kib: u64,
    /// Of the first process.
    pub(super) descriptors: usize,
    pub(super) threads: u64,
    /// Processor time since they started, in hundredths of a second.
    pub(super) cpu_ticks: u64,
}

/// The program: the one that `make soak` built for speed, or the one that was built with the tests.
fn binary() -> PathBuf {
    soak::variable("LIKENESS_SOAK_BINARY").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_likeness")),
        |given| weights::root().join(given),
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn resident_kib(process: &Path) -> u64 {
    number(&process.join("smaps_rollup"), "Pss:")
}

/// The number behind a name; nought where the process is gone.
fn number(file: &Path, name: &str) -> u64 {
    let facts = fs::read_to_string(file).unwrap_or_default();
    let line = facts.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

/// The fourteenth and fifteenth fields; the second is a name in brackets that may hold blanks.
fn ticks(process: &Path) -> u64 {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let numbers = fields.split_whitespace().skip(11).take(2);
    numbers.filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    // What goes while it is listed is gone.
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path
            .file_name()
            .is_none_or(|name| name != likeness::scratch::LOCK)
        {
            files.push(path);
        }
    }
}
