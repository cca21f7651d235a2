//! `likeness` says whether the person in a video is the person on a document, and what a project's
//! own rules make of it: pass, refer or fail.
//!
//! # The map
//!
//! ```text
//!                 main.rs → cli/            one command a file
//!                      │
//!                   app.rs                  builds every room once; nobody names it but cli
//!                ┌─────┴──────┐
//!             http/        worker.rs        the two doors: a request, a queued examination
//!                └─────┬──────┘
//!                operations/                the verbs: what the service can do, one a file
//!     ┌───────┬────────┼────────────┐
//!  notify/  store/  search/      pipeline/  results out | rows and blobs | galleries in memory | pictures in, findings out
//!             │        │      ┌─────┼───── sandbox/   files of strangers decoded in processes behind walls
//!             │        │      │     │      ┌──┴──┐
//!             └─ session/ scoring/ │   vision/ media/   the nouns | three instruments; none knows another
//!                              │
//!                           packs/          model files: manifest, sources, hashes, formats
//! ```
//!
//! Arrows point down, always; `tests/it/architecture.rs` holds them.
//!
//! - [`session`]: the nouns. Identifiers, the session and its states, projects, evidence, examinations.
//! - [`scoring`]: named numbers and rules in, a verdict with its reasons out. Pure. [`scoring::vocabulary`] is what rules
//!   may speak about, [`scoring::expression`] how, [`scoring::reasons`] what they may answer.
//! - [`media`]: a video file in, upright RGB frames with their times out.
//! - [`vision`]: a picture in; faces, embeddings, masks and quality out.
//!   The arithmetic of its networks is the package `kernels/`, which is compiled for speed in every profile
//!   and holds all of the `unsafe` code. The network that sees masks is the project's own: the package `training/` makes it,
//!   and nothing of that package is part of the service.
//! - [`sandbox`]: decodes what strangers send, each file in a process of its own behind walls: [`sandbox::walls`] says
//!   which, [`sandbox::decoding`] is what the rooms above ask.
//! - [`packs`]: where the networks' weights come from and whether they are what they should be.
//! - [`pipeline`]: the one room that holds all three instruments: see [`pipeline::examine`]. A clip is sampled for whom it
//!   shows, and watched at an even pace for what moves in it: [`pipeline::liveness`], a signal a file.
//! - [`store`]: what is kept. SQLite or PostgreSQL by one URL, and a folder of blobs or a bucket by another.
//! - [`search`]: exact search among the faces of a gallery, held in memory; its products are the package `kernels/`'s, too.
//! - [`notify`]: results and events posted to callers' addresses, and to none inside the operator's network.
//! - [`operations`]: the verbs. `ls src/operations` is the list of what the service can do.
//! - [`http`]: the door for requests, a folder a dialect: [`http::dialects`]. The officers' pages are [`http::console`].
//! - [`worker`]: the door for queued examinations.
//! - [`metrics`], [`traces`]: what the service counts of itself, and where work stands in a trace.
//! - [`evaluation`]: measures a pack on labelled pairs and calibrates it, and liveness on labelled clips.
//! - The package `training/` makes the weights that are the project's own.
//! - [`cli`], [`app`], [`config`], [`scratch`], [`telemetry`]: the program around them.
//!
//! # A match, step by step
//!
//! 1. [`http::dialects::biometry`] streams the form's files to disk ([`http::upload`]) and calls
//!    [`operations::match_faces`].
//! 2. The files are decoded once to see what they are ([`operations::intake`]), behind walls ([`sandbox`]); then evidence, session
//!    and queued examination are stored in one transaction ([`store::submission`]).
//! 3. A [`worker`] claims the row and runs [`operations::run_examination`], which calls the
//!    [`pipeline::examiner::Examiner`]: [`media::sampling`] delivers windows of frames
//!    while [`vision::detector`] and [`vision::embedder`] look at those before; several examinations share the cores.
//!    What is wrong with a capture is told by [`pipeline::defects`]; the pictures that officers judge by are cut out beside it, by [`vision::portrait`].
//! 4. [`pipeline::aggregate`] draws signals from the frames, [`scoring::verdict`] judges them, and the
//!    verdict is stored with everything it rests on.
//! 5. The waiting request is woken and rendered in its dialect.
//!
//! # A request that is sent twice, step by step
//!
//! 1. [`http::limits`] counts its address and bounds its body; [`http::idempotency`] receives the body whole and takes the
//!    key for it ([`operations::run_once`], [`store::idempotency`]), or answers what was answered before.
//! 2. What it makes is made under identifiers that were allotted with the key, and it is carried through to its end
//!    whether or not anybody waits; then its answer is kept, sealed under what only the same request brings along.
//!
//! # A search, step by step
//!
//! 1. A dialect ([`http::dialects`]) decodes the picture and calls [`operations::identify`].
//! 2. [`operations::look`] has the [`pipeline::examiner::Examiner`] look at the picture, a bounded number at a time.
//! 3. The gallery's revision is read from the [`store`]; what is held of it in memory catches up by
//!    the log of changes ([`store::template_changes`]), so that who was deleted is gone for every process.
//! 4. [`search::faces`] compares everybody in it; the dialect renders whom it found.
//!
//! # A review, step by step
//!
//! 1. The transaction that keeps a verdict makes or moves the session's case ([`store::reviews`]).
//! 2. An officer signs in ([`operations::sign_in`]) and is a [`operations::authenticate::Caller`] like any other from
//!    then on: [`http::console`] parses, calls one verb, renders.
//! 3. They take a case ([`operations::claim_review`]), read it ([`operations::read_case`]) and decide
//!    ([`operations::decide_later`]); a [`worker`] carries the decision out once it can be undone no more.
//!
//! # What holds, by its absence
//!
//! - `vision` knows no clock, no network and no database; `scoring` knows no picture; `media` knows no face.
//! - No type of the database leaves `store`, none of actix leaves `http` and `app`, no tensor leaves `vision`.
//! - Outside `app` nobody asks the system for the time, outside `config` nobody reads the environment.
//! - A type that holds a face, a vector, a name or a secret has a `Debug` that shows none of it, or no `Debug`.
//! - A door stores all of a request or nothing of it.
//! - No deed that the audit log is to tell of is done without its row: both are one transaction.
//! - A verdict is never overwritten: what people decide stands beside it.

pub mod app;
pub mod cli;
pub mod config;
pub mod evaluation;
pub mod http;
pub mod media;
pub mod metrics;
pub mod notify;
pub mod operations;
pub mod packs;
pub mod pipeline;
pub mod sandbox;
pub mod scoring;
pub mod scratch;
pub mod search;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod traces;
pub mod vision;
pub mod worker;
