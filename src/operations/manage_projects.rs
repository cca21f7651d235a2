//! Makes projects and sets what an operator may set for one.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::error::Error;
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::ids::ProjectId;
use crate::session::project::{Project, ProjectSettings};

impl Operations {
    /// The project of that name, made when it is new.
    pub async fn ensure_project(&self, name: &str) -> Result<Project, Error> {
        if let Some(project) = self.store.project_by_name(name).await? {
            return Ok(project);
        }
        if name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
            return Err(Error::invalid(
                "a project's name has 1 to 100 bytes and no control character",
            ));
        }
        let project = Project {
            id: ProjectId(Uuid::now_v7()),
            name: name.to_owned(),
            settings: ProjectSettings::default(),
            created_at: self.clock.now(),
        };
        let deed = Deed {
            action: AuditAction::ProjectCreated,
            target: project.id.to_string(),
            details: json!({}),
        };
        let entry = self.audit_entry(project.id, Actor::Operator, deed);
        self.store.create_project(&project, &entry).await?;
        Ok(project)
    }

    /// The project of that name.
    pub async fn find_project(&self, name: &str) -> Result<Project, Error> {
        self.store
            .project_by_name(name)
            .await?
            .ok_or(Error::NotFound { what: "project" })
    }

    /// Every project.
    pub async fn projects(&self) -> Result<Vec<Project>, Error> {
        Ok(self.store.projects().await?)
    }

    /// Stores settings that make sense.
    pub async fn set_project(&self, name: &str, settings: ProjectSettings) -> Result<(), Error> {
        let project = self.find_project(name).await?;
        if !(1..=64).contains(&settings.frames) {
            return Err(Error::invalid("`frames` lies between 1 and 64"));
        }
        if !(0.0..=100.0).contains(&settings.match_threshold) {
            return Err(Error::invalid("`match_threshold` lies between 0 and 100"));
        }
        let thresholds = &settings.thresholds;
        for threshold in [thresholds.fremis, thresholds.risetai, thresholds.opencv_fr] {
            if !(0.0..=100.0).contains(&threshold) {
                return Err(Error::invalid("a threshold lies between 0 and 100"));
            }
        }
        let bounds = [
            ("max_examinations", settings.max_examinations, 1_000),
            ("retention_days", settings.retention_days, 36_500),
        ];
        for (name, value, most) in bounds {
            if value.is_some_and(|value| !(1..=most).contains(&value)) {
                return Err(Error::invalid(format!(
                    "`{name}` lies between 1 and {most}, or is none"
                )));
            }
        }
        refuse_odd_reviews(&settings)?;
        let changed = changed(&project.settings, &settings)?;
        if changed.is_empty() {
            return Ok(());
        }
        let deed = Deed {
            action: AuditAction::ProjectChanged,
            target: project.id.to_string(),
            details: Value::Object(changed),
        };
        let entry = self.audit_entry(project.id, Actor::Operator, deed);
        self.store
            .save_settings(project.id, &settings, &entry)
            .await?;
        Ok(())
    }
}

/// Refuses what makes no sense for those who review.
fn refuse_odd_reviews(settings: &ProjectSettings) -> Result<(), Error> {
    if settings.undo_seconds > 60 {
        return Err(Error::invalid("`undo_seconds` lies between 0 and 60"));
    }
    if !(1..=525_600).contains(&settings.review_within_minutes) {
        return Err(Error::invalid(
            "`review_within_minutes` lies between 1 and 525600, a year",
        ));
    }
    if settings.seed_percent > 50 {
        return Err(Error::invalid("`seed_percent` lies between 0 and 50"));
    }
    Ok(())
}

/// The settings that differ, with their new values: numbers and words of closed lists.
fn changed(before: &ProjectSettings, after: &ProjectSettings) -> Result<Map<String, Value>, Error> {
    let [before, after] = [before, after].map(serde_json::to_value);
    let (before, after) = (
        before.map_err(Error::internal)?,
        after.map_err(Error::internal)?,
    );
    let Value::Object(mut changed) = after else {
        return Ok(Map::new());
    };
    changed.retain(|name, value| before.get(name) != Some(value));
    Ok(changed)
}
