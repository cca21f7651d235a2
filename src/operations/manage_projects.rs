//! Makes projects and sets what an operator may set for one.

use std::fmt;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::scoring::rules::content_hash;
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::ids::ProjectId;
use crate::session::project::{Project, ProjectSettings, Scope};
use crate::store::error::StoreError;

/// The longest text of a consent, in characters.
const MAX_CONSENT: usize = 10_000;

/// What is wrong with one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFault {
    /// The setting's name, as `likeness projects set` knows it, with underscores.
    pub field: &'static str,
    /// Goes on where the name left off.
    pub reason: String,
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.reason)
    }
}

/// Why settings were not changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    #[error("{}", in_words(.0))]
    Faults(Vec<SettingFault>),
    #[error(transparent)]
    Other(#[from] Error),
}

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
        match self.store.create_project(&project, &entry).await {
            Ok(()) => Ok(project),
            // Another node made it meanwhile.
            Err(StoreError::AlreadyExists { .. }) => self.find_project(name).await,
            Err(error) => Err(error.into()),
        }
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

    /// Stores settings that make sense, for whoever runs the machine.
    pub async fn set_project(&self, name: &str, settings: ProjectSettings) -> Result<(), Error> {
        let project = self.find_project(name).await?;
        match self.keep(&project, settings, Actor::Operator).await {
            Ok(()) => Ok(()),
            Err(NotChanged::Faults(faults)) => Err(Error::invalid(in_words(&faults))),
            Err(NotChanged::Other(error)) => Err(error),
        }
    }

    /// What is set for the caller's project, for whoever may change it.
    pub fn own_settings<'a>(&self, caller: &'a Caller) -> Result<&'a ProjectSettings, Error> {
        caller.require(Scope::Manage)?;
        Ok(&caller.project.settings)
    }

    /// Stores settings of the caller's project, unless they are others by now than those that were `seen`.
    ///
    /// Whether a project is suspended is for the operator to say.
    pub async fn change_settings(
        &self,
        caller: &Caller,
        seen: &str,
        settings: ProjectSettings,
    ) -> Result<(), NotChanged> {
        let before = self.own_settings(caller)?;
        if settings_hash(before)? != seen {
            return Err(NotChanged::Other(Error::Conflict {
                reason: "somebody else changed the settings meanwhile: load the page anew"
                    .to_owned(),
            }));
        }
        let relaxed = [
            (
                "decisions_by_two",
                before.decisions_by_two && !settings.decisions_by_two,
            ),
            ("four_eyes", before.four_eyes && !settings.four_eyes),
        ];
        let faults: Vec<SettingFault> = relaxed
            .into_iter()
            .filter(|(_, is_relaxed)| *is_relaxed)
            .map(|(field, _)| SettingFault {
                field,
                // Who could switch it off alone would be bound by nobody.
                reason: "is switched off by the operator alone".to_owned(),
            })
            .collect();
        if !faults.is_empty() {
            return Err(NotChanged::Faults(faults));
        }
        let settings = ProjectSettings {
            suspended: before.suspended,
            ..settings
        };
        self.keep(&caller.project, settings, caller.actor()).await
    }

    async fn keep(
        &self,
        project: &Project,
        mut settings: ProjectSettings,
        actor: Actor,
    ) -> Result<(), NotChanged> {
        let faults = faults(&settings);
        if !faults.is_empty() {
            return Err(NotChanged::Faults(faults));
        }
        let before = &project.settings;
        settings.consent_version = before.consent_version;
        if settings.consent_text != before.consent_text {
            settings.consent_version = settings.consent_version.saturating_add(1);
        }
        let changed = changed(before, &settings)?;
        if changed.is_empty() {
            return Ok(());
        }
        let deed = Deed {
            action: AuditAction::ProjectChanged,
            target: project.id.to_string(),
            details: Value::Object(changed),
        };
        let entry = self.audit_entry(project.id, actor, deed);
        let saved = self.store.save_settings(project.id, &settings, &entry);
        Ok(saved.await.map_err(Error::from)?)
    }
}

/// What is told apart by it: settings that were seen from settings that are there.
pub fn settings_hash(settings: &ProjectSettings) -> Result<String, Error> {
    let text = serde_json::to_string(settings).map_err(Error::internal)?;
    Ok(content_hash(&text))
}

/// Everything that is wrong with settings.
fn faults(settings: &ProjectSettings) -> Vec<SettingFault> {
    let thresholds = &settings.thresholds;
    let percentages = [
        ("match_threshold", settings.match_threshold),
        ("fremis_threshold", thresholds.fremis),
        ("risetai_threshold", thresholds.risetai),
        ("opencv_fr_threshold", thresholds.opencv_fr),
    ];
    let bounds = [
        ("max_examinations", settings.max_examinations, 1_000),
        ("retention_days", settings.retention_days, 36_500),
        ("keep_documents_days", settings.keep_documents_days, 36_500),
        ("keep_videos_days", settings.keep_videos_days, 36_500),
        ("keep_pictures_days", settings.keep_pictures_days, 36_500),
        ("keep_people_days", settings.keep_people_days, 36_500),
    ];
    let fault = |field, reason: String| SettingFault { field, reason };
    let mut faults = Vec::new();
    if !(1..=64).contains(&settings.frames) {
        faults.push(fault("frames", "lies between 1 and 64".to_owned()));
    }
    for (field, percentage) in percentages {
        if !(0.0..=100.0).contains(&percentage) {
            faults.push(fault(field, "lies between 0 and 100".to_owned()));
        }
    }
    for (field, value, most) in bounds {
        if value.is_some_and(|value| !(1..=most).contains(&value)) {
            let reason = format!("lies between 1 and {most}, or is none");
            faults.push(fault(field, reason));
        }
    }
    let reviews = [
        ("undo_seconds", u32::from(settings.undo_seconds), 0..=60),
        // A year.
        (
            "review_within_minutes",
            settings.review_within_minutes,
            1..=525_600,
        ),
        ("seed_percent", u32::from(settings.seed_percent), 0..=50),
    ];
    for (field, value, range) in reviews {
        if !range.contains(&value) {
            let (least, most) = (range.start(), range.end());
            faults.push(fault(field, format!("lies between {least} and {most}")));
        }
    }
    let text = &settings.consent_text;
    let controls = |character: char| character.is_control() && character != '\n';
    if text.chars().count() > MAX_CONSENT || text.contains(controls) {
        let reason =
            format!("has {MAX_CONSENT} characters at most and no control character but line ends");
        faults.push(fault("consent_text", reason));
    }
    faults
}

fn in_words(faults: &[SettingFault]) -> String {
    let sentences: Vec<String> = faults.iter().map(ToString::to_string).collect();
    sentences.join("; ")
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
    // Words that somebody wrote are not for the log; their hash tells which they were.
    if let Some(text) = changed.get_mut("consent_text") {
        *text = text.as_str().map(content_hash).into();
    }
    Ok(changed)
}
