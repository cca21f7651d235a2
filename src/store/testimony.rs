//! Holds what the audit log tells of against what is kept: a row that is whole says little if the thing it tells of was altered.

use sea_orm::EntityTrait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::scoring::rules::content_hash;
use crate::session::actor::Actor;
use crate::session::audit::{AuditAction, AuditEntry, AuditRow};
use crate::session::ids::{DecisionId, ExaminationId, ProjectId, SessionId};
use crate::session::time::Timestamp;
use crate::store::Store;
use crate::store::entity::{decisions, examinations, rule_versions};
use crate::store::error::StoreError;
use crate::store::reading::Row;

impl Store {
    /// What is not as the row tells, in words; none where it is, or where a row tells of nothing
    /// that is kept.
    pub async fn contradiction(&self, row: &AuditRow) -> Result<Option<String>, StoreError> {
        let Ok(details) = serde_json::from_str::<Value>(&row.details) else {
            return Ok(None);
        };
        if row.action == AuditAction::RulesSaved.name() {
            self.of_rules(row, &details).await
        } else if row.action == AuditAction::SessionDecided.name() {
            self.of_decision(&details).await
        } else if row.action == AuditAction::SessionJudged.name() {
            self.of_verdict(&details).await
        } else {
            Ok(None)
        }
    }

    async fn of_rules(&self, row: &AuditRow, told: &Value) -> Result<Option<String>, StoreError> {
        let (Some(project), Some(number)) = (&row.project, told["version"].as_i64()) else {
            return Ok(None);
        };
        let kept = rule_versions::Entity::find_by_id((project.clone(), number))
            .one(&self.database)
            .await?;
        let hash = kept.map(|kept| (content_hash(&kept.text), kept.hash));
        let told = told["hash"]
            .as_str()
            .map(|hash| (hash.to_owned(), hash.to_owned()));
        Ok((hash != told).then(|| format!("version {number} of the rules")))
    }

    async fn of_decision(&self, told: &Value) -> Result<Option<String>, StoreError> {
        let Some(id) = told["decision"].as_str() else {
            return Ok(None);
        };
        let bare = id.parse::<DecisionId>().map(|id| id.0.to_string());
        let kept = decisions::Entity::find_by_id(bare.unwrap_or_default())
            .one(&self.database)
            .await?;
        let kept = kept.map(|kept| {
            let reasons: Value = serde_json::from_str(&kept.reasons).unwrap_or_default();
            json!([
                kept.kind,
                reasons,
                kept.examination_id.map(|id| format!("exam_{id}")),
                kept.note.as_deref().map(sha256),
                kept.checklist.map(|text| sha256(text.as_bytes())),
            ])
        });
        let told = json!([
            told["kind"],
            told["reasons"],
            told["examination"],
            told["sealed_note_sha256"],
            told["checklist_sha256"],
        ]);
        Ok((kept != Some(told)).then(|| format!("the decision {id}")))
    }

    async fn of_verdict(&self, told: &Value) -> Result<Option<String>, StoreError> {
        let Some(id) = told["examination"].as_str() else {
            return Ok(None);
        };
        let bare = id.parse::<ExaminationId>().map(|id| id.0.to_string());
        let kept = examinations::Entity::find_by_id(bare.unwrap_or_default())
            .one(&self.database)
            .await?;
        let Some(kept) = kept else {
            return Ok(Some(format!("the examination {id}, which is gone")));
        };
        let now = hashes(&kept);
        let parts = [
            ("outcome", "outcome"),
            ("order_sha256", "order"),
            ("signals_sha256", "signals"),
            ("verdict_sha256", "verdict"),
            ("provenance_sha256", "provenance"),
        ];
        let altered: Vec<&str> = parts
            .into_iter()
            .filter(|(key, _)| now[*key] != told[*key])
            .map(|(_, name)| name)
            .collect();
        Ok((!altered.is_empty())
            .then(|| format!("the {} of the examination {id}", altered.join(", "))))
    }
}

/// What the log is told of a verdict: hashes of all that it rests on, as it stands in its row.
pub(super) fn of_judgement(
    model: &examinations::Model,
    now: Timestamp,
) -> Result<AuditEntry, StoreError> {
    let row = Row {
        table: "examinations",
        id: &model.id,
    };
    let session = SessionId(row.uuid("session_id", &model.session_id)?);
    Ok(AuditEntry {
        at: now,
        project: Some(ProjectId(row.uuid("project_id", &model.project_id)?)),
        actor: Actor::Service,
        action: AuditAction::SessionJudged,
        target: session.to_string(),
        details: hashes(model),
    })
}

fn hashes(model: &examinations::Model) -> Value {
    let of = |text: Option<&str>| text.map(|text| sha256(text.as_bytes()));
    json!({
        "examination": format!("exam_{}", model.id),
        "outcome": model.outcome,
        "order_sha256": of(Some(&model.order_json)),
        "signals_sha256": of(model.signals_json.as_deref()),
        "verdict_sha256": of(model.verdict_json.as_deref()),
        "provenance_sha256": of(model.provenance_json.as_deref()),
    })
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |hex, byte| {
            format!("{hex}{byte:02x}")
        })
}
