//! The heaps that the C library's allocator keeps apart for threads.
#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(
        unsafe_code,
        reason = "the allocator is told by a call of the C library"
    )
)]

/// Keeps one heap a core, rather than eight: each keeps for itself what its threads have freed, and with one network after
/// another on threads that come and go that is many times what is in use. To be called before there are threads.
pub fn few() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let heaps = i32::try_from(cores).unwrap_or(i32::MAX);
        // SAFETY: the call takes two numbers, and no heap has been made yet that it could be about.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) };
    }
}
