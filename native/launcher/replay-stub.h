// The replay stub: the process that every replay tracee descends from. It executes nothing of the user's.
#pragma once

#include <sys/resource.h>

// `rr-launch replay-stub SOCKET`, with SOCKET the number of an inherited Unix socket (SOCK_SEQPACKET).
//
// Prepares the process once, because no exec follows that would undo it: two pages of ours at their fixed addresses
// (native/tracee/tracee.h), rdtsc that faults, all limits raised, a session of its own, no descriptor but the socket,
// moved to replaySocketNumber(), and all signals blocked. Then waits for one byte on the socket, which the tracer sends
// when it has attached, walls itself in (replay-filter.h), and hands over with int3. Where the filter is refused it
// sends why before that, and goes on. The tracer throws the rest of the address space away.
//
// Does not return but by an error: 1, with a line on standard error.
int runReplayStub(int argc, char **argv);

// Where the tracees keep the socket; high, so that the descriptors they receive start at 0.
// With few descriptors allowed (the hard limit, to which the stub raises the soft one), it is the last.
static inline int replaySocketNumber(void) {
  enum { kUsual = 900 };
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max > kUsual) return kUsual;
  return (int)files.rlim_max - 1;
}
