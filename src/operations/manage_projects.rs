//! Makes projects and sets what an operator may set for one.

use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::error::Error;
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
        self.store.create_project(&project).await?;
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
        if settings.max_examinations == Some(0) || settings.retention_days == Some(0) {
            return Err(Error::invalid(
                "`max_examinations` and `retention_days` are 1 or more, or none",
            ));
        }
        self.store.save_settings(project.id, &settings).await?;
        Ok(())
    }
}
