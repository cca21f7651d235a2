//! `likeness decode-child`: what the service runs for every file that it decodes; nobody else has a use for it.

use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::error::CliError;
use crate::cli::output;
use crate::sandbox::bounds::Bounds;
use crate::sandbox::child::{self, ChildSettings};
use crate::sandbox::deeds::Deed;
use crate::sandbox::error::names;

/// Exit status of a deed that nothing stopped.
const UNSTOPPED: u8 = 3;

/// Decodes one file behind walls, on the orders of the service that started it.
///
/// Standard input is the channel to the service. With --prove it tries what the walls must stop instead.
#[derive(Debug, Args)]
#[command(hide = true)]
pub struct DecodeChildArgs {
    /// The process that this one dies with.
    #[arg(long, value_name = "PID")]
    parent: u32,

    /// Memory at most, beyond the program's own.
    #[arg(long, value_name = "BYTES")]
    memory_bytes: u64,

    /// Computing time at most.
    #[arg(long, value_name = "SECONDS")]
    computing_seconds: u64,

    /// A deed to try behind the walls.
    #[arg(long, value_name = "DEED", value_parser = PossibleValuesParser::new(Deed::ALL.map(Deed::name)))]
    prove: Option<String>,

    /// Leave out the list of system calls, so that the walls behind it are tried.
    #[arg(long, requires = "prove")]
    without_calls: bool,
}

/// Runs the command.
pub fn run(args: &DecodeChildArgs) -> Result<ExitCode, CliError> {
    let settings = ChildSettings {
        parent: args.parent,
        bounds: Bounds {
            memory_bytes: args.memory_bytes,
            computing_seconds: args.computing_seconds,
        },
    };
    let deed = args.prove.as_ref().and_then(|asked| {
        let named = |deed: &Deed| deed.name() == asked;
        Deed::ALL.into_iter().find(named)
    });
    let Some(deed) = deed else {
        return Ok(match child::serve(settings) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        });
    };
    let (walls, outcome) = child::try_deed(settings, deed, args.without_calls);
    output::remark(&format!("walls missing: [{}]", names(&walls.missing())));
    match outcome {
        Ok(told) => {
            output::remark(&told);
            Ok(ExitCode::from(UNSTOPPED))
        }
        Err(error) => {
            output::remark(&format!("stopped: {error}"));
            Ok(ExitCode::SUCCESS)
        }
    }
}
