//! Fetches what is missing: a detector, the best embedder that can be had and what else can be had, or what was asked for.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::packs::cache::{Cache, FileState};
use crate::packs::error::PackError;
use crate::packs::fetch::Fetcher;
use crate::packs::manifest::{Manifest, Pack, PackKind};
use crate::packs::prepare;
use crate::packs::progress::Progress;

/// What to fetch, and with what.
#[derive(Clone, Debug)]
pub struct PullOptions {
    /// These packs and no others.
    pub packs: Vec<String>,
    /// Every pack, not the best that can be had.
    pub all: bool,
    /// A folder whose files are taken by their content before any source is asked.
    pub mirror: Option<PathBuf>,
    /// Python interpreters whose pip may be used, in order.
    pub interpreters: Vec<PathBuf>,
}

impl Default for PullOptions {
    fn default() -> Self {
        Self {
            packs: Vec::new(),
            all: false,
            mirror: None,
            interpreters: vec!["python3".into(), "/usr/bin/python3".into()],
        }
    }
}

/// What is in the cache after a pull.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullReport {
    /// Packs that are complete.
    pub ready: Vec<String>,
    /// Files that were fetched just now; the others were there already.
    pub fetched: Vec<String>,
    /// Set when a better embedder could not be had.
    pub weaker: Option<Weaker>,
    /// Kinds that a service can do without, of which no pack could be had.
    pub absent: Vec<Absent>,
}

/// Why a service goes without packs of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    pub kind: PackKind,
    pub preferred: String,
    pub reason: String,
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "note: without {}, because {}; to have it, run `likeness models pull --pack {}` where its \
             source can be reached, or with `--mirror DIR` on a folder that holds its files",
            self.kind, self.reason, self.preferred
        )
    }
}

/// Why the embedder is not the preferred one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weaker {
    pub chosen: String,
    pub preferred: String,
    pub reason: String,
}

impl fmt::Display for Weaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "note: the weaker embedder {} was chosen, because {}; for the better one, run `likeness \
             models pull --pack {}` where its source can be reached, or with `--mirror DIR` on a \
             folder that holds its file",
            self.chosen, self.reason, self.preferred
        )
    }
}

/// Fetches what is missing and skips what is there and right.
pub fn pull(
    manifest: &Manifest,
    cache: &Cache,
    options: &PullOptions,
    progress: &dyn Progress,
) -> Result<PullReport, PackError> {
    let mut run = Run {
        cache,
        progress,
        fetcher: Fetcher::new(options, progress)?,
        report: PullReport::default(),
    };
    if options.all {
        run.every(manifest.packs.iter().collect())?;
    } else if options.packs.is_empty() {
        run.first(manifest, PackKind::Detector)?;
        run.first(manifest, PackKind::Embedder)?;
        run.first_if_any(manifest, PackKind::Landmarks)?;
        run.first_if_any(manifest, PackKind::Liveness)?;
    } else {
        let packs = options.packs.iter().map(|name| manifest.pack(name));
        run.every(packs.collect::<Result<_, _>>()?)?;
    }
    Ok(run.report)
}

/// Converts the packs that a pull made ready, so that a service may start on a folder that it
/// cannot write to. A converted file that was tampered with is made anew.
pub fn prepare(manifest: &Manifest, cache: &Cache, ready: &[String]) -> Result<(), PackError> {
    for name in ready {
        let pack = manifest.pack(name)?;
        match prepare::converted(cache, pack) {
            Err(PackError::Tampered { path, .. }) if path == cache.converted(pack) => {
                remove(&path)?;
                prepare::converted(cache, pack)?;
            }
            done => {
                done?;
            }
        }
    }
    Ok(())
}

/// A pack that could not be had, and why.
type Failed<'a> = (&'a Pack, PackError);

struct Run<'a> {
    cache: &'a Cache,
    progress: &'a dyn Progress,
    fetcher: Fetcher<'a>,
    report: PullReport,
}

impl Run<'_> {
    /// All of these; what fails is reported after the others were tried.
    fn every(&mut self, packs: Vec<&Pack>) -> Result<(), PackError> {
        let mut failed = None;
        for pack in packs {
            if let Err(error) = self.pack(pack) {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The first of its kind that can be had; the failure of the preferred one if none can.
    fn first(&mut self, manifest: &Manifest, kind: PackKind) -> Result<(), PackError> {
        let (chosen, failed) = self.try_in_order(manifest, kind)?;
        match (chosen, failed) {
            (Some(chosen), failed) => {
                self.report.weaker = failed.map(|(preferred, error)| Weaker {
                    chosen: chosen.name.clone(),
                    preferred: preferred.name.clone(),
                    reason: why(&error),
                });
                Ok(())
            }
            (None, Some((_, error))) => Err(error),
            (None, None) => Ok(()),
        }
    }

    /// The first of a kind that a service can do without; a note if none can be had.
    fn first_if_any(&mut self, manifest: &Manifest, kind: PackKind) -> Result<(), PackError> {
        if let (None, Some((preferred, error))) = self.try_in_order(manifest, kind)? {
            self.report.absent.push(Absent {
                kind,
                preferred: preferred.name.clone(),
                reason: why(&error),
            });
        }
        Ok(())
    }

    /// The first of its kind that can be had, and why the preferred one could not.
    fn try_in_order<'a>(
        &mut self,
        manifest: &'a Manifest,
        kind: PackKind,
    ) -> Result<(Option<&'a Pack>, Option<Failed<'a>>), PackError> {
        let mut failed: Option<Failed<'a>> = None;
        for pack in manifest.of_kind(kind) {
            match self.pack(pack) {
                Ok(()) => return Ok((Some(pack), failed)),
                Err(error @ PackError::Io { .. }) => return Err(error),
                Err(error) => {
                    failed.get_or_insert((pack, error));
                }
            }
        }
        Ok((None, failed))
    }

    fn pack(&mut self, pack: &Pack) -> Result<(), PackError> {
        for file in &pack.files {
            let target = self.cache.original(file);
            match self.cache.state(file)? {
                FileState::Right => continue,
                FileState::Missing => {}
                FileState::Wrong(found) => {
                    remove(&target)?;
                    self.progress.line(&format!(
                        "{} was not what the manifest names ({found}) and was thrown away",
                        target.display()
                    ));
                }
            }
            self.fetcher.fetch(file, &target)?;
            self.report.fetched.push(file.name.clone());
        }
        self.report.ready.push(pack.name.clone());
        Ok(())
    }
}

/// The reason without what to do about it: the line about the weaker pack says that itself.
fn why(error: &PackError) -> String {
    if let PackError::Unavailable { file, reasons, .. } = error {
        return format!("{file} could not be had ({reasons})");
    }
    error.to_string()
}

fn remove(path: &Path) -> Result<(), PackError> {
    fs::remove_file(path).map_err(|error| PackError::io(path, error))
}
