//! The system calls that decoding needs, and what answers every other.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

/// Calls that are answered whatever is asked of them. Each works on memory, on descriptors that the process holds already, on
/// its own threads, or tells it the time.
const ALLOWED: &[c_long] = &[
    // What it was handed: a file to read, a channel to answer on.
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_readv,
    libc::SYS_lseek,
    libc::SYS_recvmsg,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    // Memory.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_brk,
    libc::SYS_madvise,
    // Threads.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Time and chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
];

/// Calls that only somebody makes who has taken the decoder over: whoever makes them is killed on the spot.
const DEADLY: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_bpf,
    libc::SYS_io_uring_setup,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_keyctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

/// The width of an address or of a C `long`, of which the kernel reads everything.
const LONG: SeccompCmpArgLen = SeccompCmpArgLen::Qword;
/// The width of a C `int`: the rest of the register is nobody's.
const INT: SeccompCmpArgLen = SeccompCmpArgLen::Dword;

/// Restricts this process, which has one thread, to the list. A call that is neither on it nor deadly answers that it is not
/// permitted, so that a library which looks for a file that it can do without goes on.
pub(super) fn restrict() -> Result<(), Error> {
    for filter in [deadly()?, unknown_clone()?, allowed()?] {
        apply_filter(&filter)?;
    }
    Ok(())
}

fn deadly() -> Result<BpfProgram, Error> {
    let rules = DEADLY.iter().map(|call| (*call, Vec::new())).collect();
    compiled(rules, SeccompAction::Allow, SeccompAction::KillProcess)
}

/// `clone3` hides what is asked behind an address, where no filter sees it: the C library is told that there is none, and
/// takes `clone`.
fn unknown_clone() -> Result<BpfProgram, Error> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let none = SeccompAction::Errno(libc::ENOSYS as u32);
    compiled(rules, SeccompAction::Allow, none)
}

fn allowed() -> Result<BpfProgram, Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_clone3, Vec::new());
    // A thread of this process, and no process of its own.
    let thread = libc::CLONE_THREAD as u64;
    rules.insert(libc::SYS_clone, when(0, masked(thread), LONG, thread)?);
    // Memory that holds no code.
    let code = libc::PROT_EXEC as u64;
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, when(2, masked(code), LONG, 0)?);
    }
    // A copy of a descriptor, and what it asks of it before it lets go.
    let mut copies = when(1, SeccompCmpOp::Eq, INT, libc::F_DUPFD_CLOEXEC as u64)?;
    copies.extend(when(1, SeccompCmpOp::Eq, INT, libc::F_GETFD as u64)?);
    rules.insert(libc::SYS_fcntl, copies);
    // A signal to itself, as `abort` sends it.
    let me = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, when(0, SeccompCmpOp::Eq, INT, me)?);
    // Words to whom it is connected with, and no other address.
    for call in [libc::SYS_sendto, libc::SYS_recvfrom] {
        rules.insert(call, when(4, SeccompCmpOp::Eq, LONG, 0)?);
    }
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    compiled(rules, denied, SeccompAction::Allow)
}

fn masked(mask: u64) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(mask)
}

/// The rule that one argument of a call must meet.
fn when(
    argument: u8,
    how: SeccompCmpOp,
    width: SeccompCmpArgLen,
    value: u64,
) -> Result<Vec<SeccompRule>, Error> {
    let condition = SeccompCondition::new(argument, width, how, value)?;
    Ok(vec![SeccompRule::new(vec![condition])?])
}

fn compiled(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    listed: SeccompAction,
) -> Result<BpfProgram, Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, otherwise, listed, arch)?.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_both_allowed_and_deadly() {
        assert!(ALLOWED.iter().all(|call| !DEADLY.contains(call)));
    }

    #[test]
    fn every_filter_can_be_written() {
        for filter in [deadly(), unknown_clone(), allowed()] {
            assert!(!filter.unwrap().is_empty());
        }
    }
}
