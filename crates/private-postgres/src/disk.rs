use std::path::Path;

use crate::Error;

/// A new cluster takes 40 MiB, its write-ahead log up to 64 MiB more; the rest is air to breathe.
const NEEDED_MIB: u64 = 200;

/// Refuses to start on a disk that is nearly full: a server that runs out of space half-way panics.
pub(crate) fn require_space(directory: &Path) -> Result<(), Error> {
    let disk = nix::sys::statvfs::statvfs(directory).map_err(|errno| Error::file(directory)(errno.into()))?;
    let free_mib = disk.blocks_available() * disk.fragment_size() / (1 << 20);
    if free_mib < NEEDED_MIB {
        return Err(Error::DiskFull { directory: directory.to_owned(), free_mib, needed_mib: NEEDED_MIB });
    }
    Ok(())
}
