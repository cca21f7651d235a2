//! The master keys, which wrap every subject's key: the newest wraps, older ones only unwrap.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::store::data_keys::{DataKey, id_of};
use crate::store::database::make_private_folder;
use crate::store::error::StoreError;
use crate::store::options::MasterKeySource;

/// What is wrong with the master keys that were given.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    #[error(
        "a master key is 32 bytes in base64, as `likeness keys generate` prints one; {place} holds something else"
    )]
    Malformed { place: String },
    #[error("the file of master keys {file} cannot be read: {source}")]
    Unreadable {
        file: String,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "what is kept is sealed under the master key {wanted}, and there is no key in {place}: give the key by the setting `master_key` or `master_key_file`; without it nothing can be read, and no other key can take its place"
    )]
    Missing { wanted: String, place: String },
    #[error(
        "what is kept is sealed under the master key {wanted}, and the keys that were given are {given}: add the missing key behind them"
    )]
    Wrong { wanted: String, given: String },
    #[error(
        "the key {name} of the database does not open by the master key {master}, which wrapped it: the row was altered"
    )]
    Altered { name: String, master: String },
}

/// A secret as the database holds it.
pub(super) struct Wrapped {
    pub(super) master: String,
    pub(super) bytes: Vec<u8>,
}

struct MasterKey {
    id: String,
    key: DataKey,
}

/// At least one key, the newest first. Its `Debug` shows their names alone.
pub(super) struct MasterKeys(Vec<MasterKey>);

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeys({})", self.ids().join(", "))
    }
}

impl MasterKeys {
    /// The keys that were given; where a file may be made and nothing was sealed yet (`wanted` names the key that was
    /// sealed under), a new one in it.
    pub(super) fn load(source: &MasterKeySource, wanted: Option<&str>) -> Result<Self, StoreError> {
        match source {
            MasterKeySource::Given(text) => Ok(Self::parse(text, "the setting `master_key`")?),
            MasterKeySource::File(file) => Ok(Self::read(file)?),
            MasterKeySource::Made(file) => match Self::read(file) {
                Ok(keys) => Ok(keys),
                Err(KeyFault::Unreadable { source, file: name })
                    if source.kind() == ErrorKind::NotFound =>
                {
                    match wanted {
                        Some(wanted) => Err(KeyFault::Missing {
                            wanted: wanted.to_owned(),
                            place: name,
                        }
                        .into()),
                        None => make(file),
                    }
                }
                Err(fault) => Err(fault.into()),
            },
        }
    }

    /// The names of the keys, newest first.
    pub(super) fn ids(&self) -> Vec<String> {
        self.0.iter().map(|key| key.id.clone()).collect()
    }

    /// The name of the key that wraps.
    pub(super) fn newest_id(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// A key, wrapped by the newest master key under the name that it belongs to.
    pub(super) fn wrap(&self, name: &str, key: &DataKey) -> Result<Wrapped, StoreError> {
        let newest = self
            .0
            .first()
            .ok_or(StoreError::Unstorable { what: "a key" })?;
        Ok(Wrapped {
            master: newest.id.clone(),
            bytes: newest.key.seal(name.as_bytes(), key.bytes())?,
        })
    }

    /// The key that was wrapped for that name.
    pub(super) fn unwrap(
        &self,
        name: &str,
        master: &str,
        bytes: &[u8],
    ) -> Result<DataKey, KeyFault> {
        let Some(wrapping) = self.0.iter().find(|key| key.id == master) else {
            return Err(KeyFault::Wrong {
                wanted: master.to_owned(),
                given: self.ids().join(", "),
            });
        };
        wrapping
            .key
            .open(name.as_bytes(), bytes)
            .and_then(|key| DataKey::from_bytes(&Zeroizing::new(key)))
            .ok_or_else(|| KeyFault::Altered {
                name: name.to_owned(),
                master: master.to_owned(),
            })
    }

    /// Keys in base64, apart by lines, spaces or commas; what follows a `#` is left out.
    fn parse(text: &str, place: &str) -> Result<Self, KeyFault> {
        let malformed = || KeyFault::Malformed {
            place: place.to_owned(),
        };
        let mut keys = Vec::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty());
            for word in words {
                let bytes = STANDARD.decode(word).map_err(|_| malformed())?;
                let key = DataKey::from_bytes(&Zeroizing::new(bytes)).ok_or_else(malformed)?;
                keys.push(MasterKey {
                    id: id_of("likeness master key", key.bytes()),
                    key,
                });
            }
        }
        if keys.is_empty() {
            return Err(malformed());
        }
        Ok(Self(keys))
    }

    fn read(file: &Path) -> Result<Self, KeyFault> {
        let place = file.display().to_string();
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&Zeroizing::new(text), &place),
            Err(source) => Err(KeyFault::Unreadable {
                file: place,
                source,
            }),
        }
    }
}

/// A new key as a file or a setting holds it.
pub fn new_master_key() -> String {
    STANDARD.encode(DataKey::random().bytes())
}

/// Makes the file with a new key, unless somebody else has just made it.
fn make(file: &Path) -> Result<MasterKeys, StoreError> {
    if let Some(folder) = file.parent().filter(|path| !path.as_os_str().is_empty()) {
        make_private_folder(folder)?;
    }
    let writing = |source| StoreError::File {
        doing: "make the file of the master key",
        source,
    };
    // Complete before it has its name: whoever finds the file finds a key in it.
    let unfinished: PathBuf = file.with_extension(format!("{}.new", uuid::Uuid::now_v7()));
    let mut written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(writing)?;
    let text = format!("{}\n", new_master_key());
    written.write_all(text.as_bytes()).map_err(writing)?;
    written.sync_all().map_err(writing)?;
    let made = match std::fs::hard_link(&unfinished, file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(writing(error)),
        Ok(()) | Err(_) => Ok(()),
    };
    std::fs::remove_file(&unfinished).map_err(writing)?;
    made?;
    Ok(MasterKeys::read(file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_key_wrapped_opens_by_it_wherever_it_stands() {
        let (old, new) = (new_master_key(), new_master_key());
        let before = MasterKeys::parse(&old, "here").unwrap();
        let key = DataKey::random();
        let wrapped = before.wrap("a", &key).unwrap();
        let both = MasterKeys::parse(
            &format!("# the new one\n{new}\n{old} # until May\n"),
            "here",
        );
        let both = both.unwrap();
        assert_eq!(both.ids().len(), 2);
        assert_ne!(both.newest_id(), before.newest_id());
        let opened = both.unwrap("a", &wrapped.master, &wrapped.bytes).unwrap();
        assert_eq!(opened.bytes(), key.bytes());
        // Not under another name, not by another key, not altered.
        let other = both.unwrap("b", &wrapped.master, &wrapped.bytes);
        assert!(matches!(other, Err(KeyFault::Altered { .. })));
        let without = MasterKeys::parse(&new, "here").unwrap();
        let wrong = without.unwrap("a", &wrapped.master, &wrapped.bytes);
        assert!(matches!(wrong, Err(KeyFault::Wrong { .. })));
        let mut altered = wrapped.bytes.clone();
        altered[30] ^= 1;
        assert!(both.unwrap("a", &wrapped.master, &altered).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        for text in ["", "# nothing", "AAAA", "not base64!", &"A".repeat(44)] {
            let refused = MasterKeys::parse(text, "here");
            assert!(matches!(refused, Err(KeyFault::Malformed { .. })), "{text}");
        }
        let key = new_master_key();
        let keys = MasterKeys::parse(&key, "here").unwrap();
        assert!(!format!("{keys:?}").contains(&key[..8]));
    }
}
