// What signals are to the recorder: its own, and those that act by default.
#pragma once

#include <signal.h>
#include <sys/wait.h>

namespace rr {

enum class DefaultAction { ignore, stop, end };

// signal(7), "Standard signals".
inline DefaultAction defaultAction(int signal) {
  switch (signal) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
      return DefaultAction::ignore;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return DefaultAction::stop;
    default:
      return DefaultAction::end;
  }
}

// Whether an event stop (isEventStop()) is its group's: else the tracer has interrupted the task.
inline bool isGroupStop(int status) { return defaultAction(WSTOPSIG(status)) == DefaultAction::stop; }

// Whether the recorder has sent the signal, to ask for a signal-delivery stop (signal-delivery.cc).
bool isOwnSignal(const siginfo_t& info);

// A signal's bit in a set of signals.
inline uint64_t signalBit(int signal) { return 1ULL << (signal - 1); }

// The same of one of `signals`, bits of signalBit(), which it has sent. Where the user may queue no signals
// (RLIMIT_SIGPENDING) the kernel delivers it without its information (collect_signal() in the kernel).
inline bool isOwn(const siginfo_t& info, uint64_t signals) {
  if (isOwnSignal(info)) return true;
  return (signals & signalBit(info.si_signo)) != 0 && info.si_code == SI_USER && info.si_pid == 0;
}

}  // namespace rr
