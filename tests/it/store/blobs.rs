//! Blobs: kept, replaced, fetched and deleted, and never outside of their folder.

use likeness::store::error::StoreError;

use crate::store::fixture::Fixture;

#[tokio::test]
async fn a_blob_is_kept_replaced_and_deleted() {
    let fixture = Fixture::sqlite().await;
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

#[tokio::test]
async fn an_empty_file_is_an_empty_blob() {
    let fixture = Fixture::sqlite().await;
    let file = fixture.folder.path().join("empty");
    std::fs::write(&file, b"").unwrap();
    fixture.store.put_blob_file("empty", &file).await.unwrap();
    assert_eq!(
        fixture.store.get_blob("empty").await.unwrap(),
        Some(Vec::new())
    );
}

#[tokio::test]
async fn what_is_not_there_cannot_be_fetched() {
    let fixture = Fixture::sqlite().await;
    let target = fixture.folder.path().join("target");
    let refused = fixture.store.fetch_blob_to("nothing", &target).await;
    assert!(
        matches!(refused, Err(StoreError::NotFound { .. })),
        "{refused:?}"
    );
    assert!(!target.exists());
}

#[tokio::test]
async fn a_key_does_not_leave_the_folder() {
    let fixture = Fixture::sqlite().await;
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
