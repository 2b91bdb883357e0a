// Resuming a replay tracee and taking its next stop.
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>

namespace rr {

// How a tracee's program is resumed; the values are ptrace's own. No other way: by these two the kernel makes none of
// its system calls.
enum class Resume : int { kSysemu = 31, kSysemuStep = 32 };

// Whether a wait status is a stop by SIGTRAP, and no event's.
inline bool isTrap(int status) { return status >= 0 && WIFSTOPPED(status) && status >> 8 == SIGTRAP; }

// Whether it is a stop at a system call, which the kernel does not make.
inline bool isCallStop(int status) { return status >= 0 && WIFSTOPPED(status) && status >> 8 == (SIGTRAP | 0x80); }

// Sets `next`, but with orig_rax = -1 (else the kernel would take rax for a result that may want a restart), resumes,
// waits, and fills `found` when the tracee stopped. Returns the wait status of waitpid(2), or -errno:
//   -EINTR   a signal broke the wait and the tracee still runs: go on with `waitForStop`;
//   other    ptrace or waitpid failed on a tracee that is neither gone nor dead.
int resumeToStop(pid_t tid, Resume how, int signal, const user_regs_struct& next, user_regs_struct& found);

// The waiting half of it. A task that was interrupted (PTRACE_EVENT_STOP) has no trap of an int3 before it: it stands
// at that, or elsewhere.
int waitForStop(pid_t tid, user_regs_struct& found);

}  // namespace rr
