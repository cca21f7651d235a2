//! The command line: one file a command; each parses, calls a room, prints.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::operations::clock::Clock as _;

pub mod audit;
pub mod bench;
pub mod compare;
pub mod decode_child;
pub mod embed;
pub mod error;
pub mod eval;
pub mod eval_liveness;
pub mod galleries;
pub mod keys;
pub mod match_files;
pub mod models;
pub mod officers;
pub mod output;
pub mod projects;
pub mod recall;
pub mod replay;
pub mod rules;
pub mod serve;
pub mod sessions;
pub mod store;
pub mod tokens;
pub mod webhooks;

/// Is the person in the video the person on the document?
///
/// `likeness` examines a document photo and a video: it finds the faces, compares them frame by
/// frame, and judges the result by rules that each project owns. Run `likeness models pull` once,
/// then `likeness serve`.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// A TOML file with settings; `likeness.sample.toml` lists every one with its default.
    ///
    /// Each setting can also be given as an environment variable `LIKENESS_…`, which beats the file.
    #[arg(long, global = true, value_name = "FILE", env = "LIKENESS_CONFIG")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Match(match_files::MatchArgs),
    Compare(compare::CompareArgs),
    Embed(embed::EmbedArgs),
    Eval(eval::EvalArgs),
    EvalLiveness(eval_liveness::EvalLivenessArgs),
    Recall(recall::RecallArgs),
    Bench(bench::BenchArgs),
    Models(models::ModelsArgs),
    Replay(replay::ReplayArgs),
    Rules(rules::RulesArgs),
    Tokens(tokens::TokensArgs),
    Projects(projects::ProjectsArgs),
    Officers(officers::OfficersArgs),
    Galleries(galleries::GalleriesArgs),
    Sessions(sessions::SessionsArgs),
    Store(store::StoreArgs),
    Audit(audit::AuditArgs),
    Keys(keys::KeysArgs),
    Webhooks(webhooks::WebhooksArgs),
    DecodeChild(decode_child::DecodeChildArgs),
}

/// Carries out what the arguments ask for.
pub fn run(cli: Cli) -> ExitCode {
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error);
            ExitCode::from(1)
        }
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, error::CliError> {
    // It has no settings but its arguments.
    if let Command::DecodeChild(args) = &cli.command {
        return decode_child::run(args);
    }
    let config = crate::config::Config::load(cli.config.as_deref())?;
    match cli.command {
        Command::DecodeChild(args) => decode_child::run(&args),
        Command::Serve(args) => serve::run(args, config),
        Command::Match(args) => match_files::run(&args, &config),
        Command::Compare(args) => compare::run(&args, &config),
        Command::Embed(args) => embed::run(&args, &config),
        Command::Eval(args) => {
            let settings = eval::EvalSettings {
                models: config.models,
                now: crate::app::SystemClock.now(),
            };
            Ok(eval::run(&args, &settings, &mut std::io::stdout())?)
        }
        Command::EvalLiveness(args) => eval_liveness::run(&args, &config),
        Command::Recall(args) => recall::run(&args, &config),
        Command::Bench(args) => bench::run(&args, &config),
        Command::Models(args) => {
            let settings = models::ModelsSettings {
                dir: config.models,
                mirror: Some(config.mirror).filter(|dir| !dir.as_os_str().is_empty()),
            };
            Ok(models::run(&args, &settings, &mut std::io::stdout())?)
        }
        Command::Replay(args) => replay::run(args, config),
        Command::Rules(args) => rules::run(args, config),
        Command::Tokens(args) => tokens::run(args, config),
        Command::Projects(args) => projects::run(args, config),
        Command::Officers(args) => officers::run(args, config),
        Command::Galleries(args) => galleries::run(args, config),
        Command::Sessions(args) => sessions::run(args, config),
        Command::Store(args) => store::run(args, config),
        Command::Audit(args) => audit::run(args, config),
        Command::Keys(args) => keys::run(args, config),
        Command::Webhooks(args) => webhooks::run(args, config),
    }
}
