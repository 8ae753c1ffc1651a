use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// The sole use of a data directory. The system gives it back when this program ends, however it ends.
#[derive(Debug)]
#[must_use]
pub struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl Lock {
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
