#include "record/tree/outer-signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <span>

#include "record/signal-state/signal-kinds.h"
#include "tracee/abi.h"
#include "tracee/clock.h"

namespace rr {

namespace {

constexpr int kHighest = 64;
// Sent to us by people and supervisors, whatever has been done with them before.
constexpr int kForSupervisors[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
// What this process may raise itself.
constexpr int kOfFaults[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
// Those that the C library keeps to itself (SIGCANCEL and SIGSETXID), until it has a handler for them.
constexpr int kOfLibrary[] = {32, 33};

// One of each signal: a second one before the first was taken is the same one, as with the kernel's own pending set.
struct Slot {
  std::atomic<uint64_t> time = 0;  // 0: none
  std::atomic<pid_t> sender = 0;
  std::atomic<uid_t> user = 0;
};
Slot slots[kHighest + 1];
std::atomic<pid_t> wakeTid = 0;
std::atomic<int> wakeSignal = 0;
static_assert(std::atomic<uint64_t>::is_always_lock_free, "used in a signal handler");
// Of kOfFaults: what was there before.
struct sigaction former[kHighest + 1];

bool isAmong(std::span<const int> numbers, int number) { return std::ranges::find(numbers, number) != numbers.end(); }

void keep(int number, siginfo_t* info, void*) {
  // The terminal's key or its hangup, which the whole process group gets; a limit, which each process has for itself.
  if (info->si_code > 0) return;
  Slot& slot = slots[number];
  if (slot.time != 0) return;
  const int before = errno;
  slot.sender = info->si_pid;
  slot.user = info->si_uid;
  slot.time = monotonicNow();
  syscall(SYS_tgkill, getpid(), wakeTid.load(), wakeSignal.load());
  errno = before;
}

// A fault of this process's own goes to whoever took care of it before (V8 does of those of WebAssembly).
void keepOrPass(int number, siginfo_t* info, void* context) {
  const bool raised = info->si_code > 0;
  if (!raised && info->si_pid != getpid()) return keep(number, info, context);
  const struct sigaction& action = former[number];
  if (action.sa_flags & SA_SIGINFO) return action.sa_sigaction(number, info, context);
  if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) return action.sa_handler(number);
  sigaction(number, &action, nullptr);
  // An instruction raises it again. What was sent waits until this handler is left.
  if (!raised) syscall(SYS_tgkill, getpid(), gettid(), number);
}

// The C library gives no access to its own signals.
void ignoreIfDefault(int number) {
  KernelSignalAction action = {};
  if (syscall(SYS_rt_sigaction, number, nullptr, &action, sizeof action.mask) != 0) return;
  if (action.handler != kDefaultHandler) return;
  action = {};
  action.handler = kIgnoreHandler;
  syscall(SYS_rt_sigaction, number, &action, nullptr, sizeof action.mask);
}

}  // namespace

void OuterSignals::install(int wake) {
  wakeTid = gettid();
  wakeSignal = wake;
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  for (int number = 1; number <= kHighest; number++) {
    if (number == SIGKILL || number == wake || defaultAction(number) != DefaultAction::end) continue;
    if (isAmong(kOfLibrary, number)) {
      ignoreIfDefault(number);
      continue;
    }
    struct sigaction before = {};
    if (sigaction(number, nullptr, &before) != 0) continue;
    const bool fault = isAmong(kOfFaults, number);
    // Node ignores SIGPIPE and SIGXFSZ, and uses SIGPROF for its profiler.
    if (!fault && before.sa_handler != SIG_DFL && !isAmong(kForSupervisors, number)) continue;
    former[number] = before;
    action.sa_sigaction = fault ? keepOrPass : keep;
    sigaction(number, &action, nullptr);
  }
}

std::optional<OuterSignals::Received> OuterSignals::take(uint64_t now, uint64_t age) {
  for (int number = 1; number <= kHighest; number++) {
    Slot& slot = slots[number];
    const uint64_t time = slot.time;
    if (time == 0 || now < time + age) continue;
    const Received received{number, slot.sender, slot.user, time};
    slot.time = 0;
    return received;
  }
  return std::nullopt;
}

}  // namespace rr
