//! A service whose kernel lacks a wall says so, and in strict mode does not start.

use std::path::PathBuf;
use std::sync::Arc;

use likeness::app::{App, AppError, Instruments, SystemClock};
use likeness::config::{Config, SandboxMode};
use likeness::pipeline::examiner::ModelFacts;
use likeness::sandbox::error::SandboxError;
use likeness::sandbox::pool::admit;
use likeness::sandbox::walls::{Standing, Wall};
use reqwest::StatusCode;
use tempfile::TempDir;

use crate::helpers::{TestApp, biometry_error, document_and_video};
use crate::sandbox::fakes::{ALL_WALLS, program};

const LISTENS: &str = "exec /bin/cat >/dev/null";

async fn built(folder: &TempDir, sandbox: SandboxMode, decoder: PathBuf) -> Result<App, AppError> {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: folder.path().join("data"),
        sandbox,
        decoder,
        ..Config::default()
    };
    let instruments = Instruments::Given(ModelFacts::default(), None);
    App::build(&config, Arc::new(SystemClock), instruments).await
}

#[actix_web::test]
async fn where_a_wall_is_missing_a_strict_service_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let lacking = ALL_WALLS & !(1 << 3);
    let decoder = program(folder.path(), lacking, LISTENS);
    let refused = built(&folder, SandboxMode::Strict, decoder.clone()).await;
    let error = refused.unwrap_err();
    assert!(matches!(
        error,
        AppError::Sandbox(SandboxError::WallsMissing(_))
    ));
    assert!(error.to_string().contains("network (Landlock) missing"));

    let app = built(&folder, SandboxMode::On, decoder).await.unwrap();
    let walls = app.operations().walls().unwrap();
    assert_eq!(walls.missing(), [Wall::Network]);
    let told = "the kernel lacks walls around decoding";
    assert_eq!(reason(&app).await, told);
}

#[actix_web::test]
async fn without_any_process_no_service_starts_unless_it_is_told_to_do_without() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    let refused = built(&folder, SandboxMode::On, nothing.clone()).await;
    assert!(matches!(
        refused.unwrap_err(),
        AppError::Sandbox(SandboxError::Start(_))
    ));
    let app = built(&folder, SandboxMode::Off, nothing).await.unwrap();
    assert_eq!(app.operations().walls(), None);
    assert_eq!(reason(&app).await, "uploads are decoded without walls");
}

/// What the health of the service says of its walls.
async fn reason(app: &App) -> &'static str {
    let checks = app.operations().health().await;
    let walls = checks.into_iter().find(|check| check.name == "walls");
    walls.unwrap().reason
}

/// Through the door: one sender is told, and the service goes on.
#[actix_web::test]
async fn a_file_that_kills_its_decoder_is_refused_with_a_reason_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let dies = "/usr/bin/head -c 1 >/dev/null\nkill -SEGV $$";
    let decoder = program(folder.path(), ALL_WALLS, dies);
    let app = TestApp::start_with(|config| config.decoder = decoder).await;
    let answer = app.match_faces(document_and_video()).send().await.unwrap();
    let error = biometry_error(answer, StatusCode::BAD_REQUEST).await;
    let told = "the decoder gave up on this file: it broke down, or took too much memory";
    assert!(error.contains(told), "{error}");
    app.assert_nothing_stored().await;
    let deaths = app.operations.decoder_deaths();
    assert!(deaths.signal > 0 && deaths.signal == deaths.sum());
    let numbers = app.operations.metrics_text().await.unwrap();
    let counted = format!(
        "likeness_sandbox_deaths_total{{kind=\"signal\"}} {}",
        deaths.signal
    );
    assert!(numbers.contains(&counted), "{numbers}");
}

#[actix_web::test]
async fn here_every_wall_stands() {
    let app = TestApp::start_with(|config| config.sandbox = SandboxMode::Strict).await;
    assert_eq!(app.operations.walls(), Some(Standing::all()));
    assert_eq!(app.operations.decoder_deaths().sum(), 0);
}

#[test]
fn a_process_needs_the_walls_of_the_first_one_or_all() {
    let all = Standing::all();
    let fewer = all.without(Wall::Files);
    assert!(admit(all, all, true).is_ok());
    assert!(admit(fewer, fewer, false).is_ok());
    assert!(admit(all, fewer, false).is_ok());
    for (walls, first, strict) in [(fewer, fewer, true), (fewer, all, false)] {
        let Err(SandboxError::WallsMissing(missing)) = admit(walls, first, strict) else {
            panic!("a wall is missing");
        };
        assert_eq!(missing, [Wall::Files]);
    }
}
