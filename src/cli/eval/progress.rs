//! Says on stderr how many pictures were looked at: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Elsewhere than on a terminal, so many lines in all.
const LINES: usize = 20;

/// Counts pictures; may be told from several threads.
pub(super) struct PictureProgress {
    bar: Option<ProgressBar>,
    seen: AtomicUsize,
    total: usize,
}

impl PictureProgress {
    pub(super) fn new(total: usize) -> Self {
        let terminal = io::stderr().is_terminal();
        let bar = terminal.then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            let template = "looking at pictures {wide_bar} {pos}/{len}, {eta} left";
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self {
            bar,
            seen: AtomicUsize::new(0),
            total,
        }
    }

    pub(super) fn seen(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
            return;
        }
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if seen.is_multiple_of(self.total.div_ceil(LINES).max(1)) {
            // Nobody is left to be told when stderr itself is gone.
            let _ = writeln!(io::stderr(), "{seen} of {} pictures", self.total);
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
