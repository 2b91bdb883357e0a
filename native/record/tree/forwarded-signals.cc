#include "record/tree/forwarded-signals.h"

#include <signal.h>
#include <unistd.h>

#include "record/tree/task-state.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// How long a signal sent to us waits for the same one to reach the program by itself. Nanoseconds.
constexpr uint64_t kForwardAfter = 30'000'000;
// The same signal from the same sender within this is one sending, to both. Nanoseconds.
constexpr uint64_t kSameSending = 1'000'000'000;

}  // namespace

void ForwardedSignals::forward(uint64_t now) {
  while (const auto received = outer_.take(now, kForwardAfter)) {
    if (tree_.initial().goneAt) {
      // Nobody to send it to: it means what still runs.
      if (options_.waitForAll) tracer_.terminate();
      continue;
    }
    Sending& sending = sendings_[received->number];
    const uint64_t distance =
        sending.time > received->time ? sending.time - received->time : received->time - sending.time;
    if (sending.sender == received->sender && distance < kSameSending) continue;
    // Real-time signals wait as often as they are sent: it has come, and the program blocks it.
    const SignalSets sets = readSignalSets(tree_.initial().tid);
    if (received->number >= SIGRTMIN && contains(sets.pending | sets.sharedPending, received->number)) continue;
    sending.forwarded = received;
    if (received->number != SIGUSR1 && received->number != SIGUSR2) endAskedAt_ = now;
    kill(tree_.initial().tid, received->number);
  }
}

void ForwardedSignals::noteSender(siginfo_t& info) {
  if (info.si_code != SI_USER) return;
  Sending& sending = sendings_[info.si_signo];
  if (info.si_pid != getpid()) {
    sending.sender = info.si_pid;
    sending.time = monotonicNow();
  } else if (sending.forwarded) {
    info.si_pid = sending.forwarded->sender;
    info.si_uid = sending.forwarded->user;
    sending.forwarded.reset();
  }
}

}  // namespace rr
