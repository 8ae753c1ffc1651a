//! The allocator of every process of LOL.JOA.

use mimalloc::MiMalloc;

/// A request allocates some hundred times on one worker thread and frees on another, which costs glibc's allocator a fifth
/// of the gateway's time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Takes huge pages from this process, and from those that it starts: it then has the memory that it touches, and no more.
///
/// A connection's buffers are touched at their beginning only. With huge pages, which the allocator asks for, all of them count:
/// 30 KiB for an idle connection of the gateway and not 18. A bet costs no more without.
pub(crate) fn without_huge_pages() {
    #[cfg(target_os = "linux")]
    {
        // Where that is not allowed, memory is all that is lost.
        let _ = nix::sys::prctl::set_thp_disable(true);
    }
}
