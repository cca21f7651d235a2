//! Judges a session's stored signals again, by the rules as they stood, and holds the verdict against the one that was kept.

use serde_json::Value;

use crate::operations::Operations;
use crate::operations::error::Error;
use crate::scoring::rules::{Rules, content_hash};
use crate::scoring::signals::Signals;
use crate::scoring::verdict::{Verdict, judge};
use crate::session::audit::AuditAction;
use crate::session::examination::{ExaminationRecord, ShadowVerdict};
use crate::session::ids::{ExaminationId, SessionId};
use crate::session::visit::Session;
use crate::store::error::StoreError;
use crate::store::verdicts::KeptVerdict;

/// One verdict, judged again.
#[derive(Debug)]
pub struct Replayed {
    pub examination: ExaminationId,
    pub verdict: Verdict,
    /// Whether the verdict came out as it was kept, to the byte.
    pub byte_equal: bool,
    /// What is not as it was kept, in words; none where all is.
    pub differences: Vec<Difference>,
    /// What could not be looked at, and why.
    pub remarks: Vec<String>,
    /// It was judged by a version that kept no provenance.
    is_old: bool,
}

/// Something that is not as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// A JSON pointer into what was kept, or a word for it.
    pub what: String,
    pub kept: Value,
    pub now: Value,
}

impl Operations {
    /// Judges every examination of the session again, the oldest first, and touches no media.
    pub async fn replay(&self, id: SessionId) -> Result<Vec<Replayed>, Error> {
        self.session_to_replay(id).await?;
        let mut replayed = Vec::new();
        for kept in self.store.kept_verdicts(id).await? {
            replayed.push(self.judge_again(&kept).await?);
        }
        self.compare_with_log(id, &mut replayed).await?;
        Ok(replayed)
    }

    /// The audit log holds the hashes of every verdict and of all that it rests on: an alteration
    /// that is consistent in itself is found there, and a verdict that was taken away.
    pub(crate) async fn compare_with_log(
        &self,
        id: SessionId,
        replayed: &mut [Replayed],
    ) -> Result<(), Error> {
        let mut told = Vec::new();
        for row in self.store.audit_rows_about(&id.to_string()).await? {
            let details: Value = serde_json::from_str(&row.details).unwrap_or_default();
            if row.action == AuditAction::SessionJudged.name() {
                told.extend(details["examination"].as_str().map(str::to_owned));
            }
            if let (Some(what), Some(last)) =
                (self.store.contradiction(&row).await?, replayed.last_mut())
            {
                last.note(
                    &format!("row {} of the audit log", row.seq),
                    &what,
                    "otherwise",
                );
            }
        }
        for found in replayed {
            if !told.contains(&found.examination.to_string()) {
                if found.is_old {
                    found
                        .remarks
                        .push("the audit log did not record verdicts yet".to_owned());
                } else {
                    found.note("row of the audit log about the verdict", "one", "none");
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn session_to_replay(&self, id: SessionId) -> Result<Session, Error> {
        self.store
            .session_of_any_project(id)
            .await?
            .ok_or(Error::NotFound { what: "session" })
    }

    pub(crate) async fn judge_again(&self, kept: &KeptVerdict) -> Result<Replayed, Error> {
        let record = &kept.record;
        let signals = record.signals.as_ref().ok_or(Error::NotFound {
            what: "signals of the examination",
        })?;
        let verdict = verdict_by(&record.order.rules, record, signals)?;
        let now = serde_json::to_string(&verdict).map_err(Error::internal)?;
        let mut replayed = Replayed {
            examination: record.id,
            byte_equal: now == kept.verdict_json,
            differences: Vec::new(),
            remarks: Vec::new(),
            is_old: record.provenance.is_none(),
            verdict,
        };
        replayed.compare_verdicts(kept, &now)?;
        replayed.note(
            "outcome column",
            kept.outcome.as_deref().unwrap_or_default(),
            replayed.verdict.outcome.name(),
        );
        self.compare_rules(record, &mut replayed).await?;
        for shadow in self.store.shadow_verdicts(record.id).await? {
            replayed.compare_shadow(record, signals, &shadow)?;
        }
        Ok(replayed)
    }

    /// The rules that judged are those that were noted, and those that the version holds.
    async fn compare_rules(
        &self,
        record: &ExaminationRecord,
        replayed: &mut Replayed,
    ) -> Result<(), Error> {
        let hash = content_hash(&record.order.rules);
        if let Some(provenance) = &record.provenance {
            replayed.note("hash of the rules", &provenance.rules_hash, &hash);
            let number = |version: Option<u32>| {
                version.map_or_else(|| "default".to_owned(), |number| number.to_string())
            };
            replayed.note(
                "version of the rules",
                &number(provenance.rules_version),
                &number(record.order.rules_version),
            );
        }
        let Some(number) = record.order.rules_version else {
            return Ok(());
        };
        match self.store.rule_version(record.project, number).await {
            Ok(Some(version)) => {
                replayed.note("rules of the version", &content_hash(&version.text), &hash);
            }
            Ok(None) => replayed.note("version of the rules", &number.to_string(), "is gone"),
            Err(StoreError::Altered { .. }) => {
                replayed.note(
                    "rules of the version",
                    &hash,
                    "another text than its hash says",
                );
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Replayed {
    /// Whether everything that was looked at is as it was kept.
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }

    pub(crate) fn note(&mut self, what: &str, kept: &str, now: &str) {
        if kept != now {
            self.differences.push(Difference {
                what: what.to_owned(),
                kept: kept.into(),
                now: now.into(),
            });
        }
    }

    fn compare_verdicts(&mut self, kept: &KeptVerdict, now: &str) -> Result<(), Error> {
        if self.byte_equal {
            return Ok(());
        }
        let before: Value = serde_json::from_str(&kept.verdict_json).map_err(Error::internal)?;
        let mut now: Value = serde_json::from_str(now).map_err(Error::internal)?;
        if kept.record.provenance.is_none()
            && before.get("reasons").is_none()
            && let Some(now) = now.as_object_mut()
        {
            now.remove("reasons");
            self.remarks
                .push("judged by a version that kept no reasons and no hashes".to_owned());
        }
        let found = differences("/verdict", &before, &now);
        if found.is_empty() && kept.record.provenance.is_some() {
            self.note("verdict's bytes", "as they were written", "otherwise");
        }
        self.differences.extend(found);
        Ok(())
    }

    fn compare_shadow(
        &mut self,
        record: &ExaminationRecord,
        signals: &Signals,
        kept: &ShadowVerdict,
    ) -> Result<(), Error> {
        let what = format!("/shadow/{}", kept.version);
        let rules = record
            .order
            .shadow
            .as_ref()
            .filter(|shadow| shadow.version == kept.version);
        let Some(rules) = rules else {
            self.note(&what, "ran in the shadow", "was not asked to");
            return Ok(());
        };
        self.note(&what, &kept.rules_hash, &content_hash(&rules.rules));
        let now = verdict_by(&rules.rules, record, signals)?;
        let (before, now) = (as_json(&kept.verdict)?, as_json(&now)?);
        self.differences.extend(differences(&what, &before, &now));
        Ok(())
    }
}

pub(crate) fn verdict_by(
    rules: &str,
    record: &ExaminationRecord,
    signals: &Signals,
) -> Result<Verdict, Error> {
    let rules = Rules::parse(rules).map_err(Error::internal)?;
    Ok(judge(&rules, signals, record.order.scope.checks()))
}

pub(crate) fn as_json(value: &impl serde::Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(Error::internal)
}

/// The places where two values differ, as JSON pointers below `at`.
pub(crate) fn differences(at: &str, kept: &Value, now: &Value) -> Vec<Difference> {
    match (kept, now) {
        (Value::Object(kept), Value::Object(now)) => {
            let added = now.keys().filter(|key| !kept.contains_key(*key));
            kept.keys()
                .chain(added)
                .flat_map(|key| {
                    let sides = [kept, now].map(|side| side.get(key).unwrap_or(&Value::Null));
                    differences(&format!("{at}/{key}"), sides[0], sides[1])
                })
                .collect()
        }
        (Value::Array(kept), Value::Array(now)) => (0..kept.len().max(now.len()))
            .flat_map(|index| {
                let sides = [kept, now].map(|side| side.get(index).unwrap_or(&Value::Null));
                differences(&format!("{at}/{index}"), sides[0], sides[1])
            })
            .collect(),
        _ if kept == now => Vec::new(),
        _ => vec![Difference {
            what: at.to_owned(),
            kept: kept.clone(),
            now: now.clone(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_place_that_differs_is_named() {
        let kept = json!({"a": [1, 2.5, 3], "b": {"c": null}, "gone": true});
        let now = json!({"a": [1, 2.25], "b": {"c": null}, "new": 0});
        let found: Vec<String> = differences("", &kept, &now)
            .into_iter()
            .map(|difference| difference.what)
            .collect();
        assert_eq!(found, ["/a/1", "/a/2", "/gone", "/new"]);
        assert_eq!(differences("", &kept, &kept), []);
    }
}
