//! Blobs: kept, replaced, fetched and deleted, and never outside of their folder or their bucket's prefix.

use std::collections::BTreeSet;

use likeness::session::ids::{ExaminationId, SessionId};
use likeness::session::picture::PictureKind;
use likeness::store::blobs::examination_picture_key;
use likeness::store::error::StoreError;
use uuid::Uuid;

use crate::store::fixture::Fixture;

in_both_places! {
    a_blob_is_kept_replaced_and_deleted
    a_part_of_a_blob_goes_as_far_as_the_blob_does
    an_empty_file_is_an_empty_blob
    what_is_not_there_cannot_be_fetched
    a_key_does_not_leave_the_folder
    a_long_file_is_kept_whole
    a_file_that_ends_with_a_part_is_kept_whole
}

async fn a_blob_is_kept_replaced_and_deleted(fixture: &Fixture) {
    let store = &fixture.store;
    let key = "thumbnails/a/0.jpg";
    assert_eq!(store.get_blob(key).await.unwrap(), None);
    store.put_blob(key, vec![1, 2, 3]).await.unwrap();
    store.put_blob(key, vec![4]).await.unwrap();
    assert_eq!(store.get_blob(key).await.unwrap(), Some(vec![4]));

    store.delete_blob(key).await.unwrap();
    store.delete_blob(key).await.unwrap();
    assert_eq!(store.get_blob(key).await.unwrap(), None);
    assert_eq!(fixture.blob_files(), Vec::<std::path::PathBuf>::new());
}

async fn a_part_of_a_blob_goes_as_far_as_the_blob_does(fixture: &Fixture) {
    let store = &fixture.store;
    store.put_blob("blob", (0..10).collect()).await.unwrap();
    for (part, bytes) in [(0..10, 0..10), (3..4, 3..4), (8..99, 8..10)] {
        let found = store.get_blob_part("blob", part).await.unwrap();
        assert_eq!(found, Some(bytes.collect()));
    }
    let behind = store.get_blob_part("blob", 10..11).await;
    assert!(matches!(behind, Err(StoreError::Blob(_))), "{behind:?}");
    assert_eq!(store.get_blob_part("none", 0..1).await.unwrap(), None);
}

#[test]
fn every_picture_of_a_session_has_its_own_place_in_the_sessions_folder() {
    let (session, examination) = (SessionId(Uuid::now_v7()), ExaminationId(Uuid::now_v7()));
    let kinds = [
        PictureKind::Document,
        PictureKind::Portrait,
        PictureKind::Frame(1),
        PictureKind::Frame(11),
        PictureKind::AlignedFace(1),
        PictureKind::Thumbnail(1),
    ];
    let keys = kinds.map(|kind| examination_picture_key(session, examination, kind));
    let folder = format!("sessions/{}/frames/{}/", session.0, examination.0);
    assert!(keys.iter().all(|key| key.starts_with(&folder)), "{keys:?}");
    assert_eq!(BTreeSet::from(keys).len(), kinds.len());
}

async fn an_empty_file_is_an_empty_blob(fixture: &Fixture) {
    let file = fixture.folder.path().join("empty");
    std::fs::write(&file, b"").unwrap();
    fixture.store.put_blob_file("empty", &file).await.unwrap();
    assert_eq!(
        fixture.store.get_blob("empty").await.unwrap(),
        Some(Vec::new())
    );
}

async fn what_is_not_there_cannot_be_fetched(fixture: &Fixture) {
    let target = fixture.folder.path().join("target");
    let refused = fixture.store.fetch_blob_to("nothing", &target).await;
    assert!(
        matches!(refused, Err(StoreError::NotFound { .. })),
        "{refused:?}"
    );
    assert!(!target.exists());
}

async fn a_key_does_not_leave_the_folder(fixture: &Fixture) {
    let outside = fixture.folder.path().join("outside");
    std::fs::write(&outside, b"secret").unwrap();
    for key in ["../outside", "a/../../outside", "./../outside"] {
        let read = fixture.store.get_blob(key).await;
        assert!(matches!(read, Err(StoreError::Blob(_))), "{key}: {read:?}");
        let written = fixture.store.put_blob(key, vec![0]).await;
        assert!(matches!(written, Err(StoreError::Blob(_))), "{key}");
        assert!(fixture.store.delete_blob(key).await.is_err(), "{key}");
    }
    assert_eq!(std::fs::read(&outside).unwrap(), b"secret");
}

/// As long as a part of an object in a bucket, which is what is held of a file at once.
const PART: usize = 5 << 20;

async fn a_long_file_is_kept_whole(fixture: &Fixture) {
    keeps_a_file_of(fixture, 2 * PART + 17).await;
}

async fn a_file_that_ends_with_a_part_is_kept_whole(fixture: &Fixture) {
    keeps_a_file_of(fixture, 2 * PART).await;
}

async fn keeps_a_file_of(fixture: &Fixture, length: usize) {
    let bytes: Vec<u8> = (0..length).map(|index| (index % 241) as u8).collect();
    let file = fixture.folder.path().join("long");
    std::fs::write(&file, &bytes).unwrap();
    let store = &fixture.store;
    store.put_blob_file("a/long", &file).await.unwrap();
    let copy = fixture.folder.path().join("copy");
    store.fetch_blob_to("a/long", &copy).await.unwrap();
    assert!(std::fs::read(&copy).unwrap() == bytes);
    let tail = (length - 3) as u64..length as u64 + 9;
    let tail = store.get_blob_part("a/long", tail).await.unwrap();
    assert_eq!(tail.unwrap(), bytes[length - 3..]);
    assert_eq!(fixture.blob_files().len(), 1);
}
