//! Tells how the service fares: its numbers for Prometheus, and which of its parts are degraded.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::metrics::Metrics;
use crate::metrics::standing::Standing;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::shared_look::SharedLook;
use crate::operations::vitals::Alive;
use crate::sandbox::walls;
use crate::session::time::Timestamp;
use crate::store::error::StoreError;

/// What was found stands for so long: asking again and again costs nothing.
const STANDS: Duration = Duration::from_secs(1);

/// Writing a blob costs the disk more than a look.
const BLOBS_STAND: Duration = Duration::from_secs(15);

/// What does not answer for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The same for the numbers, which nobody is taken out of service for; Prometheus itself waits for ten seconds.
const PATIENCE_FOR_NUMBERS: Duration = Duration::from_secs(5);

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

/// What was found last. However many ask, the database and the blobs are asked by one at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    checks: SharedLook<Vec<Check>>,
    blobs: SharedLook<bool>,
    numbers: SharedLook<Result<Numbers, Arc<Error>>>,
}

/// The numbers that are read from the database.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    queued: u64,
    oldest_queued_seconds: f64,
    posts_waiting: u64,
    posts_due: u64,
    oldest_post_due_seconds: f64,
}

#[derive(Debug, thiserror::Error)]
#[error("the database takes too long to answer")]
struct TooLong;

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
        let operations = self.clone();
        // On a task of its own: whoever hangs up before the answer would have the next one look again.
        let looking = tokio::spawn(async move {
            let checks = &operations.findings.checks;
            checks
                .found(STANDS, Box::pin(operations.look_at_all()))
                .await
        });
        let broken_off = |_| vec![Check::down("service", "the look at its parts broke off")];
        looking.await.unwrap_or_else(broken_off)
    }

    async fn look_at_all(&self) -> Vec<Check> {
        // At once, so that all of them together take no longer than the slowest.
        let (database, blobs, queue, posts) = tokio::join!(
            self.check_database(),
            self.check_blobs(),
            self.check_queue(),
            self.check_posts(),
        );
        vec![
            database,
            blobs,
            self.check_models(),
            queue,
            self.check_workers(),
            posts,
            self.check_walls(),
            check_space(&self.settings.scratch),
        ]
    }

    async fn standing(&self) -> Result<Standing, Error> {
        let numbers = self.findings.numbers.found(STANDS, async {
            let reading = timeout(PATIENCE_FOR_NUMBERS, self.numbers());
            let read = reading
                .await
                .unwrap_or_else(|_| Err(Error::Unavailable(Box::new(TooLong))));
            read.map_err(Arc::new)
        });
        let numbers = numbers
            .await
            .map_err(|error| Error::Unavailable(Box::new(error)))?;
        let connections = self.store.connections();
        Ok(Standing {
            queued: numbers.queued,
            oldest_queued_seconds: numbers.oldest_queued_seconds,
            workers: self.vitals.workers().1 as u64,
            posts_waiting: numbers.posts_waiting,
            posts_due: numbers.posts_due,
            oldest_post_due_seconds: numbers.oldest_post_due_seconds,
            connections: connections.open,
            idle_connections: connections.idle,
            blob_failures: self.store.blob_failures(),
        })
    }

    async fn numbers(&self) -> Result<Numbers, Error> {
        let now = self.clock.now();
        let since = |moment: Option<Timestamp>| {
            moment.map_or(0.0, |moment| (now.0 - moment.0).max(0) as f64 / 1000.0)
        };
        let (posts_waiting, posts_due) = self.store.count_callbacks(now).await?;
        Ok(Numbers {
            queued: self.store.queued().await?,
            oldest_queued_seconds: since(self.store.oldest_queued().await?),
            posts_waiting,
            posts_due,
            oldest_post_due_seconds: since(self.store.oldest_due_callback(now).await?),
        })
    }

    async fn check_database(&self) -> Check {
        match in_time(self.store.ping()).await {
            Some(()) => Check::ok("database"),
            None => Check::down("database", "the database does not answer"),
        }
    }

    async fn check_blobs(&self) -> Check {
        let probing = async { in_time(self.store.probe_blobs()).await.is_some() };
        if self
            .findings
            .blobs
            .found(BLOBS_STAND, Box::pin(probing))
            .await
        {
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
        match in_time(self.store.queued()).await {
            None => Check::down("queue", "the queue cannot be read"),
            Some(queued) if queued >= self.settings.max_queued => {
                Check::degraded("queue", "the queue is full: new work is refused")
            }
            Some(queued)
                if queued.saturating_mul(5) >= self.settings.max_queued.saturating_mul(4) =>
            {
                Check::degraded("queue", "the queue is nearly full")
            }
            Some(_) => Check::ok("queue"),
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
        match in_time(self.store.oldest_due_callback(now)).await {
            None => Check::down("webhooks", "what is to be posted cannot be read"),
            Some(Some(since)) if now.0 - since.0 > OVERDUE_MS => {
                Check::degraded("webhooks", "events or results are overdue")
            }
            Some(_) => Check::ok("webhooks"),
        }
    }
}

/// What a part answers; none where it fails, or takes too long.
async fn in_time<T>(asking: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    timeout(PATIENCE, asking).await.ok()?.ok()
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
