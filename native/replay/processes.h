// All processes of one replay, and what the replayer holds for each.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "replay/break-timer.h"
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

  // A process that a remote clone made.
  void add(pid_t tid);
  // A process that was reaped elsewhere (its wait status said that it ended).
  void forget(pid_t tid);
  // Kills and reaps.
  void end(pid_t tid);
  // Everything.
  void close();

  // Its memory, opened at first use; null with errno set.
  const TraceeMemory* memory(pid_t tid);

  // Our end of the socket that hands over descriptors.
  int socket() const { return socket_; }

 private:
  std::unordered_map<pid_t, std::unique_ptr<TraceeMemory>> processes_;
  int socket_ = -1;
  BreakTimer timer_;
};

}  // namespace rr
