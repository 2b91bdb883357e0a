// A sleep that a child's signal interrupts: EINTR and the rest of the time; and one that goes on after a stop.
#include <time.h>

#include "../guest.h"

static void onSignal(int number) {}

static const struct timespec soon = {0, 30000000};

// Sends a signal again and again, so that one of them meets the sleep; until it is killed.
static pid_t signalOften(int number) {
  pid_t child = fork();
  if (child == 0) dieWithParent();
  while (child == 0) {
    nanosleep(&soon, 0);
    kill(getppid(), number);
  }
  return child;
}

static pid_t signalTwice(int first, int second) {
  pid_t child = fork();
  if (child == 0) {
    nanosleep(&soon, 0);
    kill(getppid(), first);
    nanosleep(&soon, 0);
    kill(getppid(), second);
    _exit(0);
  }
  return child;
}

static void end(pid_t child) {
  kill(child, SIGKILL);
  reap("child", child);
}

int main(void) {
  struct sigaction action = {.sa_handler = onSignal, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, 0);
  struct timespec wait = {5, 0}, *left = pageEnd(sizeof *left);
  pid_t child = signalOften(SIGUSR1);
  result("nanosleep", syscall(SYS_nanosleep, &wait, left));
  say("  left: less than 5 seconds %d\n", left->tv_sec < 5 && left->tv_sec + left->tv_nsec > 0);
  end(child);
  child = signalOften(SIGUSR1);
  result("clock_nanosleep", clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, left));
  say("  left: less than 5 seconds %d\n", left->tv_sec < 5 && left->tv_sec + left->tv_nsec > 0);
  end(child);
  child = signalOften(SIGUSR1);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 5;
  result("clock_nanosleep absolute", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, left));
  end(child);
  // Stopped and continued: no handler, so the call is restarted for what is left, by restart_syscall.
  wait = (struct timespec){0, 150000000};
  child = signalTwice(SIGSTOP, SIGCONT);
  result("nanosleep over a stop", syscall(SYS_nanosleep, &wait, left));
  reap("child", child);
  // A signal that is ignored does not end it.
  signal(SIGUSR2, SIG_IGN);
  wait.tv_nsec = 100000000;
  child = signalTwice(SIGUSR2, SIGUSR2);
  result("nanosleep with an ignored signal", syscall(SYS_nanosleep, &wait, left));
  reap("child", child);
  return 0;
}
