// setitimer, getitimer, alarm: signals that arrive while a system call waits.
#include <sys/time.h>

#include "../guest.h"

static volatile int rings;

static void onAlarm(int number) { rings++; }

int main(void) {
  struct sigaction action = {.sa_handler = onAlarm};
  sigaction(SIGALRM, &action, 0);
  struct itimerval timer = {{0, 10000}, {0, 20000}}, *old = pageEnd(sizeof *old);
  result("setitimer", syscall(SYS_setitimer, poisoned(ITIMER_REAL), pageEndCopy(&timer, sizeof timer), old));
  say("  old %ld %ld\n", old->it_value.tv_sec, old->it_value.tv_usec);
  // Blocked but in sigsuspend, so that a ring is lost nowhere else.
  sigset_t ringing, none;
  sigemptyset(&none);
  sigemptyset(&ringing);
  sigaddset(&ringing, SIGALRM);
  sigprocmask(SIG_BLOCK, &ringing, 0);
  while (rings < 5) result("sigsuspend", sigsuspend(&none));
  result("getitimer", syscall(SYS_getitimer, poisoned(ITIMER_REAL), old));
  say("  interval %ld, at most that left %d\n", old->it_interval.tv_usec,
      old->it_value.tv_sec == 0 && old->it_value.tv_usec <= 10000);
  memset(&timer, 0, sizeof timer);
  result("stop", syscall(SYS_setitimer, poisoned(ITIMER_REAL), &timer, old));
  result("getitimer virtual", syscall(SYS_getitimer, poisoned(ITIMER_VIRTUAL), old));
  result("unknown timer", syscall(SYS_getitimer, poisoned(9), old));
  result("bad address", syscall(SYS_getitimer, poisoned(ITIMER_REAL), badAddress()));
  result("alarm", syscall(SYS_alarm, poisoned(100)));
  result("alarm off, was", syscall(SYS_alarm, poisoned(0)));
  int ends[2];
  need(pipe(ends) == 0);
  sigprocmask(SIG_UNBLOCK, &ringing, 0);
  timer.it_value.tv_usec = timer.it_interval.tv_usec = 20000;
  setitimer(ITIMER_REAL, &timer, 0);
  char byte;
  result("read, interrupted", read(ends[0], &byte, 1));
  return 0;
}
