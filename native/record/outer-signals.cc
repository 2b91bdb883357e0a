#include "record/outer-signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace rr {

namespace {

constexpr int kForwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
constexpr int kHighest = SIGTERM;

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

void keep(int number, siginfo_t* info, void*) {
  // SI_KERNEL: the terminal's key or its hangup, which the whole process group gets.
  if (info->si_code == SI_KERNEL) return;
  Slot& slot = slots[number];
  if (slot.time != 0) return;
  const int before = errno;
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  slot.sender = info->si_pid;
  slot.user = info->si_uid;
  slot.time = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(now.tv_nsec);
  syscall(SYS_tgkill, getpid(), wakeTid.load(), wakeSignal.load());
  errno = before;
}

}  // namespace

void OuterSignals::install(int wake) {
  wakeTid = gettid();
  wakeSignal = wake;
  struct sigaction action = {};
  action.sa_sigaction = keep;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  for (const int number : kForwarded) sigaction(number, &action, nullptr);
}

std::optional<OuterSignals::Received> OuterSignals::take(uint64_t now, uint64_t age) {
  for (const int number : kForwarded) {
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
