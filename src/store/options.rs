//! Where the rows and the blobs are to lie.

use std::fmt;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where blobs lie: a folder that the store alone may read.
#[derive(Clone, Debug)]
pub struct BlobOptions {
    pub folder: PathBuf,
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
            blobs: BlobOptions {
                folder: folder.join("blobs"),
            },
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
    fn odd_folder_names_survive_the_url() {
        assert_eq!(
            sqlite_url(Path::new("/srv/100% a?b#c/é.db")),
            "sqlite:///srv/100%25%20a%3Fb%23c/%C3%A9.db"
        );
    }
}
