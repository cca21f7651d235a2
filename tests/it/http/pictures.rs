//! What officers look at: every kept picture and the video in parts, on record before it is seen, gone once erased.

use likeness::operations::authenticate::Caller;
use likeness::operations::error::Error;
use likeness::operations::read_video::LONGEST_PART;
use likeness::session::audit::AuditRow;
use likeness::session::ids::{ExaminationId, SessionId};
use likeness::session::picture::PictureKind;
use likeness::session::project::Scope;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Scene, TestApp, video};
use crate::http::decisions::{add_document, examine, judged, officer_token, session, with_olga};

crate::ground::also_on_shared_ground! {
    every_picture_is_read_by_its_name_and_each_reading_leaves_a_row
    a_frame_without_a_face_is_seen_whole_and_nothing_is_made_up_of_it
    pictures_and_videos_want_the_scope_and_the_project
    a_video_is_read_in_parts_that_make_the_whole_and_its_start_leaves_a_row
    nobody_sees_a_video_unrecorded_by_leaving_its_start_out
    a_range_that_is_not_there_is_refused_with_the_length_and_no_row
    after_an_erasure_no_picture_of_any_examination_is_left_or_handed_out
    the_landmarks_of_every_face_are_in_the_native_answer
    who_comes_too_late_with_pictures_of_an_erased_session_takes_all_of_them_back
}

async fn caller(app: &TestApp) -> Caller {
    app.operations.authenticate(&app.token).await.unwrap()
}

async fn reads(app: &TestApp) -> Vec<AuditRow> {
    let rows = app.operations.audit_rows(0).await.unwrap();
    let reads = rows.into_iter().filter(|row| row.action == "evidence.read");
    reads.collect()
}

fn details(row: &AuditRow) -> Value {
    serde_json::from_str(&row.details).unwrap()
}

fn ids((session, examination): &(String, String)) -> (SessionId, ExaminationId) {
    (session.parse().unwrap(), examination.parse().unwrap())
}

#[actix_web::test]
async fn every_picture_is_read_by_its_name_and_each_reading_leaves_a_row() {
    let app = with_olga().await;
    let (id, examination) = ids(&judged(&app).await);
    let caller = caller(&app).await;
    let names = [
        "document",
        "portrait",
        "frame-0",
        "face-0",
        "thumbnail-0",
        "frame-7",
        "face-7",
        "thumbnail-7",
    ];
    let mut seen = Vec::new();
    for name in names {
        let what: PictureKind = name.parse().unwrap();
        let jpeg = app.operations.read_picture(&caller, id, examination, what);
        let jpeg = jpeg.await.unwrap();
        assert_eq!(jpeg[..2], [0xFF, 0xD8], "{name}");
        assert!(!seen.contains(&jpeg), "{name} is a picture of its own");
        seen.push(jpeg);
    }
    let rows = reads(&app).await;
    assert_eq!(rows.len(), names.len());
    for (row, name) in rows.iter().zip(names) {
        assert_eq!(row.actor, caller.actor().to_string());
        assert_eq!(row.target, id.to_string());
        let told = json!({"examination": examination.to_string(), "picture": name});
        assert_eq!(details(row), told);
    }
}

#[actix_web::test]
async fn a_frame_without_a_face_is_seen_whole_and_nothing_is_made_up_of_it() {
    let app = with_olga().await;
    let mut scene = Scene::of(&[90.0; 3]);
    scene.percentages[1] = None;
    app.sees(scene);
    let (id, examination) = ids(&judged(&app).await);
    let caller = caller(&app).await;
    let read = async |what| {
        let read = app.operations.read_picture(&caller, id, examination, what);
        read.await
    };
    assert!(read(PictureKind::Frame(1)).await.is_ok());
    let before = reads(&app).await.len();
    for missing in [
        PictureKind::AlignedFace(1),
        PictureKind::Thumbnail(1),
        PictureKind::Frame(3),
    ] {
        let refused = read(missing).await;
        assert!(matches!(refused, Err(Error::NotFound { .. })), "{missing}");
    }
    assert_eq!(reads(&app).await.len(), before, "nothing was seen");
}

#[actix_web::test]
async fn pictures_and_videos_want_the_scope_and_the_project() {
    let app = with_olga().await;
    let (id, examination) = ids(&judged(&app).await);
    let blind = officer_token(&app, "Dan", vec![Scope::Decide]).await;
    let stranger = app.token_with("another", vec![Scope::Read], None).await;
    for (token, is_expected) in [
        (
            blind,
            (|error| matches!(error, Error::Refused { .. })) as fn(Error) -> bool,
        ),
        (stranger, |error| matches!(error, Error::NotFound { .. })),
    ] {
        let caller = app.operations.authenticate(&token).await.unwrap();
        let picture = app
            .operations
            .read_picture(&caller, id, examination, PictureKind::Document);
        assert!(is_expected(picture.await.unwrap_err()));
        let video = app.operations.read_video(&caller, id, None).await;
        assert!(is_expected(video.unwrap_err()));
    }
    assert!(reads(&app).await.is_empty());
}

/// A session whose video is longer than a part; what follows the end of an mp4 file's boxes is a box to be skipped.
async fn with_long_video(app: &TestApp) -> (SessionId, Vec<u8>) {
    let opened = app.post("/v1/sessions").send().await.unwrap();
    let opened = crate::helpers::body(opened).await;
    let id = opened["id"].as_str().unwrap().to_owned();
    let mut long = video();
    let skipped = u32::try_from(LONGEST_PART + 4_097).unwrap();
    long.extend(skipped.to_be_bytes());
    long.extend(b"free");
    long.extend((8..skipped).map(|at| (at % 251) as u8));
    let form = Form::new().part("video", Part::bytes(long.clone()));
    let path = format!("/v1/sessions/{id}/video");
    let added = app.see(app.post(&path).multipart(form)).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    (id.parse().unwrap(), long)
}

#[actix_web::test]
async fn a_video_is_read_in_parts_that_make_the_whole_and_its_start_leaves_a_row() {
    let app = with_olga().await;
    let (id, long) = with_long_video(&app).await;
    let caller = caller(&app).await;
    let mut whole = Vec::new();
    let mut range = None;
    let mut parts = 0;
    while whole.len() < long.len() {
        let part = app.operations.read_video(&caller, id, range).await.unwrap();
        assert_eq!(part.media_type, "video/mp4");
        assert_eq!(part.total, long.len() as u64);
        assert_eq!(part.first, whole.len() as u64);
        assert!(part.bytes.len() as u64 <= LONGEST_PART);
        range = Some((part.end(), None));
        whole.extend(part.bytes);
        parts += 1;
    }
    assert!(whole == long);
    assert!(parts >= 2, "{parts} parts");
    let within = app.operations.read_video(&caller, id, Some((5, Some(8))));
    assert_eq!(within.await.unwrap().bytes, long[5..=8]);

    let rows = reads(&app).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].target, id.to_string());
    let told = details(&rows[0]);
    assert_eq!(told.as_object().unwrap().len(), 1);
    assert!(told["video"].as_str().unwrap().starts_with("evid_"));
    let again = app.operations.read_video(&caller, id, Some((0, Some(0))));
    again.await.unwrap();
    assert_eq!(reads(&app).await.len(), 2, "each start is on record");
}

#[actix_web::test]
async fn nobody_sees_a_video_unrecorded_by_leaving_its_start_out() {
    let app = with_olga().await;
    let (id, _) = ids(&judged(&app).await);
    let olga = caller(&app).await;
    let dan = officer_token(&app, "Dan", vec![Scope::Read]).await;
    let dan = app.operations.authenticate(&dan).await.unwrap();
    let watch = async |caller: &Caller, first| {
        let part = app.operations.read_video(caller, id, Some((first, None)));
        part.await.unwrap();
        reads(&app).await.len()
    };
    assert_eq!(watch(&olga, 1).await, 1);
    assert_eq!(watch(&olga, 100).await, 1, "she goes on");
    assert_eq!(watch(&dan, 100).await, 2, "he has begun nothing");
    app.clock.advance(60 * 60 * 1000);
    assert_eq!(
        watch(&olga, 100).await,
        3,
        "an hour later it is another time"
    );
}

#[actix_web::test]
async fn a_range_that_is_not_there_is_refused_with_the_length_and_no_row() {
    let app = with_olga().await;
    let (id, _) = ids(&judged(&app).await);
    let caller = caller(&app).await;
    let length = video().len() as u64;
    for range in [(length, None), (u64::MAX, None), (7, Some(6))] {
        let refused = app.operations.read_video(&caller, id, Some(range)).await;
        assert!(
            matches!(refused, Err(Error::OutOfRange { total }) if total == length),
            "{range:?}"
        );
    }
    assert!(reads(&app).await.is_empty());
    let empty = app.post("/v1/sessions").send().await.unwrap();
    let empty = crate::helpers::body(empty).await;
    let empty = empty["id"].as_str().unwrap().parse().unwrap();
    let refused = app.operations.read_video(&caller, empty, None).await;
    assert!(matches!(refused, Err(Error::NotFound { what: "video" })));
}

#[actix_web::test]
async fn after_an_erasure_no_picture_of_any_examination_is_left_or_handed_out() {
    let app = with_olga().await;
    let first = judged(&app).await;
    assert_eq!(
        add_document(&app, &first.0).await.status,
        StatusCode::CREATED
    );
    let second = examine(&app, &first.0).await;
    assert_eq!(second.body["status"], "done", "{}", second.body);
    let second = (
        first.0.clone(),
        second.body["id"].as_str().unwrap().to_owned(),
    );
    let (id, _) = ids(&first);
    let folder = format!("blobs/sessions/{}", id.0);
    // Two documents, a video, and of each examination 8 frames in three pictures, the document and its portrait.
    assert_eq!(app.files(&folder).len(), 2 + 1 + 2 * (3 * 8 + 2));

    let path = format!("/v1/sessions/{id}");
    let erased = app.client.delete(app.url(&path)).bearer_auth(&app.token);
    assert_eq!(app.see(erased).await.status, StatusCode::OK);

    assert!(app.files("blobs").is_empty(), "{:?}", app.files("blobs"));
    let caller = caller(&app).await;
    for visit in [&first, &second] {
        let (id, examination) = ids(visit);
        for what in [
            PictureKind::Document,
            PictureKind::Portrait,
            PictureKind::Frame(0),
            PictureKind::AlignedFace(0),
            PictureKind::Thumbnail(0),
        ] {
            let read = app.operations.read_picture(&caller, id, examination, what);
            assert!(matches!(read.await, Err(Error::NotFound { .. })), "{what}");
        }
    }
    let read = app.operations.read_video(&caller, id, None).await;
    assert!(matches!(read, Err(Error::NotFound { what: "video" })));
    assert!(reads(&app).await.is_empty());
}

#[actix_web::test]
async fn the_landmarks_of_every_face_are_in_the_native_answer() {
    let app = with_olga().await;
    let (id, _) = judged(&app).await;
    let result = session(&app, &id).await["examinations"][0]["result"].clone();
    let frames = result["timeline"].as_array().unwrap();
    assert_eq!(frames.len(), 8);
    for seen in frames.iter().chain([&result["document"]]) {
        let landmarks = &seen["face"]["landmarks"];
        assert_eq!(landmarks["left_eye"], json!([148.0, 190.0]));
        assert_eq!(landmarks["mouth_right"], json!([205.0, 270.0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_late_with_pictures_of_an_erased_session_takes_all_of_them_back() {
    let app = with_olga().await;
    let id = app.session_with_evidence().await;
    app.hold();
    let path = format!("/v1/sessions/{id}/examinations");
    let job = app.see(app.post(&path)).await;
    app.until_looking().await;
    // Another process takes the silent worker for dead, and somebody has the session erased.
    let faster = app.beside().await;
    faster.clock.advance(60 * 60 * 1000);
    let worker = Uuid::now_v7();
    let ran = faster.operations.run_next_examination(worker).await;
    ran.unwrap();
    faster.operations_finish(&id, &job.body).await;
    let erased = app.client.delete(app.url(&format!("/v1/sessions/{id}")));
    let erased = app.see(erased.bearer_auth(&app.token)).await;
    assert_eq!(erased.status, StatusCode::OK);
    assert!(app.files("blobs").is_empty());

    app.release();
    // Which waits for the worker's end.
    let app = app.restart().await;
    assert!(app.files("blobs").is_empty(), "{:?}", app.files("blobs"));
}
