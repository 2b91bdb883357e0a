// Signals in mid-code for a process in a pid namespace of its own, which knows no sender outside it.
#include <sched.h>
#include <sys/time.h>

#include "../guest.h"

static volatile int hits;

static void onAlarm(int number unused, siginfo_t *info, void *context unused) {
  if (info->si_code != SI_KERNEL) say("code %d\n", info->si_code);
  hits++;
}

int main(void) {
  if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return result("unshare", -1) != 0;
  pid_t child = fork();
  if (child == 0) {
    struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = {{0, 3000}, {0, 3000}}, off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &timer, 0);
    while (hits < 5) {
    }
    setitimer(ITIMER_REAL, &off, 0);
    say("process %d\n", getpid());
    _exit(3);
  }
  int status;
  waitpid(child, &status, 0);
  say("ended with %x\n", status);
  return 0;
}
