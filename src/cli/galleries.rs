//! `likeness galleries`: what is enrolled, and bringing it to another pack.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;

/// Lists a project's galleries, and makes their templates anew.
///
/// A template belongs to the pack that made it, and faces of different packs are never compared:
/// after a change of the embedder a gallery is refused to every search until it is re-embedded.
#[derive(Debug, Args)]
pub struct GalleriesArgs {
    #[command(subcommand)]
    command: GalleriesCommand,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum GalleriesCommand {
    /// Lists a project's galleries as JSON lines.
    List {
        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,
    },

    /// Makes templates of the pack that decides now, from the pictures that were kept.
    ///
    /// It can be broken off and started again: what is of the pack already is left alone. Faces whose
    /// picture was not kept are counted as stuck and must be enrolled again.
    ReEmbed {
        /// The project's name.
        #[arg(long, value_name = "NAME")]
        project: String,

        /// One gallery; every one, and the people enrolled without one, when it is left out.
        #[arg(long, value_name = "NAME")]
        gallery: Option<String>,
    },
}

/// Runs the command.
pub fn run(args: GalleriesArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match args.command {
            GalleriesCommand::List { project } => list(&config, &project).await,
            GalleriesCommand::ReEmbed { project, gallery } => {
                re_embed(&config, &project, gallery).await
            }
        }
    })
}

async fn list(config: &Config, project: &str) -> Result<ExitCode, CliError> {
    let (operations, _scratch) = app::operations(config).await?;
    let project = operations.find_project(project).await?;
    for (gallery, people) in operations.galleries_of_project(project.id).await? {
        output::json_line(&json!({
            "id": gallery.id.to_string(),
            "name": gallery.name,
            "people": people,
        }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// 0 when every face is of the pack, 1 when some are stuck.
async fn re_embed(
    config: &Config,
    project: &str,
    gallery: Option<String>,
) -> Result<ExitCode, CliError> {
    let (operations, _scratch) = app::operations_with_models(config).await?;
    let project = operations.find_project(project).await?;
    let names = if gallery.is_some() {
        vec![gallery]
    } else {
        let galleries = operations.galleries_of_project(project.id).await?;
        let named = galleries.into_iter().map(|(gallery, _)| Some(gallery.name));
        named.chain([None]).collect()
    };
    let mut stuck = 0;
    for name in names {
        let bar = output::counter(name.as_deref().unwrap_or("without a gallery"));
        let renewed = operations
            .re_embed(project.id, name.as_deref(), &mut |done| {
                bar.set_position(done.current + done.renewed + done.stuck);
            })
            .await?;
        bar.finish_and_clear();
        let Some(done) = renewed else { continue };
        stuck += done.stuck;
        output::json_line(&json!({
            "gallery": name,
            "pack": operations.models().embedder,
            "current": done.current,
            "renewed": done.renewed,
            "stuck": done.stuck,
        }))?;
    }
    Ok(if stuck == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
