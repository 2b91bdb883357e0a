// The wall around the processes of a replay: the seccomp filter that all of them have, from before the first event on.
#pragma once

// A replayed program reaches the kernel by no call of its own, since the tracer resumes it by PTRACE_SYSEMU alone. The
// filter is for the case that something has been overlooked: it passes what the tracer's own calls from our page ask
// for (native/replay/remote-call.h), and what the kernel itself makes of a jump to the vsyscall page; any other call
// kills the process by SIGSYS. docs/events.md, "What a replay's processes may ask of the kernel", is the list.
//
// `socketNumber` is the only descriptor that may be received from. Sets no_new_privs. 0, or -1 with errno; the caller
// makes no system call afterwards.
int installReplayFilter(int socketNumber);
