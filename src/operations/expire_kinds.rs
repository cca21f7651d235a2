//! Erases what a project keeps for a shorter time than its sessions, and people whom it keeps no longer.

use serde_json::json;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::error::Error;
use crate::operations::run_examination::causes;
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::evidence::EvidenceKind;
use crate::session::project::Project;
use crate::session::time::Timestamp;
use crate::store::erasure::Erasure;
use crate::store::expiry::Expired;

/// Things of one kind and project that are erased in one go.
const AT_ONCE: u64 = 100;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Operations {
    /// Erases documents, videos, pictures and people of a project whose time is over, so many of each; tells whether there
    /// may be more. What is held or being examined stays.
    pub(crate) async fn expire_kinds(&self, project: &Project) -> Result<bool, Error> {
        let settings = &project.settings;
        let mut more = false;
        for (days, kind) in [
            (settings.keep_documents_days, EvidenceKind::Document),
            (settings.keep_videos_days, EvidenceKind::Video),
        ] {
            let Some(before) = self.days_ago(days) else {
                continue;
            };
            let expired = self
                .store
                .expired_evidence(project.id, kind, before, AT_ONCE)
                .await?;
            more |= self.erase_all(project, &expired).await;
        }
        if let Some(before) = self.days_ago(settings.keep_pictures_days) {
            let expired = self
                .store
                .expired_pictures(project.id, before, AT_ONCE)
                .await?;
            more |= self.erase_all(project, &expired).await;
        }
        if let Some(since) = self.days_ago(settings.keep_people_days) {
            more |= self.expire_people(project, since).await?;
        }
        Ok(more)
    }

    fn days_ago(&self, days: Option<u32>) -> Option<Timestamp> {
        days.map(|days| self.clock.now().plus(-i64::from(days) * DAY_MS))
    }

    /// Tells whether as many went as were looked for.
    async fn erase_all(&self, project: &Project, expired: &[Expired]) -> bool {
        let mut erased = 0;
        for one in expired {
            let (session, details) = match one {
                Expired::Evidence { session, id, kind } => (
                    session,
                    json!({"kind": kind.name(), "evidence": id.to_string()}),
                ),
                Expired::Pictures { session, id } => (
                    session,
                    json!({"kind": "pictures", "examination": id.to_string()}),
                ),
            };
            let deed = Deed {
                action: AuditAction::EvidenceExpired,
                target: session.to_string(),
                details,
            };
            let entry = self.audit_entry(project.id, Actor::Service, deed);
            match self.store.erase_expired(project.id, *one, &entry).await {
                Ok(done) => erased += u64::from(done),
                // The others are not to wait for this one; it is tried again in its time.
                Err(error) => {
                    tracing::error!(%session, error = %causes(&error), "a file cannot be erased");
                }
            }
        }
        if erased > 0 {
            tracing::info!(project = %project.id, files = erased, "erased files that are kept no longer");
        }
        erased == AT_ONCE
    }

    /// Tells whether as many went as were looked for.
    async fn expire_people(&self, project: &Project, since: Timestamp) -> Result<bool, Error> {
        let people = self
            .store
            .expired_people(project.id, since, AT_ONCE)
            .await?;
        let now = self.clock.now();
        let overdue = people.iter().map(|id| {
            let erasure = Erasure {
                untouched_since: Some(since),
                ..Erasure::of_people(project.id, vec![*id], now)
            };
            (id.to_string(), erasure)
        });
        let erased = self.erase_each(overdue.collect()).await;
        if erased > 0 {
            tracing::info!(project = %project.id, people = erased, "erased people who are kept no longer");
        }
        Ok(erased == AT_ONCE)
    }
}
