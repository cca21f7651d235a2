//! How often a test throws something: a seeded cut of it in the usual run, everything in the long one.

/// `full` where the environment variable `LIKENESS_SOAK` says so, else `cut`.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a run may take is a fact of whoever runs it"
)]
pub(crate) fn count(cut: usize, full: usize) -> usize {
    match std::env::var("LIKENESS_SOAK") {
        Ok(asked) if asked == "full" => full,
        Ok(_) | Err(_) => cut,
    }
}
