//! Gets one file: from the mirror if it is there, else from its sources in order.

mod archive;
mod interpreter;
mod mirror;
mod package;
mod url;

use std::fs::File;
use std::path::Path;

use crate::packs::error::PackError;
use crate::packs::fetch::mirror::{Mirror, Reflection};
use crate::packs::fetch::package::Packages;
use crate::packs::install::install;
use crate::packs::manifest::{ModelFile, Source};
use crate::packs::progress::Progress;
use crate::packs::pull::PullOptions;

/// Everything that may be asked for a file.
pub(crate) struct Fetcher<'a> {
    mirror: Option<Mirror>,
    packages: Packages<'a>,
    progress: &'a dyn Progress,
}

impl<'a> Fetcher<'a> {
    pub(crate) fn new(
        options: &'a PullOptions,
        progress: &'a dyn Progress,
    ) -> Result<Self, PackError> {
        Ok(Self {
            mirror: options.mirror.as_deref().map(Mirror::open).transpose()?,
            packages: Packages::new(&options.interpreters, progress),
            progress,
        })
    }

    /// Puts the file at `target`, or says of every place asked why it could not.
    pub(crate) fn fetch(&mut self, file: &ModelFile, target: &Path) -> Result<(), PackError> {
        let mut reasons = Vec::new();
        if let Some(mirror) = &self.mirror {
            match mirror.find(file) {
                Reflection::Found(path) => {
                    let from = path.display().to_string();
                    let mut reader =
                        File::open(&path).map_err(|error| PackError::io(&path, error))?;
                    install(file, target, &from, &mut reader, &mut |_| {})?;
                    self.progress.line(&format!("{}: from {from}", file.name));
                    return Ok(());
                }
                Reflection::Other(path) => self.progress.line(&format!(
                    "{} from {} was refused: it has the right length but another sha256 than {}",
                    file.name,
                    path.display(),
                    file.sha256
                )),
                Reflection::Absent => {}
            }
            reasons.push(format!(
                "{}: no file with its sha256",
                mirror.dir().display()
            ));
        }
        for source in &file.sources {
            let fetched = match source {
                Source::Url { url } => url::fetch(file, url, target, self.progress),
                Source::Package(package) => self.packages.fetch(file, package, target),
            };
            match fetched {
                Ok(()) => return Ok(()),
                // A full disk is no property of a source.
                Err(error @ PackError::Io { .. }) => return Err(error),
                Err(error) => {
                    if error.is_refusal() {
                        self.progress.line(&error.to_string());
                    }
                    reasons.push(error.to_string());
                }
            }
        }
        Err(PackError::Unavailable {
            file: file.name.clone(),
            reasons: reasons.join("; "),
            hint: "try again where its source can be reached, or with `--mirror DIR` on a folder \
                   that holds it"
                .to_owned(),
        })
    }
}
