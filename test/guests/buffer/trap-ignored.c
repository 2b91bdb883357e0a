// SIGTRAP ignored, then blocked, by a program that is interrupted in its buffered calls; it stays so.
#include <sys/time.h>

#include "../buffered-calls.h"

static volatile int handled;

static void onAlarm(int number, siginfo_t *info, void *context) {
  checkInterrupted(context);
  handled++;
}

static void onTrap(int number) { say("SIGTRAP\n"); }

static void interrupted(int times) {
  struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, 0);
  struct itimerval period = {{0, 500}, {0, 500}};
  handled = 0;
  setitimer(ITIMER_REAL, &period, 0);
  volatile unsigned long sum = 0;
  while (handled < times) {
    someBufferedCalls();
    for (int i = 0; i < 1000; i++) sum += i;
  }
  memset(&period, 0, sizeof period);
  setitimer(ITIMER_REAL, &period, 0);
}

int main(void) {
  someBufferedCalls();
  struct sigaction ignored = {.sa_handler = SIG_IGN, .sa_flags = SA_NODEFER | SA_RESTART}, now;
  sigaddset(&ignored.sa_mask, SIGUSR2);
  sigaction(SIGTRAP, &ignored, 0);
  interrupted(8);
  sigaction(SIGTRAP, 0, &now);
  say("%s, flags %x, mask %d\n", now.sa_handler == SIG_IGN ? "ignored" : "changed", now.sa_flags & ~0x4000000,
      sigismember(&now.sa_mask, SIGUSR2));
  raise(SIGTRAP);
  signal(SIGTRAP, onTrap);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTRAP);
  sigprocmask(SIG_BLOCK, &set, 0);
  interrupted(8);
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
