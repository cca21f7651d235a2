//! Fetches a file from an address, bounded in time and length.

use std::path::Path;
use std::time::Duration;

use ureq::Agent;

use crate::packs::error::{PackError, one_line};
use crate::packs::install::install;
use crate::packs::manifest::ModelFile;
use crate::packs::progress::Progress;

/// An address that cannot be reached is given up after this long, each way of failing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server may think this long before it answers.
const ANSWER: Duration = Duration::from_secs(30);

/// The slowest line worth waiting for, in bytes a second.
const SLOWEST: u64 = 20_000;

/// Streams what the address holds to `target`, if it is what the manifest names.
pub(super) fn fetch(
    file: &ModelFile,
    url: &str,
    target: &Path,
    progress: &dyn Progress,
) -> Result<(), PackError> {
    let unreachable = |reason: String| PackError::Unreachable {
        from: url.to_owned(),
        reason: one_line(&reason),
    };
    let mut response = agent(file.bytes)
        .get(url)
        // The length and the hash are those of the file, not of a packed form of it.
        .header("accept-encoding", "identity")
        .call()
        .map_err(|error| unreachable(error.to_string()))?;
    let body = response.body_mut();
    if let Some(length) = body.content_length()
        && length != file.bytes
    {
        return Err(PackError::Refused {
            file: file.name.clone(),
            from: url.to_owned(),
            reason: format!("it has {length} bytes, not {}", file.bytes),
        });
    }
    progress.start(&file.name, url, file.bytes);
    let mut reader = body.as_reader();
    let installed = install(file, target, url, &mut reader, &mut |n| progress.advance(n));
    progress.finish();
    installed
}

fn agent(bytes: u64) -> Agent {
    let body = Duration::from_secs(60_u64.saturating_add(bytes / SLOWEST));
    Agent::config_builder()
        .timeout_resolve(Some(PATIENCE))
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(ANSWER))
        .timeout_recv_body(Some(body))
        .max_redirects(5)
        .user_agent(concat!("likeness/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}
