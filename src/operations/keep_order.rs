//! Keeps the blobs in order: deletes what is doomed, and what a crash left without a row; and takes stock for an operator.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::run_examination::sha256_of;
use crate::session::evidence::Evidence;
use crate::store::orphans::Orphans;

/// How long a blob may lie without a row: no request and no examination takes so long, by far.
pub const ORPHAN_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// How often one of the nodes looks at every blob.
const SWEEP_EVERY_MS: i64 = 24 * 60 * 60 * 1000;

/// Blobs without a row that are deleted unasked, or a hundredth of all where that is more.
const MOST_ORPHANS: u64 = 100;

/// By which name the nodes agree on whose turn it is.
const CHORE: &str = "sweep_orphans";

/// Pieces of evidence that are looked for at once, and read in one go.
const AT_ONCE: usize = 16;
const PAGE: u64 = 500;

/// What taking stock found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Documents and videos that rows name.
    pub evidence: u64,
    /// Where the bytes of those should lie that are not there.
    pub missing: Vec<String>,
    /// Those whose bytes are not what came in; always none where they were not read.
    pub altered: Vec<String>,
    pub orphans: Orphans,
}

impl Operations {
    /// Deletes doomed blobs; and where it is time and no other node does it, the blobs that no row names.
    pub async fn keep_order(&self) -> Result<(), Error> {
        let now = self.clock.now();
        self.store.sweep_blobs(now).await;
        let next = now.plus(SWEEP_EVERY_MS);
        if self.store.take_chore(CHORE, now, next).await? {
            let found = self.sweep_orphans(false).await?;
            if found.orphans > MOST_ORPHANS.max(found.blobs / 100) {
                // So many leaves no crash: another database than that of these blobs does.
                tracing::error!(
                    blobs = found.blobs,
                    without_a_row = found.orphans,
                    "too many blobs have no row: none is deleted; is this the database of these blobs? `likeness store sweep` deletes them"
                );
                return Ok(());
            }
            let found = self.sweep_orphans(true).await?;
            tracing::info!(
                blobs = found.blobs,
                deleted = found.orphans + found.unfinished + found.probes,
                strange = found.strange,
                "looked for blobs that no row names"
            );
        }
        Ok(())
    }

    /// Looks for blobs that no row names, and deletes those that are old enough, if asked to.
    pub async fn sweep_orphans(&self, delete: bool) -> Result<Orphans, Error> {
        let since = self.clock.now().plus(-ORPHAN_AFTER_MS);
        Ok(self.store.sweep_orphans(since, delete).await?)
    }

    /// Looks whether everything that came in is there, and whether it is what came in if its bytes are to be read.
    pub async fn take_stock(&self, read: bool) -> Result<Stock, Error> {
        let mut stock = Stock {
            orphans: self.sweep_orphans(false).await?,
            ..Stock::default()
        };
        let mut after = None;
        loop {
            let page = self.store.evidence_after(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            stock.evidence += page.len() as u64;
            let looks = page
                .into_iter()
                .map(|evidence| self.look_at(evidence, read));
            let found: Vec<Option<Lack>> = stream::iter(looks)
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            for lack in found.into_iter().flatten() {
                match lack {
                    Lack::Missing(id) => stock.missing.push(id),
                    Lack::Altered(id) => stock.altered.push(id),
                }
            }
        }
        stock.missing.sort();
        stock.altered.sort();
        Ok(stock)
    }

    async fn look_at(&self, evidence: Evidence, read: bool) -> Result<Option<Lack>, Error> {
        if !self.store.has_blob(&evidence.blob).await? {
            return Ok(Some(Lack::Missing(evidence.blob)));
        }
        if !read {
            return Ok(None);
        }
        let copy = match self.fetch(&evidence.blob).await {
            Ok(copy) => copy,
            Err(error) if error.passes() => return Err(error),
            // There, and nothing that could be read.
            Err(_) => return Ok(Some(Lack::Altered(evidence.blob))),
        };
        let hashing = tokio::task::spawn_blocking(move || sha256_of(&copy));
        let hash = hashing.await.map_err(Error::internal)??;
        Ok((hash != evidence.sha256).then_some(Lack::Altered(evidence.blob)))
    }
}

enum Lack {
    Missing(String),
    Altered(String),
}
