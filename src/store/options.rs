//! Where the rows and the blobs are to lie.

use std::fmt;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::store::error::StoreError;

/// Where blobs lie.
#[derive(Clone, Debug)]
pub enum BlobOptions {
    /// A folder that the store alone may read; nodes that share it mount it.
    Folder(PathBuf),
    /// A bucket of a store that speaks S3, which any number of nodes share.
    Bucket(BucketOptions),
}

/// A bucket, and who asks for what is in it.
#[derive(Clone)]
pub struct BucketOptions {
    pub bucket: String,
    /// What every key begins with; empty for none.
    pub prefix: String,
    pub access: BucketAccess,
}

/// Where a store that speaks S3 is reached, and as whom.
#[derive(Clone, Default)]
pub struct BucketAccess {
    /// `https://host:port`; empty for Amazon's own, by the region.
    pub endpoint: String,
    pub region: String,
    /// Empty for the role that the machine has in Amazon's cloud.
    pub key_id: String,
    pub secret: String,
}

/// The key's identifier and the secret are not shown.
impl fmt::Debug for BucketOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketOptions")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("access", &self.access)
            .finish()
    }
}

impl fmt::Debug for BucketAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketAccess")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl BlobOptions {
    /// The place that an address names: nothing for a folder beside the rest of the data,
    /// `file:///path/to/folder` or `s3://bucket/prefix`.
    pub fn at(address: &str, beside: &Path, access: BucketAccess) -> Result<Self, StoreError> {
        if address.is_empty() {
            return Ok(Self::Folder(beside.join("blobs")));
        }
        let refused = |reason| StoreError::BlobAddress { reason };
        match address.split_once("://") {
            Some(("file", path)) if path.starts_with('/') => Ok(Self::Folder(PathBuf::from(path))),
            Some(("file", _)) => Err(refused("a folder is named from the root: file:///folder")),
            Some(("s3", place)) => {
                let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
                if bucket.is_empty() {
                    return Err(refused("a bucket is named as in s3://bucket/prefix"));
                }
                if bucket.contains(['@', ':', '?', '#']) || prefix.contains(['?', '#']) {
                    // An address shows in places where a secret must not.
                    return Err(refused("keys and the rest have settings of their own"));
                }
                Ok(Self::Bucket(BucketOptions {
                    bucket: bucket.to_owned(),
                    prefix: prefix.trim_matches('/').to_owned(),
                    access,
                }))
            }
            Some(_) | None => Err(refused("it starts with neither file:// nor s3://")),
        }
    }
}

/// Where the master keys come from, the newest first.
#[derive(Clone)]
pub enum MasterKeySource {
    /// The keys themselves, in base64.
    Given(String),
    /// A file of such keys, which must be there.
    File(PathBuf),
    /// The same, made with a new key where nothing was sealed yet.
    Made(PathBuf),
}

/// Shows no key.
impl fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(…)"),
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
            Self::Made(file) => f.debug_tuple("Made").field(file).finish(),
        }
    }
}

/// What [`Store::open`](crate::store::Store::open) needs to know.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:///path/to/file`, `sqlite::memory:` or `postgres://user:password@host/name`.
    pub database_url: String,
    pub blobs: BlobOptions,
    pub master_keys: MasterKeySource,
    pub max_connections: u32,
}

impl StoreOptions {
    /// SQLite and blobs below one folder: the embedded default. Tests give a temporary folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            database_url: sqlite_url(&folder.join("likeness.db")),
            blobs: BlobOptions::Folder(folder.join("blobs")),
            master_keys: MasterKeySource::Made(folder.join("master.key")),
            max_connections: 4,
        }
    }
}

/// A database URL carries a password: only its scheme is shown.
impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("database", &scheme(&self.database_url))
            .field("blobs", &self.blobs)
            .field("master_keys", &self.master_keys)
            .field("max_connections", &self.max_connections)
            .finish()
    }
}

/// The part of a URL before its colon, when it has one that can be shown.
pub(super) fn scheme(url: &str) -> &str {
    url.split_once(':').map_or("unknown", |(scheme, _)| scheme)
}

/// The URL of a database file. Characters that mean something in a URL are escaped.
fn sqlite_url(file: &Path) -> String {
    let mut url = String::from("sqlite://");
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                url.push(char::from(*byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(url, "%{other:02X}");
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let mut options = StoreOptions::in_folder(Path::new("/srv/data"));
        options.database_url = "postgres://kyc:hunter2@db.example/kyc".to_owned();
        let shown = format!("{options:?}");
        assert!(shown.contains("postgres"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn neither_is_a_key_of_the_bucket() {
        let access = BucketAccess {
            endpoint: "https://s3.example".to_owned(),
            region: "eu-1".to_owned(),
            key_id: "AKIDKYC".to_owned(),
            secret: "hunter2".to_owned(),
        };
        let blobs = BlobOptions::at("s3://faces/kyc/", Path::new("/srv"), access).unwrap();
        let shown = format!("{blobs:?}");
        for part in ["faces", "kyc", "https://s3.example", "eu-1"] {
            assert!(shown.contains(part), "{shown}");
        }
        for secret in ["AKIDKYC", "hunter2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn an_address_names_a_folder_or_a_bucket_or_is_refused() {
        let at = |address| BlobOptions::at(address, Path::new("/srv"), BucketAccess::default());
        let folder = |address| match at(address) {
            Ok(BlobOptions::Folder(folder)) => folder,
            other => panic!("{address}: {other:?}"),
        };
        assert_eq!(folder(""), Path::new("/srv/blobs"));
        assert_eq!(folder("file:///mnt/blobs"), Path::new("/mnt/blobs"));
        for (address, prefix) in [
            ("s3://kyc", ""),
            ("s3://kyc/", ""),
            ("s3://kyc/a/b/", "a/b"),
        ] {
            let Ok(BlobOptions::Bucket(found)) = at(address) else {
                panic!("{address}");
            };
            assert_eq!(
                (found.bucket.as_str(), found.prefix.as_str()),
                ("kyc", prefix)
            );
        }
        for address in [
            "/mnt/blobs",
            "file://mnt/blobs",
            "s3://",
            "s3:///prefix",
            "s3://key:secret@kyc",
            "s3://kyc?region=eu",
            "gs://kyc",
        ] {
            let refused = at(address);
            assert!(
                matches!(refused, Err(StoreError::BlobAddress { .. })),
                "{address}: {refused:?}"
            );
        }
    }

    #[test]
    fn odd_folder_names_survive_the_url() {
        assert_eq!(
            sqlite_url(Path::new("/srv/100% a?b#c/é.db")),
            "sqlite:///srv/100%25%20a%3Fb%23c/%C3%A9.db"
        );
    }
}
