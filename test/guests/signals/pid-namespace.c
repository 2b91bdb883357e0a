// Signals in mid-code for a process in a pid namespace of its own, which knows no sender outside it.
#include <sched.h>

#include "../once.h"

enum { kSignals = 5, kSoon = 3000 };

static volatile int hits;

static void onAlarm(int number unused, siginfo_t *info, void *context unused) {
  if (info->si_code != SI_KERNEL) say("code %d\n", info->si_code);
  if (++hits < kSignals) signalOnce(ITIMER_REAL, kSoon);
}

int main(void) {
  if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return result("unshare", -1) != 0;
  pid_t child = fork();
  if (child == 0) {
    struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO};
    sigaction(SIGALRM, &action, NULL);
    signalOnce(ITIMER_REAL, kSoon);
    while (hits < kSignals) {
    }
    say("process %d\n", getpid());
    _exit(3);
  }
  int status;
  waitpid(child, &status, 0);
  say("ended with %x\n", status);
  return 0;
}
