//! A folder of this process's own for files on their way, gone with it, however it ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::TempDir;

/// The file by which a process shows that its folder is in use: its lock ends with the process.
pub const LOCK: &str = ".in-use";

const PREFIX: &str = "process-";

/// The folder; deleted when this is dropped, or by the next process that starts.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes a folder below `parent`, and deletes those of processes that are gone: a process that
    /// was killed left faces in it.
    pub fn open(parent: &Path) -> io::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
        // One process at a time, so that none deletes a folder whose lock is not taken yet.
        let turn = File::create(parent.join(LOCK))?;
        turn.lock()?;
        delete_abandoned(parent)?;
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn delete_abandoned(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && entry.file_type()?.is_dir() && is_abandoned(&entry.path())? {
            fs::remove_dir_all(entry.path())?;
            tracing::info!("files on their way that a process left behind were deleted");
        }
    }
    Ok(())
}

fn is_abandoned(folder: &Path) -> io::Result<bool> {
    let lock = match File::open(folder.join(LOCK)) {
        Ok(lock) => lock,
        // Killed before it took its lock; whoever is alive has one.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_deleted_and_what_a_living_one_uses_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let living = Scratch::open(parent.path()).unwrap();
        let killed = parent.path().join("process-killed");
        fs::create_dir(&killed).unwrap();
        fs::write(killed.join("face.jpg"), b"a face").unwrap();
        fs::write(killed.join(LOCK), b"").unwrap();
        let strange = parent.path().join("somebody-elses");
        fs::create_dir(&strange).unwrap();

        let next = Scratch::open(parent.path()).unwrap();
        assert!(!killed.exists());
        assert!(strange.exists());
        assert!(living.path().exists());
        let gone = next.path().to_owned();
        drop(next);
        assert!(!gone.exists());
    }
}
