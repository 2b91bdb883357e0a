// SIGTRAP ignored, then blocked, by a program that is interrupted in its buffered calls; it stays so.
#include "../buffered-calls.h"
#include "../once.h"

enum { kSignals = 8, kSoon = 500 };

static volatile int handled;

static void onAlarm(int number, siginfo_t *info, void *context) {
  checkInterrupted(context);
  if (++handled < kSignals) signalOnce(ITIMER_REAL, kSoon);
}

static void onTrap(int number) { say("SIGTRAP\n"); }

static void interrupted(void) {
  struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, 0);
  handled = 0;
  signalOnce(ITIMER_REAL, kSoon);
  volatile unsigned long sum = 0;
  while (handled < kSignals) {
    someBufferedCalls();
    for (int i = 0; i < 1000; i++) sum += i;
  }
}

int main(void) {
  someBufferedCalls();
  struct sigaction ignored = {.sa_handler = SIG_IGN, .sa_flags = SA_NODEFER | SA_RESTART}, now;
  sigaddset(&ignored.sa_mask, SIGUSR2);
  sigaction(SIGTRAP, &ignored, 0);
  interrupted();
  sigaction(SIGTRAP, 0, &now);
  say("%s, flags %x, mask %d\n", now.sa_handler == SIG_IGN ? "ignored" : "changed", now.sa_flags & ~0x4000000,
      sigismember(&now.sa_mask, SIGUSR2));
  raise(SIGTRAP);
  signal(SIGTRAP, onTrap);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTRAP);
  sigprocmask(SIG_BLOCK, &set, 0);
  interrupted();
  sigaction(SIGTRAP, 0, &now);
  say("%s\n", now.sa_handler == onTrap ? "handled" : "changed");
  sigprocmask(SIG_SETMASK, 0, &set);
  say("%s\n", sigismember(&set, SIGTRAP) ? "blocked" : "open");
  raise(SIGTRAP);
  say("unblocked:\n");
  sigemptyset(&set);
  sigprocmask(SIG_SETMASK, &set, 0);
  __asm__ volatile("int3");
  return 0;
}
