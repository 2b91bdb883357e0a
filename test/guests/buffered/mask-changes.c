// The blocked signals change all the time while a timer sends some: each change answers with the mask as it was, and a
// blocked signal does not come.
#include "../once.h"

enum { kSignals = 15, kSoon = 8000 };

static volatile sig_atomic_t ticks;
static volatile int blocked;

static void tick(int number) {
  if (blocked) {
    say("signal %d, although blocked\n", number);
    _exit(1);
  }
  if (++ticks < kSignals) signalOnce(ITIMER_REAL, kSoon);
}

static uint64_t change(int how, uint64_t set) {
  uint64_t old = 0;
  need(syscall(SYS_rt_sigprocmask, poisoned(how), &set, &old, 8L) == 0);
  return old;
}

int main(void) {
  const uint64_t alarmBit = 1UL << (SIGALRM - 1), trapBit = 1UL << (SIGTRAP - 1);
  const uint64_t all = ~0UL, blockable = all & ~(1UL << (SIGKILL - 1) | 1UL << (SIGSTOP - 1));
  struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
  need(sigaction(SIGALRM, &action, 0) == 0);
  signalOnce(ITIMER_REAL, kSoon);
  for (int round = 0; round < 100000 && ticks < kSignals; round++) {
    need(change(SIG_SETMASK, all) == 0);
    blocked = 1;
    need(change(SIG_BLOCK, trapBit) == blockable);
    need(change(SIG_UNBLOCK, trapBit) == blockable);
    need(change(SIG_BLOCK, trapBit) == (blockable & ~trapBit));
    for (int i = 0; i < 10; i++) need(syscall(SYS_getppid) > 0);
    need(change(SIG_UNBLOCK, all & ~alarmBit) == blockable);
    blocked = 0;
    need(change(SIG_SETMASK, 0) == alarmBit);
    need(change(SIG_BLOCK, 0) == 0);
  }
  say("enough signals %d\n", ticks >= kSignals);
  for (int round = 0; round < 4; round++) {
    uint64_t old = 0, none = 0;
    result("bad how", syscall(SYS_rt_sigprocmask, poisoned(9), &none, &old, 8L));
    result("bad size", syscall(SYS_rt_sigprocmask, poisoned(SIG_BLOCK), &none, &old, 4L));
    result("bad set", syscall(SYS_rt_sigprocmask, poisoned(SIG_BLOCK), badAddress(), &old, 8L));
    const uint64_t userBit = 1UL << (SIGUSR1 - 1);
    result("bad old set", syscall(SYS_rt_sigprocmask, poisoned(SIG_BLOCK), &userBit, badAddress(), 8L));
    need(change(SIG_SETMASK, 0) <= userBit);
    result("a question", syscall(SYS_rt_sigprocmask, poisoned(9), 0L, &old, 8L));
    say("  %lx\n", old);
    struct sigaction *before = pageEnd(32);
    result("rt_sigaction", syscall(SYS_rt_sigaction, poisoned(SIGALRM), 0L, before, 8L));
    say("  caught %d\n", before->sa_handler == tick);
    // One that waits comes with the call that lets it.
    ticks = kSignals;
    change(SIG_BLOCK, alarmBit);
    need(kill(getpid(), SIGALRM) == 0);
    need(ticks == kSignals);
    change(SIG_UNBLOCK, alarmBit);
    say("came %d\n", ticks - kSignals);
  }
  return 0;
}
