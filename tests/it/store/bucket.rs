//! A bucket that is not there, is not ours or does not answer: said, and nothing half kept.

use likeness::session::evidence::EvidenceKind;
use likeness::store::Store;
use likeness::store::error::StoreError;
use likeness::store::options::{BlobOptions, BucketOptions, StoreOptions};

use crate::store::fixture::{Fixture, NOW, evidence_bytes, new_evidence};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_or_key_is_told_at_the_start() {
    let fixture = Fixture::in_a_bucket().await;
    let right = fixture.s3.as_ref().unwrap().options("kept/here");
    let changes: [fn(&mut BucketOptions); 3] = [
        |options| options.bucket = "none".to_owned(),
        |options| options.access.secret = "another".to_owned(),
        |options| options.access.key_id = "another".to_owned(),
    ];
    for change in changes {
        let BlobOptions::Bucket(mut bucket) = right.clone() else {
            panic!("no bucket");
        };
        change(&mut bucket);
        let options = StoreOptions {
            blobs: BlobOptions::Bucket(bucket),
            ..fixture.options.clone()
        };
        let refused = Store::open(&options).await;
        assert!(matches!(refused, Err(StoreError::Blob(_))), "{refused:?}");
        assert!(!format!("{refused:?}").contains("another"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_nobody_keeps_nothing_and_is_used_again_once_it_does() {
    let fixture = Fixture::in_a_bucket().await;
    let project = fixture.project("bank").await;
    let session = fixture.session(project).await;
    let file = fixture.file("upload");
    fixture.s3.as_ref().unwrap().stop();

    let new = new_evidence(session.id, EvidenceKind::Video, &file);
    let refused = fixture.store.accept_evidence(new, NOW).await;
    assert!(matches!(refused, Err(StoreError::Blob(_))), "{refused:?}");
    let kind = EvidenceKind::Video;
    let kept = fixture.store.latest_evidence(session.id, kind).await;
    assert_eq!(kept.unwrap(), None);

    fixture.s3.as_ref().unwrap().start_again();
    let new = new_evidence(session.id, EvidenceKind::Video, &file);
    let kept = fixture.store.accept_evidence(new, NOW).await.unwrap();
    let bytes = fixture.store.get_blob(&kept.blob).await.unwrap();
    assert!(bytes.unwrap() == evidence_bytes());
    assert_eq!(fixture.blob_files().len(), 1);
}
