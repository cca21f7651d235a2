//! `likeness projects`: what an operator may set for one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::app;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::config::Config;
use crate::operations::Operations;
use crate::session::project::{ConsentPolicy, Dialect, MaskPolicy, Project, ProjectSettings};

/// Shows and sets what each project may decide for itself.
#[derive(Debug, Args)]
pub struct ProjectsArgs {
    #[command(subcommand)]
    command: ProjectsCommand,

    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum ProjectsCommand {
    /// Lists the projects with their settings as JSON lines.
    List,

    /// Changes a project's settings; what is left out stays as it is. The project is made when it is new.
    Set(Box<SetArgs>),
}

#[derive(Debug, Args)]
struct SetArgs {
    /// The project's name.
    name: String,

    /// `result` of match-faces is true from this score on, 0–100.
    #[arg(long, value_name = "PERCENT")]
    match_threshold: Option<f64>,

    /// Answer that result as 1 or 0.
    #[arg(long, value_name = "BOOL")]
    numeric_result: Option<bool>,

    /// Frames looked at in a video, 1–64.
    #[arg(long, value_name = "N")]
    frames: Option<u8>,

    /// Who holds the applicant's consent.
    #[arg(long)]
    consent: Option<ConsentArg>,

    /// Whether who saved a version of the rules may not be who activates it.
    #[arg(long, value_name = "BOOL")]
    four_eyes: Option<bool>,

    /// How often one session may be examined; `none` for no limit.
    #[arg(long, value_name = "N|none")]
    max_examinations: Option<Limit>,

    /// Days after which a session's data are erased; `none` to keep them.
    #[arg(long, value_name = "DAYS|none")]
    retention_days: Option<Limit>,

    /// Days after which documents are erased; `none` to keep them as long as their session.
    #[arg(long, value_name = "DAYS|none")]
    keep_documents_days: Option<Limit>,

    /// Days after which videos are erased; `none` to keep them as long as their session.
    #[arg(long, value_name = "DAYS|none")]
    keep_videos_days: Option<Limit>,

    /// Days after which the pictures of an examination are erased; `none` to keep them as long as their session.
    #[arg(long, value_name = "DAYS|none")]
    keep_pictures_days: Option<Limit>,

    /// Days after which an enrolled person is erased to whom nothing happened; `none` to keep them.
    #[arg(long, value_name = "DAYS|none")]
    keep_people_days: Option<Limit>,

    /// Whether an approval or a rejection takes two officers who say the same.
    #[arg(long, value_name = "BOOL")]
    decisions_by_two: Option<bool>,

    /// Whether who approves or rejects has to compare the faces feature by feature.
    #[arg(long, value_name = "BOOL")]
    checklist: Option<bool>,

    /// How long a decision of the console can be undone, 0–60.
    #[arg(long, value_name = "SECONDS")]
    undo_seconds: Option<u8>,

    /// A case that waits for longer is overdue.
    #[arg(long, value_name = "MINUTES")]
    review_within_minutes: Option<u32>,

    /// Whether people look at what the rules failed as well.
    #[arg(long, value_name = "BOOL")]
    review_fails: Option<bool>,

    /// How many cases in a hundred are mixed in whose right answer is known, 0–50.
    #[arg(long, value_name = "PERCENT")]
    seed_percent: Option<u8>,

    /// The percentage from which on FREMIS answers `match: true`.
    #[arg(long, value_name = "PERCENT")]
    fremis_threshold: Option<f64>,

    /// The percentage from which on RisetAI answers `verified: true`.
    #[arg(long, value_name = "PERCENT")]
    risetai_threshold: Option<f64>,

    /// The percentage from which on OpenCV FR answers a match; a call may ask for more, never for less.
    #[arg(long, value_name = "PERCENT")]
    opencv_fr_threshold: Option<f64>,

    /// Calls of the API the project may make in all; `none` for no limit.
    #[arg(long, value_name = "N|none")]
    max_calls: Option<Limit>,

    /// Faces the project may have enrolled; `none` for no limit.
    #[arg(long, value_name = "N|none")]
    max_faces: Option<Limit>,

    /// Galleries the project may have; `none` for no limit.
    #[arg(long, value_name = "N|none")]
    max_galleries: Option<Limit>,

    /// An API that the project's tokens are not to open.
    #[arg(long, value_name = "API")]
    disable: Vec<DialectArg>,

    /// An API that they are to open again.
    #[arg(long, value_name = "API")]
    enable: Vec<DialectArg>,

    /// Whether answers that tell of a mask are asked for one.
    #[arg(long)]
    masks: Option<MaskArg>,

    /// Whether ARGOS calls must name a `callbackUrl`, where the result goes.
    #[arg(long, value_name = "BOOL")]
    argos_asynchronous: Option<bool>,

    /// Whether everything is refused to the project.
    #[arg(long, value_name = "BOOL")]
    suspended: Option<bool>,
}

/// A number, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit(Option<u64>);

impl std::str::FromStr for Limit {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse().map(|limit| Self(Some(limit)))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DialectArg {
    Native,
    Biometry,
    Fremis,
    Risetai,
    #[value(name = "opencv_fr")]
    OpencvFr,
    Argos,
}

impl From<DialectArg> for Dialect {
    fn from(argument: DialectArg) -> Self {
        match argument {
            DialectArg::Native => Self::Native,
            DialectArg::Biometry => Self::Biometry,
            DialectArg::Fremis => Self::Fremis,
            DialectArg::Risetai => Self::Risetai,
            DialectArg::OpencvFr => Self::OpencvFr,
            DialectArg::Argos => Self::Argos,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MaskArg {
    /// The classifier that is built in says whether one is worn.
    #[value(name = "required")]
    Required,
    /// Nobody asks, and the answer says `null`.
    #[value(name = "not_examined")]
    NotExamined,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ConsentArg {
    /// The operator holds it elsewhere, by contract.
    #[value(name = "by_contract")]
    ByContract,
    /// It must have been given to this service before anything is processed.
    Required,
}

/// Runs the command.
pub fn run(args: ProjectsArgs, mut config: Config) -> Result<ExitCode, CliError> {
    if let Some(data) = args.data {
        config.data = data;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (operations, _scratch) = app::operations(&config).await?;
        match args.command {
            ProjectsCommand::List => {
                for project in operations.projects().await? {
                    print(&project)?;
                }
            }
            ProjectsCommand::Set(set) => print(&change(*set, &operations).await?)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn change(set: SetArgs, operations: &Operations) -> Result<Project, CliError> {
    let mut settings = operations.ensure_project(&set.name).await?.settings;
    if let Some(threshold) = set.match_threshold {
        settings.match_threshold = threshold;
    }
    if let Some(numeric) = set.numeric_result {
        settings.numeric_result = numeric;
    }
    if let Some(frames) = set.frames {
        settings.frames = frames;
    }
    match set.consent {
        Some(ConsentArg::ByContract) => settings.consent = ConsentPolicy::ByContract,
        Some(ConsentArg::Required) => settings.consent = ConsentPolicy::Required,
        None => {}
    }
    change_review(&set, &mut settings);
    change_dialects(&set, &mut settings);
    operations.set_project(&set.name, settings).await?;
    Ok(operations.find_project(&set.name).await?)
}

/// What concerns those who review and answer for what is decided.
fn change_review(set: &SetArgs, settings: &mut ProjectSettings) {
    for (given, setting) in [
        (set.four_eyes, &mut settings.four_eyes),
        (set.decisions_by_two, &mut settings.decisions_by_two),
        (set.checklist, &mut settings.checklist),
        (set.review_fails, &mut settings.review_fails),
    ] {
        *setting = given.unwrap_or(*setting);
    }
    for (given, setting) in [
        (set.undo_seconds, &mut settings.undo_seconds),
        (set.seed_percent, &mut settings.seed_percent),
    ] {
        *setting = given.unwrap_or(*setting);
    }
    if let Some(minutes) = set.review_within_minutes {
        settings.review_within_minutes = minutes;
    }
    for (given, setting) in [
        (set.max_examinations, &mut settings.max_examinations),
        (set.retention_days, &mut settings.retention_days),
        (set.keep_documents_days, &mut settings.keep_documents_days),
        (set.keep_videos_days, &mut settings.keep_videos_days),
        (set.keep_pictures_days, &mut settings.keep_pictures_days),
        (set.keep_people_days, &mut settings.keep_people_days),
    ] {
        if let Some(Limit(given)) = given {
            *setting = given.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        }
    }
}

/// What concerns galleries and the APIs other than Biometry's.
fn change_dialects(set: &SetArgs, settings: &mut ProjectSettings) {
    let thresholds = &mut settings.thresholds;
    for (given, threshold) in [
        (set.fremis_threshold, &mut thresholds.fremis),
        (set.risetai_threshold, &mut thresholds.risetai),
        (set.opencv_fr_threshold, &mut thresholds.opencv_fr),
    ] {
        if let Some(given) = given {
            *threshold = given;
        }
    }
    let quotas = &mut settings.quotas;
    for (given, quota) in [
        (set.max_calls, &mut quotas.calls),
        (set.max_faces, &mut quotas.faces),
        (set.max_galleries, &mut quotas.galleries),
    ] {
        if let Some(Limit(given)) = given {
            *quota = given;
        }
    }
    for dialect in set.disable.iter().copied().map(Dialect::from) {
        if !settings.disabled.contains(&dialect) {
            settings.disabled.push(dialect);
        }
    }
    for dialect in set.enable.iter().copied().map(Dialect::from) {
        settings.disabled.retain(|disabled| *disabled != dialect);
    }
    match set.masks {
        Some(MaskArg::Required) => settings.masks = MaskPolicy::Required,
        Some(MaskArg::NotExamined) => settings.masks = MaskPolicy::NotExamined,
        None => {}
    }
    if let Some(asynchronous) = set.argos_asynchronous {
        settings.argos_asynchronous = asynchronous;
    }
    if let Some(suspended) = set.suspended {
        settings.suspended = suspended;
    }
}

fn print(project: &Project) -> Result<(), CliError> {
    output::json_line(&json!({
        "id": project.id.to_string(),
        "name": project.name,
        "match_threshold": project.settings.match_threshold,
        "numeric_result": project.settings.numeric_result,
        "frames": project.settings.frames,
        "consent": project.settings.consent,
        "four_eyes": project.settings.four_eyes,
        "max_examinations": project.settings.max_examinations,
        "retention_days": project.settings.retention_days,
        "keep_documents_days": project.settings.keep_documents_days,
        "keep_videos_days": project.settings.keep_videos_days,
        "keep_pictures_days": project.settings.keep_pictures_days,
        "keep_people_days": project.settings.keep_people_days,
        "decisions_by_two": project.settings.decisions_by_two,
        "checklist": project.settings.checklist,
        "undo_seconds": project.settings.undo_seconds,
        "review_within_minutes": project.settings.review_within_minutes,
        "review_fails": project.settings.review_fails,
        "seed_percent": project.settings.seed_percent,
        "thresholds": project.settings.thresholds,
        "quotas": project.settings.quotas,
        "disabled": project.settings.disabled,
        "masks": project.settings.masks,
        "argos_asynchronous": project.settings.argos_asynchronous,
        "suspended": project.settings.suspended,
    }))
}
