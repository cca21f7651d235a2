//! At rest nothing lies in the clear, and with a subject's key goes all that was sealed under it.

use likeness::session::actor::Actor;
use likeness::session::audit::AuditAction;
use likeness::session::decision::{Decision, DecisionKind, Note};
use likeness::session::evidence::{Consent, ConsentKind, EvidenceKind};
use likeness::session::examination::ExaminationStatus;
use likeness::session::gallery::{EnrolledFace, Gallery, GalleryKind, PictureKeeping, Subject};
use likeness::session::ids::{
    DecisionId, ExaminationId, GalleryId, OfficerId, ProjectId, SessionId, SubjectId, TemplateId,
};
use likeness::session::picture::PictureKind;
use likeness::session::template::Template;
use likeness::session::visit::Session;
use likeness::store::Store;
use likeness::store::blobs::examination_picture_key;
use likeness::store::decisions::Hashes;
use likeness::store::enrolment::{Enrolment, NewFace, WhenTaken};
use likeness::store::erasure::Erasure;
use likeness::store::error::StoreError;
use likeness::store::expiry::Expired;
use likeness::store::master_keys::{KeyFault, new_master_key};
use likeness::store::options::{BlobOptions, MasterKeySource, StoreOptions};
use likeness::store::receipts::{Gone, Receipt};
use sea_orm::{ConnectionTrait, Database, DatabaseBackend, Statement, TransactionTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::hex;
use crate::store::fixture::{
    EVIDENCE_BYTES, Fixture, LEASE, NOW, claim, entry, evidence_bytes, examination, judgement,
    new_evidence, session,
};

on_both_databases! {
    nothing_lies_in_the_clear_and_after_the_erasure_no_key_either
    a_whole_subject_goes_at_once_or_not_at_all
    keys_are_wrapped_anew_without_touching_a_file
    another_master_key_opens_nothing_and_makes_nothing
    a_receipt_is_genuine_until_it_is_altered
    what_was_cut_short_or_swapped_is_found_and_what_is_not_sealed_refused
    what_is_from_before_is_read_and_then_sealed
    who_withdraws_is_examined_no_more
    files_go_before_their_session_and_held_ones_do_not
    every_text_of_a_consent_is_kept
}

/// What is put in, as callers give it: each is looked for in every byte that is kept.
const TEXTS: [&str; 8] = [
    "reference-of-quux-4711",
    "Josephine Quux",
    "branch-of-quux",
    "telephone-of-quux",
    "josephine quux in her consent",
    "note-about-quux",
    "label-of-quux",
    "details-of-quux",
];

/// As long as one, so that it is kept as it is.
const VECTOR: [f32; 4] = [0.6, 0.0, -0.8, 0.0];

struct Kept {
    session: Session,
    examination: ExaminationId,
    video: String,
    person: SubjectId,
    face: TemplateId,
    gallery: GalleryId,
}

/// One applicant with everything that can be kept of them, enrolled in a gallery from the session.
async fn everything(fixture: &Fixture, project: ProjectId) -> Kept {
    let store = &fixture.store;
    let session = Session {
        reference: Some(TEXTS[0].to_owned()),
        subject_name: Some(TEXTS[1].to_owned()),
        metadata: Some(json!({"at": TEXTS[2]})),
        device_info: Some(TEXTS[3].to_owned()),
        ..session(project)
    };
    let mut record = examination(&session);
    let mut create = Some(session.clone());
    for kind in [EvidenceKind::Document, EvidenceKind::Video] {
        let file = fixture.file(kind.name());
        let new = likeness::store::evidence::NewEvidence {
            create: create.take(),
            ..new_evidence(session.id, kind, &file)
        };
        let kept = store.accept_evidence(new, NOW).await.unwrap();
        match kind {
            EvidenceKind::Document => record.order.document_blob = kept.blob,
            EvidenceKind::Video => record.order.video_blob = kept.blob,
        }
        // As `scratch` is emptied once a file is stored.
        std::fs::remove_file(file).unwrap();
    }
    let consent = Consent {
        project,
        session: Some(session.id),
        subject_name: TEXTS[4].to_owned(),
        kind: ConsentKind::Authorization,
        given: true,
        at: NOW,
        text_version: None,
    };
    store.record_consent(&consent).await.unwrap();
    store.queue_examination(&record, 1_000).await.unwrap();
    let worker = Uuid::now_v7();
    assert_eq!(claim(store, worker, 0).await.unwrap().id, record.id);
    for what in [PictureKind::Portrait, PictureKind::Thumbnail(0)] {
        let key = examination_picture_key(session.id, record.id, what);
        store.put_blob(&key, evidence_bytes()).await.unwrap();
    }
    let found = judgement();
    let judged = store.finish_examination(record.id, worker, &found, NOW);
    assert!(judged.await.unwrap());
    note(store, &session).await;
    let (gallery, person, face) = enrol(store, project, Some(session.id)).await;
    Kept {
        video: record.order.video_blob.clone(),
        examination: record.id,
        session,
        person,
        face,
        gallery,
    }
}

async fn note(store: &Store, session: &Session) {
    let decision = Decision {
        id: DecisionId(Uuid::now_v7()),
        session: session.id,
        project: session.project,
        examination: None,
        kind: DecisionKind::Note,
        reasons: Vec::new(),
        actor: Actor::Officer(OfficerId(Uuid::now_v7())),
        note: Note::Text(TEXTS[5].to_owned()),
        checklist: None,
        took_ms: None,
        at: NOW,
    };
    let project = session.project;
    let told = move |_: &Decision, _: &Hashes| entry(project, AuditAction::SessionDecided, "");
    store.decide(decision, told).await.unwrap();
}

async fn enrol(
    store: &Store,
    project: ProjectId,
    session: Option<SessionId>,
) -> (GalleryId, SubjectId, TemplateId) {
    let gallery = Gallery {
        id: GalleryId(Uuid::now_v7()),
        project,
        kind: GalleryKind::Named,
        name: Uuid::now_v7().to_string(),
        description: String::new(),
        created_by: None,
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    };
    store.create_gallery(&gallery, None).await.unwrap();
    let (person, face) = (SubjectId(Uuid::now_v7()), TemplateId(Uuid::now_v7()));
    let enrolment = Enrolment {
        project,
        galleries: vec![gallery.id],
        subject: Subject {
            id: person,
            label: TEXTS[6].to_owned(),
            name: TEXTS[1].to_owned(),
            details: Some(json!({"kept": TEXTS[7]})),
            created_at: NOW,
            updated_at: NOW,
        },
        faces: vec![NewFace {
            face: EnrolledFace {
                id: face,
                subject: person,
                template: Template::new("pack", VECTOR.to_vec()).unwrap(),
                keeping: PictureKeeping::Picture,
                created_at: NOW,
            },
            picture: evidence_bytes(),
            thumbnail: evidence_bytes(),
        }],
        session,
        when_taken: WhenTaken::Refuse,
        max_faces: 4,
        limit: None,
        now: NOW,
    };
    assert_eq!(store.enrol(enrolment).await.unwrap().id, person);
    (gallery.id, person, face)
}

/// Everything readable opens as it was put in.
async fn reads_back(store: &Store, kept: &Kept) {
    let project = kept.session.project;
    let found = store.session(project, kept.session.id).await.unwrap();
    let found = found.unwrap();
    assert!(found.reference == kept.session.reference && found.metadata == kept.session.metadata);
    assert_eq!(found.subject_name, kept.session.subject_name);
    assert_eq!(found.device_info, kept.session.device_info);
    let examined = store.examination(project, kept.examination).await.unwrap();
    assert_eq!(examined.unwrap().report, Some(judgement().report));
    let bytes = evidence_bytes();
    assert!(store.get_blob(&kept.video).await.unwrap().unwrap() == bytes);
    let part = store.get_blob_part(&kept.video, 70_000..70_010).await;
    assert_eq!(part.unwrap().unwrap(), bytes[70_000..70_010]);
    let decisions = store.decisions(kept.session.id).await.unwrap();
    assert!(decisions[0].note == Note::Text(TEXTS[5].to_owned()));
    let person = store.subject_in(kept.gallery, TEXTS[6]).await.unwrap();
    let person = person.unwrap();
    assert_eq!((person.id, person.name.as_str()), (kept.person, TEXTS[1]));
    let named = store.subjects_named(project, TEXTS[1]).await.unwrap();
    assert_eq!(named.len(), 1);
    let faces = store.faces(&[kept.person]).await.unwrap();
    assert_eq!(faces[0].template.vector(), VECTOR);
    let picture = store.enrolled_picture(project, kept.face).await.unwrap();
    assert!(picture.unwrap() == bytes);
    let of_reference = store.sessions_of_reference(project, TEXTS[0]).await;
    assert_eq!(of_reference.unwrap(), [kept.session.id]);
}

/// What must be nowhere: texts, a stretch of a file, the bytes of a template.
fn markers() -> Vec<(String, Vec<u8>)> {
    let vector: Vec<u8> = VECTOR.iter().flat_map(|it| it.to_le_bytes()).collect();
    TEXTS
        .iter()
        .map(|text| ((*text).to_owned(), text.as_bytes().to_vec()))
        .chain([
            (
                "a stretch of a file".to_owned(),
                evidence_bytes()[300..364].to_vec(),
            ),
            ("a template".to_owned(), vector),
            // Of the report.
            ("a finding".to_owned(), b"mov,mp4".to_vec()),
        ])
        .collect()
}

fn found(markers: &[(String, Vec<u8>)], kept: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, bytes) in kept {
        for (what, marker) in markers {
            let digits = hex(marker);
            let holds = |part: &[u8]| bytes.windows(part.len()).any(|some| some == part);
            // PostgreSQL shows bytes as digits.
            if holds(marker) || (place.starts_with("table ") && holds(digits.as_bytes())) {
                found.push(format!("{what} in {place}"));
            }
        }
    }
    found
}

/// Every byte of every file that is kept, and every row of every table where they lie elsewhere.
async fn all_bytes(fixture: &Fixture) -> Vec<(String, Vec<u8>)> {
    let mut kept = Fixture::scan_of(&fixture.options);
    if !fixture.is_sqlite() {
        let connection = Database::connect(&fixture.options.database_url)
            .await
            .unwrap();
        let ask = async |sql: String| {
            let statement = Statement::from_string(DatabaseBackend::Postgres, sql);
            let rows = connection.query_all_raw(statement).await.unwrap();
            rows.iter()
                .map(|row| row.try_get_by_index::<String>(0).unwrap())
                .collect::<Vec<_>>()
        };
        let tables = ask("SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()".to_owned()).await;
        assert!(tables.len() > 20, "{tables:?}");
        for table in tables {
            let rows = ask(format!("SELECT row_to_json(t)::text FROM \"{table}\" t")).await;
            kept.push((format!("table {table}"), rows.join("\n").into_bytes()));
        }
    }
    kept
}

/// The wrapped keys of subjects, as the database holds them.
async fn wrapped_keys(fixture: &Fixture) -> Vec<(String, Vec<u8>)> {
    let connection = Database::connect(&fixture.options.database_url)
        .await
        .unwrap();
    let backend = if fixture.is_sqlite() {
        DatabaseBackend::Sqlite
    } else {
        DatabaseBackend::Postgres
    };
    let sql = "SELECT id, wrapped FROM subject_keys".to_owned();
    let rows = connection
        .query_all_raw(Statement::from_string(backend, sql))
        .await
        .unwrap();
    rows.iter()
        .map(|row| {
            let id: String = row.try_get_by_index(0).unwrap();
            (id, row.try_get_by_index(1).unwrap())
        })
        .collect()
}

async fn erase(store: &Store, erasure: Erasure) -> Result<Option<Receipt>, StoreError> {
    let project = erasure.project;
    let told = move |gone: &Gone, _: &Receipt| {
        let sessions = gone.sessions.iter();
        sessions
            .map(|(id, _)| entry(project, AuditAction::SessionErased, &id.to_string()))
            .collect()
    };
    store.erase(erasure, told).await
}

async fn nothing_lies_in_the_clear_and_after_the_erasure_no_key_either(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let kept = Box::pin(everything(fixture, project)).await;
    reads_back(store, &kept).await;

    // The scan finds what lies in the clear.
    let control = fixture.folder.path().join("control");
    let plain: Vec<u8> = markers().into_iter().flat_map(|(_, bytes)| bytes).collect();
    std::fs::write(&control, plain).unwrap();
    let seen = found(&markers(), &all_bytes(fixture).await);
    assert_eq!(seen.len(), markers().len(), "{seen:#?}");
    assert!(
        seen.iter().all(|place| place.ends_with("control")),
        "{seen:#?}"
    );
    std::fs::remove_file(control).unwrap();

    let keys = wrapped_keys(fixture).await;
    assert_eq!(keys.len(), 2, "one of the session, one of the person");
    assert_eq!(found(&keys, &all_bytes(fixture).await).len().min(2), 2);
    let people = store
        .people_to_erase(project, None, &[kept.session.id])
        .await;
    let people = people.unwrap();
    assert_eq!(people, [kept.person]);
    let erasure = Erasure {
        people,
        ..Erasure::of_session(project, kept.session.id, NOW)
    };
    let receipt = erase(store, erasure).await.unwrap().unwrap();
    let told: Value = serde_json::from_str(&receipt.payload).unwrap();
    assert_eq!(
        told["went"],
        json!({"documents": 1, "videos": 1, "pictures": 2, "thumbnails": 2, "templates": 1,
            "notes": 1, "texts": 8, "reports": 1})
    );
    assert_eq!(told["keys_destroyed"].as_array().unwrap().len(), 2);

    let left = all_bytes(fixture).await;
    assert_eq!(found(&markers(), &left), Vec::<String>::new());
    assert_eq!(
        found(&keys, &left),
        Vec::<String>::new(),
        "keys that are gone"
    );
    assert_eq!(wrapped_keys(fixture).await, []);
    assert_eq!(fixture.blob_files(), Vec::<std::path::PathBuf>::new());
    assert_eq!(store.get_blob(&kept.video).await.unwrap(), None);
    let late = examination_picture_key(kept.session.id, kept.examination, PictureKind::Portrait);
    let refused = store.put_blob(&late, vec![1]).await;
    assert!(matches!(refused, Err(StoreError::Erased)), "{refused:?}");
}

async fn a_whole_subject_goes_at_once_or_not_at_all(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let (other, second) = (
        fixture.project("other").await,
        fixture.session(project).await,
    );
    let foreign = fixture.session(other).await;
    let first = fixture.session(project).await;
    // The label is the reference that all of them have.
    let sessions = store
        .sessions_of_reference(project, "order 7")
        .await
        .unwrap();
    assert_eq!(sessions.len(), 2);
    let (gallery, person, _) = enrol(store, project, None).await;
    let by_label = store.people_to_erase(project, Some(TEXTS[6]), &[]).await;
    assert_eq!(by_label.unwrap(), [person]);
    let elsewhere = store.people_to_erase(other, Some(TEXTS[6]), &[]).await;
    assert_eq!(elsewhere.unwrap(), []);

    let all = Erasure {
        project,
        sessions,
        people: vec![person],
        now: NOW,
        untouched_since: None,
    };
    let held = entry(project, AuditAction::SessionHeld, "");
    assert!(store.hold_session(second.id, &held).await.unwrap());
    let refused = erase(store, all.clone()).await;
    assert!(matches!(refused, Err(StoreError::Held)), "{refused:?}");
    let still = store.session(project, first.id).await.unwrap().unwrap();
    assert!(still.erased_at.is_none() && still.reference.is_some());
    assert!(store.subject_in(gallery, TEXTS[6]).await.unwrap().is_some());

    assert!(store.release_session(second.id, &held).await.unwrap());
    let receipt = erase(store, all.clone()).await.unwrap().unwrap();
    for id in [first.id.0, second.id.0, person.0] {
        let again = store.receipt(project, id).await.unwrap();
        assert!(again.as_ref() == Some(&receipt));
        assert!(store.receipt(other, id).await.unwrap().is_none());
    }
    assert!(store.subject_in(gallery, TEXTS[6]).await.unwrap().is_none());
    assert!(
        erase(store, all).await.unwrap().is_none(),
        "nothing is left"
    );
    let theirs = store.session(other, foreign.id).await.unwrap().unwrap();
    assert!(theirs.reference.is_some(), "another project's stays");
}

fn blobs(fixture: &Fixture) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = fixture.blob_files();
    files.sort();
    files
        .into_iter()
        .map(|file| (file.clone(), std::fs::read(file).unwrap()))
        .collect()
}

async fn keys_are_wrapped_anew_without_touching_a_file(fixture: &Fixture) {
    let project = fixture.project("bank").await;
    let kept = Box::pin(everything(fixture, project)).await;
    let before = blobs(fixture);
    let (old, new) = (fixture.master_key(), new_master_key());
    let public = fixture.store.receipt_key();
    let with = |keys: &str| StoreOptions {
        master_keys: MasterKeySource::Given(keys.to_owned()),
        ..fixture.options.clone()
    };
    let both = Store::open(&with(&format!("{new},{old}"))).await.unwrap();
    reads_back(&both, &kept).await;
    let status = both.keys_status().await.unwrap();
    assert_eq!(status.given.len(), 2);
    assert_eq!(status.wraps.len(), 1, "all of them under the old one");
    assert_eq!(status.wraps[0].0, status.given[1]);
    let wrapped = both.rotate_keys().await.unwrap();
    assert_eq!(wrapped, status.wraps[0].1);
    assert_eq!(both.rotate_keys().await.unwrap(), 0);
    both.close().await.unwrap();

    let alone = Store::open(&with(&new)).await.unwrap();
    reads_back(&alone, &kept).await;
    assert!(blobs(fixture) == before, "no file was written");
    assert_eq!(
        alone.receipt_key(),
        public,
        "receipts of before stay genuine"
    );
    alone.close().await.unwrap();
    let refused = Store::open(&with(&old)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Keys(KeyFault::Wrong { .. })));
}

async fn another_master_key_opens_nothing_and_makes_nothing(fixture: &Fixture) {
    let other = StoreOptions {
        master_keys: MasterKeySource::Given(new_master_key()),
        ..fixture.options.clone()
    };
    let refused = Store::open(&other).await.unwrap_err().to_string();
    assert!(refused.contains("sealed under the master key"), "{refused}");
    for source in [MasterKeySource::Made, MasterKeySource::File] {
        let file = fixture.folder.path().join("elsewhere/master.key");
        let missing = StoreOptions {
            master_keys: source(file.clone()),
            ..fixture.options.clone()
        };
        assert!(matches!(
            Store::open(&missing).await,
            Err(StoreError::Keys(_))
        ));
        assert!(!file.exists(), "no new key in the place of the lost one");
    }
}

async fn a_receipt_is_genuine_until_it_is_altered(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let session = fixture.session(project).await;
    let erasure = Erasure::of_session(project, session.id, NOW);
    let receipt = erase(store, erasure).await.unwrap().unwrap();
    let key = store.receipt_key();
    assert!(receipt.is_signed_by(&key));
    assert!(
        store
            .receipt_key_pem()
            .starts_with("-----BEGIN PUBLIC KEY-----")
    );
    let told: Value = serde_json::from_str(&receipt.payload).unwrap();
    assert_eq!(told["sessions"], json!([session.id.to_string()]));
    assert_eq!(told["erased_at_ms"], json!(NOW.0));
    let payload = receipt
        .payload
        .replace(&NOW.0.to_string(), &(NOW.0 + 1).to_string());
    let altered = Receipt {
        payload,
        ..receipt.clone()
    };
    assert!(!altered.is_signed_by(&key));
    let cut = Receipt {
        signature: receipt.signature[4..].to_owned(),
        ..receipt.clone()
    };
    assert!(!cut.is_signed_by(&key));
    fixture
        .on_new_ground(async |options: StoreOptions| {
            let other = Store::open(&options).await.unwrap();
            assert!(!receipt.is_signed_by(&other.receipt_key()), "another's key");
            other.close().await.unwrap();
        })
        .await;
}

async fn what_was_cut_short_or_swapped_is_found_and_what_is_not_sealed_refused(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let kept = Box::pin(everything(fixture, project)).await;
    let file = fixture.blob_folder().join(&kept.video);
    let whole = std::fs::read(&file).unwrap();
    assert!(whole.len() > EVIDENCE_BYTES);
    let chunk = 64 * 1024 + 16;
    let head = whole.len() - EVIDENCE_BYTES - EVIDENCE_BYTES.div_ceil(64 * 1024) * 16;
    let mut swapped = whole.clone();
    let (one, two) = swapped[head..].split_at_mut(chunk);
    one.swap_with_slice(&mut two[..chunk]);
    let broken = [
        whole[..whole.len() - 1].to_vec(),
        whole[..head + 2 * chunk].to_vec(),
        swapped,
        evidence_bytes(),
    ];
    for bytes in broken {
        std::fs::write(&file, bytes).unwrap();
        let read = store.get_blob(&kept.video).await;
        assert!(matches!(read, Err(StoreError::Broken { .. })));
    }
    // Another one's file, sealed as it is, in this one's place.
    let portrait =
        examination_picture_key(kept.session.id, kept.examination, PictureKind::Portrait);
    std::fs::copy(fixture.blob_folder().join(portrait), &file).unwrap();
    let read = store.get_blob(&kept.video).await;
    assert!(matches!(read, Err(StoreError::Broken { .. })));
    std::fs::write(&file, whole).unwrap();
    reads_back(store, &kept).await;
}

async fn what_is_from_before_is_read_and_then_sealed(fixture: &Fixture) {
    fixture
        .on_new_ground(async |options: StoreOptions| {
            let project = ProjectId(Uuid::now_v7());
            let kept = write_as_of_old(&options, project).await;
            let store = Store::open(&options).await.unwrap();
            let reads = async || {
                let found = store.session(project, kept.0).await.unwrap().unwrap();
                assert_eq!(found.reference.as_deref(), Some(TEXTS[0]));
                assert_eq!(found.subject_name.as_deref(), Some(TEXTS[1]));
                let faces = store.faces(&[kept.2]).await.unwrap();
                assert_eq!(faces[0].template.vector(), VECTOR);
                let person = store.subject_in(kept.1, TEXTS[6]).await.unwrap();
                assert_eq!(person.unwrap().name, TEXTS[1]);
                let named = store.subjects_named(project, TEXTS[1]).await.unwrap();
                assert_eq!(named.len(), 1);
                let found = store.sessions_of_reference(project, TEXTS[0]).await;
                assert_eq!(found.unwrap(), [kept.0]);
                assert!(store.get_blob(&kept.3).await.unwrap().unwrap() == evidence_bytes());
                let said = store
                    .latest_consent(project, None, Some(TEXTS[1]), ConsentKind::Authorization)
                    .await;
                assert!(said.unwrap().unwrap().given);
            };
            assert!(!store.keys_status().await.unwrap().sealed_only);
            reads().await;
            let sealed = store.seal_plain().await.unwrap();
            assert_eq!(
                (
                    sealed.sessions,
                    sealed.people,
                    sealed.consents,
                    sealed.files
                ),
                (1, 1, 1, 1)
            );
            reads().await;
            let again = store.seal_plain().await.unwrap();
            assert_eq!((again.sessions, again.people, again.files), (0, 0, 0));
            store.close().await.unwrap();
            let store = Store::open(&options).await.unwrap();
            assert!(store.keys_status().await.unwrap().sealed_only);
            store.close().await.unwrap();
            let mut place = Fixture::scan_of(&options);
            place.retain(|(path, _)| !path.ends_with("master.key"));
            assert_eq!(found(&markers(), &place), Vec::<String>::new());
        })
        .await;
}

/// A database and a folder as they were before anything was sealed.
async fn write_as_of_old(
    options: &StoreOptions,
    project: ProjectId,
) -> (SessionId, GalleryId, SubjectId, String) {
    let mut url = options.database_url.clone();
    if let Some(file) = url.strip_prefix("sqlite://") {
        std::fs::create_dir_all(std::path::Path::new(file).parent().unwrap()).unwrap();
        url.push_str("?mode=rwc");
    }
    let database = Database::connect(url).await.unwrap();
    let transaction = database.begin().await.unwrap();
    migrations::apply_first(&transaction, 17).await.unwrap();
    let ids: Vec<Uuid> = (0..6).map(|_| Uuid::now_v7()).collect();
    let [session, evidence, gallery, person, face, _] = ids[..] else {
        unreachable!()
    };
    let (bank, at) = (project.0, NOW.0);
    let blob = format!("sessions/{session}/{evidence}");
    let vector: Vec<u8> = VECTOR.iter().flat_map(|it| it.to_le_bytes()).collect();
    let vector = hex(&vector);
    let vector = if options.database_url.starts_with("sqlite") {
        format!("X'{vector}'")
    } else {
        format!("'\\x{vector}'")
    };
    let [reference, name, .., label, details] = TEXTS;
    for statement in [
        format!(
            "INSERT INTO projects (id, name, settings, created_at) VALUES ('{bank}', 'bank', '{{}}', 1)"
        ),
        format!(
            "INSERT INTO sessions (id, project_id, status, origin, reference, subject_name, created_at, updated_at) VALUES ('{session}', '{bank}', 'open', 'native', '{reference}', '{name}', {at}, {at})"
        ),
        format!(
            "INSERT INTO evidence (id, session_id, kind, blob, sha256, bytes, media_type, received_at) VALUES ('{evidence}', '{session}', 'video', '{blob}', 'ab', {EVIDENCE_BYTES}, 'video/mp4', {at})"
        ),
        format!(
            "INSERT INTO consents (project_id, session_id, subject_name, kind, given, at) VALUES ('{bank}', NULL, '{}', 'authorization', TRUE, {at})",
            name.to_lowercase()
        ),
        format!(
            "INSERT INTO galleries (id, project_id, kind, name, description, created_at, updated_at, revision) VALUES ('{gallery}', '{bank}', 'named', 'g', '', {at}, {at}, 1)"
        ),
        format!(
            "INSERT INTO subjects (id, project_id, label, name, details, created_at, updated_at) VALUES ('{person}', '{bank}', '{label}', '{name}', '{{\"a\":\"{details}\"}}', {at}, {at})"
        ),
        format!(
            "INSERT INTO memberships (gallery_id, subject_id, label) VALUES ('{gallery}', '{person}', '{label}')"
        ),
        format!(
            "INSERT INTO templates (id, subject_id, pack, vector, keeping, created_at) VALUES ('{face}', '{person}', 'pack', {vector}, 'nothing', {at})"
        ),
    ] {
        transaction.execute_unprepared(&statement).await.unwrap();
    }
    transaction.commit().await.unwrap();
    database.close().await.unwrap();
    let BlobOptions::Folder(folder) = &options.blobs else {
        unreachable!()
    };
    let file = folder.join(&blob);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, evidence_bytes()).unwrap();
    (
        SessionId(session),
        GalleryId(gallery),
        SubjectId(person),
        blob,
    )
}

async fn who_withdraws_is_examined_no_more(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let worker = Uuid::now_v7();
    let refusal = |session: Option<SessionId>| Consent {
        project,
        session,
        subject_name: "  JOSÉ Ørsted".to_owned(),
        kind: ConsentKind::Authorization,
        given: false,
        at: NOW.plus(5),
        text_version: None,
    };
    // One that waits and one that is under way, the latter under the name alone.
    for by_name in [false, true] {
        let (session, record) = crate::store::fixture::queue(fixture, project).await;
        if by_name {
            let claimed = store.claim_examination(worker, NOW, LEASE).await.unwrap();
            assert_eq!(claimed.unwrap().id, record.id);
        }
        let said = refusal((!by_name).then_some(session.id));
        assert_eq!(store.record_consent(&said).await.unwrap(), [record.id]);
        let ended = store
            .examination(project, record.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ended.status, ExaminationStatus::Failed);
        let failure = ended.failure.unwrap();
        assert!(
            failure.reason.contains("withdrew their consent"),
            "{}",
            failure.reason
        );
        assert_eq!(fixture.status(&session).await.name(), "failed");
        let found = judgement();
        let late = store.finish_examination(record.id, worker, &found, NOW);
        assert!(!late.await.unwrap(), "what comes too late is not kept");
        assert_eq!(store.queued().await.unwrap(), 0);
    }
    // Who said in the session itself that they agree is not stopped by what a namesake said elsewhere.
    let session = fixture.session(project).await;
    let record = examination(&session);
    let agreed = Consent {
        given: true,
        ..refusal(Some(session.id))
    };
    assert_eq!(store.record_consent(&agreed).await.unwrap(), []);
    store.queue_examination(&record, 10).await.unwrap();
    assert_eq!(store.record_consent(&refusal(None)).await.unwrap(), []);
    let waits = store
        .examination(project, record.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(waits.status, ExaminationStatus::Queued);
}

async fn files_go_before_their_session_and_held_ones_do_not(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let kept = Box::pin(everything(fixture, project)).await;
    let held = Box::pin(everything(fixture, project)).await;
    let hold = entry(project, AuditAction::SessionHeld, "");
    assert!(store.hold_session(held.session.id, &hold).await.unwrap());
    let later = NOW.plus(10);
    let expired = store
        .expired_evidence(project, EvidenceKind::Video, later, 10)
        .await
        .unwrap();
    let [one @ Expired::Evidence { session, .. }] = expired[..] else {
        panic!("{expired:?}");
    };
    assert_eq!(session, kept.session.id);
    let young = store.expired_evidence(project, EvidenceKind::Video, NOW, 10);
    assert_eq!(young.await.unwrap(), []);
    let told = entry(project, AuditAction::EvidenceExpired, "");
    assert!(store.erase_expired(project, one, &told).await.unwrap());
    assert!(!store.erase_expired(project, one, &told).await.unwrap());
    assert_eq!(store.get_blob(&kept.video).await.unwrap(), None);
    let video = store.latest_evidence(session, EvidenceKind::Video).await;
    assert!(video.unwrap().is_none());
    let document = store.latest_evidence(session, EvidenceKind::Document).await;
    let document = document.unwrap().unwrap();
    assert!(store.get_blob(&document.blob).await.unwrap().is_some());

    let pictures = store.expired_pictures(project, later, 10).await.unwrap();
    let [one @ Expired::Pictures { id, .. }] = pictures[..] else {
        panic!("{pictures:?}");
    };
    assert_eq!(id, kept.examination);
    assert!(store.erase_expired(project, one, &told).await.unwrap());
    for what in [PictureKind::Portrait, PictureKind::Thumbnail(0)] {
        let key = examination_picture_key(session, id, what);
        assert_eq!(store.get_blob(&key).await.unwrap(), None);
        let key = examination_picture_key(held.session.id, held.examination, what);
        assert!(store.get_blob(&key).await.unwrap().is_some());
    }
    let people = store.expired_people(project, later, 10).await.unwrap();
    assert_eq!(people, [kept.person]);
    let left = store.session(project, session).await.unwrap().unwrap();
    assert!(left.reference.is_some() && left.erased_at.is_none());
}

async fn every_text_of_a_consent_is_kept(fixture: &Fixture) {
    let store = &fixture.store;
    let project = fixture.project("bank").await;
    let mut settings = likeness::session::project::ProjectSettings::default();
    for (version, text) in [(1, "first"), (2, "second")] {
        settings.consent_version = version;
        text.clone_into(&mut settings.consent_text);
        let told = entry(project, AuditAction::ProjectChanged, "");
        store
            .save_settings(project, &settings, &told)
            .await
            .unwrap();
    }
    for (version, text) in [(1, Some("first")), (2, Some("second")), (3, None)] {
        let kept = store.consent_text(project, version).await.unwrap();
        assert_eq!(kept.map(|kept| kept.text).as_deref(), text);
    }
}

/// Prints how long the faces of a large gallery take to open. It asserts nothing of the time.
#[tokio::test]
#[ignore = "measures, and takes a minute to prepare"]
async fn how_long_a_gallery_of_ten_thousand_takes() {
    let fixture = Fixture::sqlite().await;
    let project = fixture.project("bank").await;
    let (gallery, _, _) = enrol(&fixture.store, project, None).await;
    let vector: Vec<f32> = (0..256).map(|index| (index as f32).sin()).collect();
    for number in 1..10_000 {
        let (person, face) = (SubjectId(Uuid::now_v7()), TemplateId(Uuid::now_v7()));
        let enrolment = Enrolment {
            project,
            galleries: vec![gallery],
            subject: Subject {
                id: person,
                label: format!("p{number}"),
                name: String::new(),
                details: None,
                created_at: NOW,
                updated_at: NOW,
            },
            faces: vec![NewFace {
                face: EnrolledFace {
                    id: face,
                    subject: person,
                    template: Template::new("pack", vector.clone()).unwrap(),
                    keeping: PictureKeeping::Nothing,
                    created_at: NOW,
                },
                picture: Vec::new(),
                thumbnail: Vec::new(),
            }],
            session: None,
            when_taken: WhenTaken::Refuse,
            max_faces: 4,
            limit: None,
            now: NOW,
        };
        fixture.store.enrol(enrolment).await.unwrap();
    }
    let start = std::time::Instant::now();
    let (mut faces, mut after) = (0, None);
    loop {
        let (page, last) = fixture.store.faces_after(gallery, after).await.unwrap();
        faces += page.len();
        if last.is_none() {
            break;
        }
        after = last;
    }
    assert_eq!(faces, 10_000);
    let told = format!("10000 people opened in {:?}\n", start.elapsed());
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
}
