// System calls that the tracer makes in a replay tracee, through the page of ours (tracee/tracee.h).
//
// They leave the tracee's registers as they happen to be: in a replay every resume sets all of them anyway, so nothing
// is saved or restored. That, and running into the int3 behind the call instead of single-stepping, makes them one
// stop each, also from a PTRACE_SYSEMU stop, where a single step would stop twice.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "tracee/runtime-image.h"
#include "tracee/tracee.h"

namespace rr {

// The kernel's result, -errno on failure. -ESRCH also means that the tracee has died.
long remoteCall(pid_t tid, long number, const uint64_t (&arguments)[6]);

// clone(flags) in the tracee, which the kernel attaches to the tracer (PTRACE_O_TRACECLONE). Returns the new process,
// stopped before its first instruction, or -errno. It has the caller's stack pointer: give it registers.
pid_t remoteClone(pid_t tid, uint64_t flags);

// Hands a descriptor of ours to the tracee (SCM_RIGHTS, unix(7)) through `socket`, our end of the pair whose other end
// is the tracees' descriptor replaySocketNumber(). Returns the descriptor's number there, or -errno (EMFILE: no number
// left; EBADMSG: the tracee did not get it).
int sendDescriptor(pid_t tid, const TraceeMemory& memory, int socket, int descriptor);

// Maps the in-tracee runtime in its replaying form (docs/syscall-buffer.md). 0, or -errno.
int installRuntime(pid_t tid, const TraceeMemory& memory, const RuntimeImage& image);

}  // namespace rr
