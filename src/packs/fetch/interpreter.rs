//! Chooses a Python whose pip can be used, and the user that it runs as.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The user that owns nothing ("nobody" on every Linux).
const NOBODY: u32 = 65_534;

/// A Python with pip, and who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interpreter {
    path: PathBuf,
    unprivileged: bool,
}

impl Interpreter {
    /// The first candidate that runs pip. A source package brings code of its own, so root hands
    /// its powers away where some candidate can be run without them.
    pub(super) fn choose(candidates: &[PathBuf], scratch: &Path) -> Option<Self> {
        let users: &[bool] = if rustix::process::geteuid().is_root() {
            &[true, false]
        } else {
            &[false]
        };
        for &unprivileged in users {
            let owner = if unprivileged {
                NOBODY
            } else {
                rustix::process::geteuid().as_raw()
            };
            if give(scratch, owner).is_err() {
                continue;
            }
            let found = candidates
                .iter()
                .map(|path| Self {
                    path: path.clone(),
                    unprivileged,
                })
                .find(|candidate| candidate.runs_pip(scratch));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Who pip runs as, in words.
    pub(super) fn user(&self) -> &'static str {
        if self.unprivileged {
            "an unprivileged user"
        } else {
            "the current user"
        }
    }

    /// `-m pip`, ready for its arguments. Temporary files go below `scratch`, and an unprivileged
    /// user has no other home; the rest of the environment is kept, for pip has settings there.
    pub(super) fn pip(&self, scratch: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(["-m", "pip"])
            .current_dir(scratch)
            .env("TMPDIR", scratch)
            .stdin(Stdio::null());
        if self.unprivileged {
            command.env("HOME", scratch).uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn runs_pip(&self, scratch: &Path) -> bool {
        self.pip(scratch)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

fn give(scratch: &Path, owner: u32) -> std::io::Result<()> {
    chown(scratch, Some(owner), None)
}
