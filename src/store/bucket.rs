//! A bucket of a store that speaks S3: how long it is waited for, how often it is asked again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use crate::store::error::StoreError;
use crate::store::options::BucketOptions;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// How long one request may take: a part of a video up a slow line, a whole video down.
const REQUEST: Duration = Duration::from_mins(1);

/// How often a request is made again that the store failed at, and for how long: a request at the door waits for it.
const RETRIES: usize = 3;
const RETRYING: Duration = Duration::from_secs(15);

/// The pauses between.
const BACKOFF: BackoffConfig = BackoffConfig {
    init_backoff: Duration::from_millis(100),
    max_backoff: Duration::from_secs(2),
    base: 2.0,
};

/// Opens the bucket and looks into it once, so that a wrong name or key is told at the start.
pub(super) async fn open(options: &BucketOptions) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let objects = PrefixStore::new(build(options)?, options.prefix.as_str());
    objects.list(None).try_next().await?;
    Ok(Arc::new(objects))
}

fn build(options: &BucketOptions) -> Result<impl ObjectStore, StoreError> {
    let access = &options.access;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&options.bucket)
        .with_region(&access.region)
        // By their path buckets are found on every server that speaks S3, by their name on few.
        .with_virtual_hosted_style_request(false)
        .with_client_options(
            ClientOptions::new()
                .with_connect_timeout(CONNECT)
                .with_timeout(REQUEST)
                .with_allow_http(access.endpoint.starts_with("http://")),
        )
        .with_retry(RetryConfig {
            backoff: BACKOFF,
            max_retries: RETRIES,
            retry_timeout: RETRYING,
        });
    if !access.endpoint.is_empty() {
        builder = builder.with_endpoint(&access.endpoint);
    }
    if !access.key_id.is_empty() {
        builder = builder
            .with_access_key_id(&access.key_id)
            .with_secret_access_key(&access.secret);
    }
    Ok(builder.build()?)
}

/// The TLS of requests takes the process's provider of cryptography, and comes with none of its own: the one that
/// everything else in this program uses is named. Where somebody has named one before, it stays.
pub(super) fn use_one_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
