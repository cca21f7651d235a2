//! Says on stderr how a long fetch goes: bars on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Who is told how a fetch goes.
pub trait Progress {
    /// Something worth a line of its own.
    fn line(&self, text: &str);
    /// A file of that many bytes begins to arrive from somewhere.
    fn start(&self, file: &str, from: &str, bytes: u64);
    /// More of it has arrived.
    fn advance(&self, bytes: u64);
    /// It has arrived, or will not.
    fn finish(&self);
    /// Whether a child may draw its own progress on this program's stderr.
    fn terminal(&self) -> bool;
}

/// Progress on stderr.
#[derive(Debug)]
pub struct StderrProgress {
    terminal: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl StderrProgress {
    /// A bar if stderr is a terminal, else lines.
    pub fn new() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            bar: Mutex::new(None),
        }
    }

    fn with_bar(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Default for StderrProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for StderrProgress {
    fn line(&self, text: &str) {
        self.with_bar(|bar| {
            let write = || writeln!(io::stderr(), "{text}");
            // Nobody is left to be told when stderr itself is gone.
            let _ = match bar {
                Some(bar) => bar.suspend(write),
                None => write(),
            };
        });
    }

    fn start(&self, file: &str, from: &str, bytes: u64) {
        // An address is too long to stand beside a bar.
        self.line(&format!("{file}: from {from} ({})", HumanBytes(bytes)));
        if !self.terminal {
            return;
        }
        self.with_bar(|bar| {
            let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}";
            let new = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr())
                .with_message(file.to_owned());
            if let Ok(style) = ProgressStyle::with_template(template) {
                new.set_style(style);
            }
            *bar = Some(new);
        });
    }

    fn advance(&self, bytes: u64) {
        self.with_bar(|bar| {
            if let Some(bar) = bar {
                bar.inc(bytes);
            }
        });
    }

    fn finish(&self) {
        self.with_bar(|bar| {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        });
    }

    fn terminal(&self) -> bool {
        self.terminal
    }
}
