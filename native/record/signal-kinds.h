// What signals are to the recorder: its own, and those that act by default.
#pragma once

#include <signal.h>

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

// Whether the recorder has sent the signal, to ask for a signal-delivery stop (signal-delivery.cc).
bool isOwnSignal(const siginfo_t& info);

// The same of one that it has sent as `signal`. Where the user may queue no signals (RLIMIT_SIGPENDING) the kernel
// delivers it without its information (collect_signal() in the kernel).
inline bool isOwn(const siginfo_t& info, int signal) {
  if (isOwnSignal(info)) return true;
  return info.si_signo == signal && info.si_code == SI_USER && info.si_pid == 0;
}

}  // namespace rr
