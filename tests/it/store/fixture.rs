//! A store of its own for each test, and nouns to fill it with.

use std::path::{Path, PathBuf};

use likeness::scoring::reasons::ReasonCode;
use likeness::scoring::signals::Signals;
use likeness::scoring::verdict::{Outcome, Verdict};
use likeness::session::actor::Actor;
use likeness::session::audit::{AuditAction, AuditEntry};
use likeness::session::defect::Defect;
use likeness::session::evidence::EvidenceKind;
use likeness::session::examination::{
    CaptureCode, DocumentFinding, Examination, ExaminationOrder, ExaminationRecord,
    ExaminationScope, ExaminationStatus, FaceBox, FaceFinding, Failure, FrameFinding, HeadPose,
    PackHash, Provenance, ShadowRules, VideoFinding, Watched,
};
use likeness::session::ids::{EvidenceId, ExaminationId, ProjectId, SessionId};
use likeness::session::project::{Project, ProjectSettings};
use likeness::session::status::SessionStatus;
use likeness::session::time::Timestamp;
use likeness::session::visit::Session;
use likeness::store::Store;
use likeness::store::blobs::new_evidence_key;
use likeness::store::evidence::NewEvidence;
use likeness::store::options::{BlobOptions, StoreOptions};
use likeness::store::queue::Judgement;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::postgres::{self, connect, drop_schema, in_new_schema};
use crate::s3::S3Server;

/// The moment at which every test starts.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Longer than what is read at a time, and no multiple of it.
pub(crate) const EVIDENCE_BYTES: usize = (2 << 20) + 17;

/// How long a claim holds, in milliseconds.
pub(crate) const LEASE: i64 = 1_000;

pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) options: StoreOptions,
    pub(crate) folder: TempDir,
    /// The address of the PostgreSQL database that `options` names a schema of.
    postgres: Option<String>,
    /// The server that the blobs lie on, where it is no folder.
    pub(crate) s3: Option<S3Server>,
}

impl Fixture {
    pub(crate) async fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let options = StoreOptions::in_folder(folder.path());
        Self {
            store: Store::open(&options).await.unwrap(),
            options,
            folder,
            postgres: None,
            s3: None,
        }
    }

    /// Rows in SQLite, blobs on a server that speaks S3.
    pub(crate) async fn in_a_bucket() -> Self {
        let folder = TempDir::new().unwrap();
        let s3 = S3Server::start();
        let options = StoreOptions {
            blobs: s3.options("kept/here"),
            ..StoreOptions::in_folder(folder.path())
        };
        Self {
            store: Store::open(&options).await.unwrap(),
            options,
            folder,
            postgres: None,
            s3: Some(s3),
        }
    }

    /// A schema of the database that the environment names; without one the test is listed as skipped.
    pub(crate) async fn postgres(test: &str) -> Option<Self> {
        let url = postgres::address(test)?;
        let folder = TempDir::new().unwrap();
        let options = StoreOptions {
            database_url: in_new_schema(&url).await,
            ..StoreOptions::in_folder(folder.path())
        };
        Some(Self {
            store: Store::open(&options).await.unwrap(),
            options,
            folder,
            postgres: Some(url),
            s3: None,
        })
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.postgres.is_none()
    }

    pub(crate) async fn clean_up(self) {
        self.store.close().await.unwrap();
        if let Some(url) = &self.postgres {
            drop_schema(url, &self.options.database_url).await;
        }
    }

    /// Runs a test on a place of the same kind where no store has been opened yet.
    pub(crate) async fn on_new_ground<F: Future<Output = ()>>(
        &self,
        test: impl FnOnce(StoreOptions) -> F,
    ) {
        let mut options = StoreOptions::in_folder(&self.folder.path().join("new"));
        if let Some(url) = &self.postgres {
            options.database_url = in_new_schema(url).await;
        }
        test(options.clone()).await;
        if let Some(url) = &self.postgres {
            drop_schema(url, &options.database_url).await;
        }
    }

    /// Another store on the same database and folder, as a second process would open it.
    pub(crate) async fn open_again(&self) -> Store {
        Store::open(&self.options).await.unwrap()
    }

    /// Changes the rows behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        let connection = connect(&self.options.database_url).await;
        assert_eq!(
            connection
                .execute_unprepared(sql)
                .await
                .unwrap()
                .rows_affected(),
            1
        );
    }

    /// What the database says to a change that it refuses.
    pub(crate) async fn refused(&self, sql: &str) -> String {
        let connection = connect(&self.options.database_url).await;
        let refused = connection.execute_unprepared(sql).await;
        refused.unwrap_err().to_string()
    }

    /// A project that is kept.
    pub(crate) async fn project(&self, name: &str) -> ProjectId {
        let project = Project {
            id: ProjectId(Uuid::now_v7()),
            name: name.to_owned(),
            settings: ProjectSettings::default(),
            created_at: NOW,
        };
        let made = entry(project.id, AuditAction::ProjectCreated, "");
        self.store.create_project(&project, &made).await.unwrap();
        project.id
    }

    /// A session that is kept.
    pub(crate) async fn session(&self, project: ProjectId) -> Session {
        let session = session(project);
        self.store.insert_session(&session).await.unwrap();
        session
    }

    /// A file to be received.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, evidence_bytes()).unwrap();
        path
    }

    /// The master key that was made for the store, as its file holds it.
    pub(crate) fn master_key(&self) -> String {
        let file = self.folder.path().join("master.key");
        std::fs::read_to_string(file).unwrap().trim().to_owned()
    }

    /// Every byte of every file below the folder of a store that was opened at these options.
    pub(crate) fn scan_of(options: &StoreOptions) -> Vec<(String, Vec<u8>)> {
        let mut kept = Vec::new();
        let BlobOptions::Folder(blobs) = &options.blobs else {
            panic!("a bucket is no folder");
        };
        let mut folders = vec![blobs.parent().unwrap().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    kept.push((path.display().to_string(), std::fs::read(&path).unwrap()));
                }
            }
        }
        kept
    }

    /// The folder in which every blob is a file under its key.
    pub(crate) fn blob_folder(&self) -> PathBuf {
        match (&self.options.blobs, &self.s3) {
            (BlobOptions::Folder(folder), _) => folder.clone(),
            (BlobOptions::Bucket(bucket), Some(s3)) => s3.objects().join(&bucket.prefix),
            (BlobOptions::Bucket(_), None) => panic!("a bucket without a server"),
        }
    }

    /// Every file below the blob folder, complete or not, and every part of an object in a bucket.
    pub(crate) fn blob_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        if let Some(s3) = &self.s3 {
            assert_eq!(s3.parts(), 0, "parts of objects are left");
        }
        let mut folders: Vec<PathBuf> = vec![self.blob_folder()];
        folders.retain(|folder| folder.exists());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path);
                }
            }
        }
        found
    }

    pub(crate) async fn status(&self, session: &Session) -> SessionStatus {
        let found = self.store.session(session.project, session.id).await;
        found.unwrap().unwrap().status
    }
}

pub(crate) fn evidence_bytes() -> Vec<u8> {
    (0..EVIDENCE_BYTES)
        .map(|index| (index % 251) as u8)
        .collect()
}

pub(crate) fn session(project: ProjectId) -> Session {
    Session {
        id: SessionId(Uuid::now_v7()),
        project,
        status: SessionStatus::Open,
        origin: "native".to_owned(),
        reference: Some("order 7".to_owned()),
        metadata: Some(json!({"zebra": 1, "apple": [true, null, 1.5]})),
        subject_name: Some("José Ørsted".to_owned()),
        device_info: Some("{\"os\":\"x\"}".to_owned()),
        created_at: NOW,
        updated_at: NOW,
        held_at: None,
        erased_at: None,
    }
}

pub(crate) fn new_evidence(session: SessionId, kind: EvidenceKind, file: &Path) -> NewEvidence<'_> {
    NewEvidence {
        id: EvidenceId(Uuid::now_v7()),
        session,
        create: None,
        kind,
        blob: new_evidence_key(session),
        file,
        sha256: "ab".repeat(32),
        bytes: EVIDENCE_BYTES as u64,
        media_type: "video/mp4".to_owned(),
    }
}

pub(crate) fn examination(session: &Session) -> ExaminationRecord {
    let blob = |_| new_evidence_key(session.id);
    ExaminationRecord {
        id: ExaminationId(Uuid::now_v7()),
        session: session.id,
        project: session.project,
        status: ExaminationStatus::Queued,
        order: ExaminationOrder {
            scope: ExaminationScope::FaceMatch,
            frames: 8,
            rules: "{\"rules\":\"as they stood\"}".to_owned(),
            rules_version: Some(2),
            shadow: Some(ShadowRules {
                version: 3,
                rules: "{}".to_owned(),
            }),
            challenge: None,
            consent_basis: "by_contract".to_owned(),
            document_blob: blob(EvidenceKind::Document),
            video_blob: blob(EvidenceKind::Video),
        },
        queued_at: NOW,
        finished_at: None,
        attempts: 0,
        cause: None,
        report: None,
        signals: None,
        verdict: None,
        provenance: None,
        failure: None,
    }
}

pub(crate) fn report() -> Examination {
    let face = FaceFinding {
        face_box: FaceBox {
            left: 10.25,
            top: 20.5,
            width: 100.1,
            height: 120.7,
        },
        confidence: 0.999_8,
        sharpness: 812.3,
        brightness: 127.9,
        unevenness: Some(0.21),
        pose: HeadPose {
            yaw: -3.2,
            pitch: 1.1,
            roll: 0.4,
        },
        mask: Some(0.0124),
        eyes_open: None,
        landmarks: Some([
            [38.5, 62.1],
            [81.2, 63.4],
            [59.9, 90.0],
            [42.7, 112.8],
            [78.6, 113.3],
        ]),
    };
    Examination {
        pack: "retail-0095".to_owned(),
        document: DocumentFinding {
            code: CaptureCode::Ok,
            width: 1200,
            height: 800,
            quarter_turns: 1,
            faces: 2,
            face: Some(face),
            defects: vec![Defect::TooManyFaces],
        },
        video: VideoFinding {
            code: CaptureCode::SeveralFaces,
            container: "mov,mp4".to_owned(),
            codec: "h264".to_owned(),
            width: 720,
            height: 1280,
            duration_ms: Some(3_000),
            truncated: true,
            decoded_frames: 31,
            upright: None,
            watched: Some(Watched {
                frames: 45,
                until_ms: 2_950,
                cut_short: false,
            }),
        },
        frames: vec![
            FrameFinding {
                index: 0,
                time_ms: 180,
                faces: 1,
                face: Some(face),
                similarity: Some(0.731),
                percentage: Some(91.37),
                liveness: Some(96.5),
                defects: Vec::new(),
            },
            FrameFinding {
                index: 1,
                time_ms: 560,
                faces: 0,
                face: None,
                similarity: None,
                percentage: None,
                liveness: None,
                defects: vec![Defect::NoFace],
            },
        ],
        steps: Vec::new(),
        took_ms: 1_234,
    }
}

/// What the report and the verdict below were made of.
pub(crate) fn judgement() -> Judgement {
    Judgement {
        report: report(),
        signals: Signals {
            percentages: vec![91.37],
            frames_asked: 8,
            ..Signals::default()
        },
        verdict: verdict(),
        provenance: Provenance {
            software: "likeness 0.1.0".to_owned(),
            rules_hash: "a".repeat(64),
            rules_version: Some(3),
            packs: vec![PackHash {
                name: "retail-0095".to_owned(),
                sha256: "b".repeat(64),
            }],
            document_sha256: "c".repeat(64),
            video_sha256: "d".repeat(64),
        },
        shadow: None,
    }
}

/// Something an operator did in a project.
pub(crate) fn entry(project: ProjectId, action: AuditAction, target: &str) -> AuditEntry {
    AuditEntry {
        at: NOW,
        project: Some(project),
        actor: Actor::Operator,
        action,
        target: target.to_owned(),
        details: json!({}),
    }
}

pub(crate) fn verdict() -> Verdict {
    Verdict {
        outcome: Outcome::Refer,
        failed_conditions: Vec::new(),
        failed_refer_conditions: vec!["score 71.20 is below 80".to_owned()],
        reasons: Vec::new(),
    }
}

/// A session whose examination waits.
pub(crate) async fn queue(fixture: &Fixture, project: ProjectId) -> (Session, ExaminationRecord) {
    let session = fixture.session(project).await;
    let record = examination(&session);
    fixture
        .store
        .queue_examination(&record, 1_000)
        .await
        .unwrap();
    (session, record)
}

pub(crate) async fn claim(store: &Store, worker: Uuid, at: i64) -> Option<ExaminationRecord> {
    store
        .claim_examination(worker, NOW.plus(at), LEASE)
        .await
        .unwrap()
}

pub(super) fn because(reason: &str) -> Failure {
    Failure {
        by_evidence: true,
        reason: reason.to_owned(),
        code: Some(ReasonCode::VideoUnreadable),
    }
}
