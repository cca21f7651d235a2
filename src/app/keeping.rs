//! Where things are kept: database, blobs, the master key, and files that are being received.

use crate::app::AppError;
use crate::config::Config;
use crate::scratch::Scratch;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::options::{BlobOptions, BucketAccess, MasterKeySource, StoreOptions};

pub(super) async fn open_store(config: &Config) -> Result<Store, AppError> {
    Ok(Store::open(&StoreOptions {
        database_url: config.database(),
        blobs: blobs(config)?,
        master_keys: master_keys(config),
        max_connections: config.database_connections,
    })
    .await?)
}

fn blobs(config: &Config) -> Result<BlobOptions, StoreError> {
    let access = BucketAccess {
        endpoint: config.s3_endpoint.clone(),
        region: config.s3_region.clone(),
        key_id: config.s3_key_id.0.clone(),
        secret: config.s3_secret.0.clone(),
    };
    BlobOptions::at(&config.blobs_url, &config.data, access)
}

/// The master keys that were given, or a file in the data folder.
fn master_keys(config: &Config) -> MasterKeySource {
    if !config.master_key.0.is_empty() {
        return MasterKeySource::Given(config.master_key.0.clone());
    }
    if !config.master_key_file.as_os_str().is_empty() {
        return MasterKeySource::File(config.master_key_file.clone());
    }
    MasterKeySource::Made(config.data.join("master.key"))
}

/// Says where the master key lies when that is beside what it protects.
pub(super) fn announce_master_key(config: &Config) {
    if let MasterKeySource::Made(file) = master_keys(config) {
        tracing::warn!(
            file = %file.display(),
            "the master key lies in the data folder: whoever has the folder has the key too; give it by `master_key` or `master_key_file` from elsewhere"
        );
    }
}

/// A folder of this process's own below the data folder, or where the setting says.
pub(super) fn scratch(config: &Config) -> Result<Scratch, AppError> {
    let parent = if config.scratch.as_os_str().is_empty() {
        config.data.join("scratch")
    } else {
        config.scratch.clone()
    };
    Scratch::open(&parent).map_err(|source| AppError::Io {
        what: format!("the folder {} cannot be made", parent.display()),
        source,
    })
}

pub(super) fn refuse_nothing(config: &Config) -> Result<(), AppError> {
    let file = config.data.join("likeness.db");
    if config.database_url.0.is_empty() && !file.exists() {
        return Err(AppError::NothingKept {
            file: file.display().to_string(),
        });
    }
    Ok(())
}
