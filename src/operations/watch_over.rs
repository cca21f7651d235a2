//! Tells how the service fares: its numbers for Prometheus, and which of its parts are degraded.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::metrics::Metrics;
use crate::metrics::standing::Standing;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::vitals::Alive;
use crate::sandbox::walls;
use crate::session::time::Timestamp;

/// What was found stands for so long: asking again and again costs nothing.
const STANDS: Duration = Duration::from_secs(1);

/// Writing a blob costs the disk more than a look.
const BLOBS_STAND: Duration = Duration::from_secs(15);

/// What does not answer for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Something due for longer is overdue: the service does not keep up, or receivers are slow.
const OVERDUE_MS: i64 = 5 * 60 * 1000;

/// Less free space than this lets uploads fail soon, or now.
const LITTLE_SPACE: u64 = 2 << 30;
const NO_SPACE: u64 = 64 << 20;

/// How a part of the service fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Ok,
    /// The service answers, and somebody should look.
    Degraded,
    /// Nothing can be examined.
    Down,
}

impl Health {
    /// The word it is answered as.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// A part of the service, how it fares, and why, in words that tell a stranger nothing of what is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub health: Health,
    /// Empty where all is well.
    pub reason: &'static str,
}

impl Check {
    fn ok(name: &'static str) -> Self {
        Self::of(name, Health::Ok, "")
    }

    fn degraded(name: &'static str, reason: &'static str) -> Self {
        Self::of(name, Health::Degraded, reason)
    }

    fn down(name: &'static str, reason: &'static str) -> Self {
        Self::of(name, Health::Down, reason)
    }

    fn of(name: &'static str, health: Health, reason: &'static str) -> Self {
        Self {
            name,
            health,
            reason,
        }
    }
}

/// What was found last, and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings(Arc<Mutex<Found>>);

#[derive(Debug, Default)]
struct Found {
    checks: Option<(Instant, Vec<Check>)>,
    blobs: Option<(Instant, bool)>,
}

impl Operations {
    /// What is counted and measured, for whoever does so.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Every number, as Prometheus reads them.
    pub async fn metrics_text(&self) -> Result<String, Error> {
        let standing = self.standing().await?;
        for (kind, count) in self.decoder_deaths().by_kind() {
            self.metrics.sandbox_deaths(kind, count);
        }
        self.metrics.text(&standing).map_err(Error::internal)
    }

    /// A worker starts; it is alive as long as what is returned lives.
    pub fn worker_starts(&self) -> Alive {
        self.vitals.starts()
    }

    /// How every part of the service fares. Neither a model nor a picture is touched.
    pub async fn health(&self) -> Vec<Check> {
        if let Some(checks) = self.found_lately() {
            return checks;
        }
        let checks = vec![
            self.check_database().await,
            self.check_blobs().await,
            self.check_models(),
            self.check_queue().await,
            self.check_workers(),
            self.check_posts().await,
            self.check_walls(),
            check_space(&self.settings.scratch),
        ];
        self.found().checks = Some((Instant::now(), checks.clone()));
        checks
    }

    fn found_lately(&self) -> Option<Vec<Check>> {
        let found = self.found();
        let (at, checks) = found.checks.as_ref()?;
        (at.elapsed() < STANDS).then(|| checks.clone())
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        let found = self.findings.0.lock();
        found.unwrap_or_else(PoisonError::into_inner)
    }

    async fn standing(&self) -> Result<Standing, Error> {
        let now = self.clock.now();
        let since = |moment: Option<Timestamp>| {
            moment.map_or(0.0, |moment| (now.0 - moment.0).max(0) as f64 / 1000.0)
        };
        let (posts_waiting, posts_due) = self.store.count_callbacks(now).await?;
        let connections = self.store.connections();
        Ok(Standing {
            queued: self.store.queued().await?,
            oldest_queued_seconds: since(self.store.oldest_queued().await?),
            workers: self.vitals.workers().1 as u64,
            posts_waiting,
            posts_due,
            oldest_post_due_seconds: since(self.store.oldest_due_callback(now).await?),
            connections: connections.open,
            idle_connections: connections.idle,
            blob_failures: self.store.blob_failures(),
        })
    }

    async fn check_database(&self) -> Check {
        match timeout(PATIENCE, self.store.ping()).await {
            Ok(Ok(())) => Check::ok("database"),
            Ok(Err(_)) | Err(_) => Check::down("database", "the database does not answer"),
        }
    }

    async fn check_blobs(&self) -> Check {
        let lately = self.found().blobs;
        let lately = lately.filter(|(at, _)| at.elapsed() < BLOBS_STAND);
        let writable = if let Some((_, writable)) = lately {
            writable
        } else {
            let probed = timeout(PATIENCE, self.store.probe_blobs()).await;
            let writable = matches!(probed, Ok(Ok(())));
            self.found().blobs = Some((Instant::now(), writable));
            writable
        };
        if writable {
            Check::ok("blobs")
        } else {
            Check::down("blobs", "pictures and videos cannot be written")
        }
    }

    fn check_models(&self) -> Check {
        if self.examiner.borrow().is_some() {
            Check::ok("models")
        } else {
            Check::down("models", "the models are not warm")
        }
    }

    async fn check_queue(&self) -> Check {
        match self.store.queued().await {
            Err(_) => Check::down("queue", "the queue cannot be read"),
            Ok(queued) if queued >= self.settings.max_queued => {
                Check::degraded("queue", "the queue is full: new work is refused")
            }
            Ok(queued)
                if queued.saturating_mul(5) >= self.settings.max_queued.saturating_mul(4) =>
            {
                Check::degraded("queue", "the queue is nearly full")
            }
            Ok(_) => Check::ok("queue"),
        }
    }

    fn check_workers(&self) -> Check {
        match self.vitals.workers() {
            (0, _) | (_, 0) => Check::down("workers", "no worker is running"),
            (started, alive) if alive < started => {
                Check::degraded("workers", "a worker has stopped")
            }
            _ => Check::ok("workers"),
        }
    }

    fn check_walls(&self) -> Check {
        walls(self.decoding.sandbox().is_some(), self.walls())
    }

    async fn check_posts(&self) -> Check {
        let now = self.clock.now();
        match self.store.oldest_due_callback(now).await {
            Err(_) => Check::down("webhooks", "what is to be posted cannot be read"),
            Ok(Some(since)) if now.0 - since.0 > OVERDUE_MS => {
                Check::degraded("webhooks", "events or results are overdue")
            }
            Ok(_) => Check::ok("webhooks"),
        }
    }
}

/// What the walls around decoding are to whoever looks after the service; before the first file nobody knows of any missing.
fn walls(walled: bool, told: Option<walls::Standing>) -> Check {
    let name = "walls";
    if !walled {
        Check::degraded(name, "uploads are decoded without walls")
    } else if told.is_some_and(|walls| !walls.missing().is_empty()) {
        Check::degraded(name, "the kernel lacks walls around decoding")
    } else {
        Check::ok(name)
    }
}

/// Whether there is room for what is received.
fn check_space(folder: &Path) -> Check {
    let name = "disk";
    match rustix::fs::statvfs(folder) {
        Err(_) => Check::degraded(name, "the free space cannot be told"),
        Ok(disk) => space(disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

fn space(free: u64) -> Check {
    let name = "disk";
    if free < NO_SPACE {
        Check::down(name, "there is no space left for uploads")
    } else if free < LITTLE_SPACE {
        Check::degraded(name, "there is little space left for uploads")
    } else {
        Check::ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_space_is_told_before_there_is_none() {
        assert_eq!(space(LITTLE_SPACE).health, Health::Ok);
        assert_eq!(space(LITTLE_SPACE - 1).health, Health::Degraded);
        assert_eq!(space(NO_SPACE - 1).health, Health::Down);
        assert_eq!(
            check_space(Path::new("/no/such/folder")).health,
            Health::Degraded
        );
    }
}
