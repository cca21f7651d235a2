//! Examines a session's evidence again, as it was received, and shows what comes out otherwise.

use std::sync::Arc;

use crate::operations::Operations;
use crate::operations::audit_entry::Deed;
use crate::operations::background::in_background;
use crate::operations::error::Error;
use crate::operations::replay::{Difference, Replayed, as_json, differences, verdict_by};
use crate::operations::run_examination::{asks_liveness, sha256_of, software};
use crate::pipeline::examiner::{ExaminationInput, Examined, Examiner};
use crate::scoring::rules::Rules;
use crate::session::actor::Actor;
use crate::session::audit::AuditAction;
use crate::session::examination::{ExaminationRecord, PackHash};
use crate::session::ids::SessionId;
use crate::store::error::StoreError;
use crate::store::plain_file::PlainFile;

impl Operations {
    /// As [`Operations::replay`], with the signals measured anew from the files.
    pub async fn replay_from_media(
        &self,
        id: SessionId,
        actor: Actor,
    ) -> Result<Vec<Replayed>, Error> {
        let session = self.session_to_replay(id).await?;
        if session.erased_at.is_some() {
            return Err(Error::Conflict {
                reason:
                    "the session's data were erased: only its verdicts can be replayed, without --from-media"
                        .to_owned(),
            });
        }
        let examiner = self.examiner.borrow().clone().ok_or(Error::NotReady)?;
        // Whoever looks at evidence is on record before they do.
        let deed = Deed {
            action: AuditAction::EvidenceRead,
            target: id.to_string(),
            details: serde_json::json!({"for": "replay"}),
        };
        let entry = self.audit_entry(session.project, actor, deed);
        self.store.record(&entry).await?;
        let mut replayed = Vec::new();
        for kept in self.store.kept_verdicts(id).await? {
            let mut found = self.judge_again(&kept).await?;
            self.examine_again(&kept.record, examiner.clone(), &mut found)
                .await?;
            replayed.push(found);
        }
        self.compare_with_log(id, &mut replayed).await?;
        Ok(replayed)
    }

    async fn examine_again(
        &self,
        record: &ExaminationRecord,
        examiner: Arc<dyn Examiner>,
        found: &mut Replayed,
    ) -> Result<(), Error> {
        let document = self.kept_file("document", &record.order.document_blob, record, found);
        let document = document.await?;
        let video = self.kept_file("video", &record.order.video_blob, record, found);
        let video = video.await?;
        let (Some(document), Some(video)) = (document, video) else {
            return Ok(());
        };
        let frames = usize::from(record.order.frames);
        let challenge = record.order.challenge.clone();
        let rules = Rules::parse(&record.order.rules).map_err(Error::internal)?;
        let liveness = asks_liveness(&record.order, &rules);
        let (examined, hashes) = in_background(move || {
            let input = ExaminationInput {
                document: &document,
                video: &video,
                frames,
                liveness,
                challenge: challenge.as_ref(),
                pictures: false,
            };
            let hashes = (sha256_of(&document)?, sha256_of(&video)?);
            let examined = examiner.examine(input, &mut |_, _| ());
            Ok::<_, Error>((examined.map_err(Error::internal)?, hashes))
        })
        .await
        .map_err(Error::internal)??;
        self.compare_provenance(record, &hashes, found);
        compare_measurements(record, &examined, found)
    }

    /// The file as it was received; none where it is kept no longer, which is a remark, or where it does not open any more,
    /// which is a difference.
    async fn kept_file(
        &self,
        what: &str,
        blob: &str,
        record: &ExaminationRecord,
        found: &mut Replayed,
    ) -> Result<Option<PlainFile>, Error> {
        match self.store.fetch_blob(blob).await {
            Ok(file) => Ok(Some(file)),
            Err(StoreError::NotFound { .. }) => {
                found.remarks.push(format!(
                    "the {what} is kept no longer, so that its signals cannot be measured anew"
                ));
                Ok(None)
            }
            Err(error @ StoreError::Broken { .. }) => {
                let provenance = record.provenance.as_ref();
                let kept = provenance.map(|it| match what {
                    "video" => it.video_sha256.clone(),
                    _ => it.document_sha256.clone(),
                });
                found.note(
                    &format!("{what}'s bytes"),
                    &kept.unwrap_or_default(),
                    &error.to_string(),
                );
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn compare_provenance(
        &self,
        record: &ExaminationRecord,
        hashes: &(String, String),
        found: &mut Replayed,
    ) {
        let Some(provenance) = &record.provenance else {
            found
                .remarks
                .push("no hashes were kept to hold the files against".to_owned());
            return;
        };
        found.note("document's bytes", &provenance.document_sha256, &hashes.0);
        found.note("video's bytes", &provenance.video_sha256, &hashes.1);
        let (then, now) = (named(&provenance.packs), named(&self.models.hashes));
        // Another program or another pack explains a difference; it is none by itself.
        if then != now {
            found
                .remarks
                .push(format!("the packs were {then}, and are {now}"));
        }
        if provenance.software != software() {
            found.remarks.push(format!(
                "{} judged, and {} replays",
                provenance.software,
                software()
            ));
        }
    }
}

fn compare_measurements(
    record: &ExaminationRecord,
    examined: &Examined,
    found: &mut Replayed,
) -> Result<(), Error> {
    let before = as_json(&record.signals)?;
    let measured: Vec<Difference> = differences("/signals", &before, &as_json(&examined.signals)?);
    if let Some(report) = &record.report {
        let rows = differences(
            "/timeline",
            &as_json(&report.frames)?,
            &as_json(&examined.examination.frames)?,
        );
        found.differences.extend(rows);
    }
    found.differences.extend(measured);
    let verdict = verdict_by(&record.order.rules, record, &examined.signals)?;
    found.differences.extend(differences(
        "/verdict from media",
        &as_json(&found.verdict)?,
        &as_json(&verdict)?,
    ));
    Ok(())
}

fn named(packs: &[PackHash]) -> String {
    packs
        .iter()
        .map(|pack| format!("{} {}", pack.name, pack.sha256))
        .collect::<Vec<_>>()
        .join(", ")
}
