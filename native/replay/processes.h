// All processes of one replay, and what the replayer holds for each.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "replay/stub-areas.h"
#include "tracee/break-timer.h"
#include "tracee/tracee.h"

namespace rr {

// Owns the tracees: when it goes, they are killed and reaped. Every call must come from the thread that spawned.
class ReplayProcesses {
 public:
  ReplayProcesses() = default;
  ~ReplayProcesses() { close(); }
  ReplayProcesses(const ReplayProcesses&) = delete;
  ReplayProcesses& operator=(const ReplayProcesses&) = delete;

  // Starts `launcher replay-stub` (launcher/replay-stub.h), attaches, and leaves it stopped, ready for remote calls.
  // Returns its pid; 0 with the reason in `error` when that failed.
  pid_t spawn(const std::string& launcher, std::string& error);

  // A process that a remote clone in `maker` made; `sharesMemory`: with it.
  void add(pid_t tid, pid_t maker, bool sharesMemory);
  // A process that was reaped elsewhere (its wait status said that it ended).
  void forget(pid_t tid);
  // Kills and reaps.
  void end(pid_t tid);
  // Everything.
  void close();

  // Its memory, opened at first use; null with errno set.
  const TraceeMemory* memory(pid_t tid);

  // Where stubs of point searches lie in it.
  StubAreas& stubs(pid_t tid);
  // A call is about to be made in a process for the program: what of ours is in its way goes.
  void beforeCall(pid_t tid, long number, const uint64_t (&arguments)[6]);

  // Why no seccomp filter is around the processes; empty when there is one.
  const std::string& unconfined() const { return unconfined_; }

  // Our end of the socket that hands over descriptors.
  int socket() const { return socket_; }

 private:
  std::unordered_map<pid_t, std::unique_ptr<TraceeMemory>> processes_;
  // By process; those that share memory have one in common.
  std::unordered_map<pid_t, std::shared_ptr<StubAreas>> stubs_;
  std::string unconfined_;
  int socket_ = -1;
  BreakTimer timer_;
};

}  // namespace rr
