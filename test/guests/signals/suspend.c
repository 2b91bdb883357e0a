// sigsuspend and pselect-like waiting: the mask during, the mask after.
#include "../guest.h"

static volatile int seen;

static void onSignal(int number) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, 0, &mask);
  say("in the handler: USR1 blocked %d, USR2 blocked %d\n", sigismember(&mask, SIGUSR1), sigismember(&mask, SIGUSR2));
  seen++;
}

int main(void) {
  struct sigaction action = {.sa_handler = onSignal};
  sigaction(SIGUSR1, &action, 0);
  sigset_t *block = pageEnd(8), *wait = pageEnd(8);
  sigset_t full;
  sigemptyset(&full);
  sigaddset(&full, SIGUSR1);
  memcpy(block, &full, 8);
  result("block", syscall(SYS_rt_sigprocmask, poisoned(SIG_BLOCK), block, 0L, 8L));
  raise(SIGUSR1);
  say("pending, not handled %d\n", seen);
  sigemptyset(&full);
  sigaddset(&full, SIGUSR2);
  memcpy(wait, &full, 8);
  result("sigsuspend with one pending", syscall(SYS_rt_sigsuspend, wait, 8L));
  say("seen %d\n", seen);
  int ends[2];
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    kill(getppid(), SIGUSR1);
    _exit(0);
  }
  result("sigsuspend waiting", syscall(SYS_rt_sigsuspend, wait, 8L));
  reap("child", child);
  sigset_t mask;
  sigprocmask(SIG_BLOCK, 0, &mask);
  say("after: USR1 blocked %d, USR2 blocked %d\n", sigismember(&mask, SIGUSR1), sigismember(&mask, SIGUSR2));
  result("bad address", syscall(SYS_rt_sigsuspend, badAddress(), 8L));
  result("bad size", syscall(SYS_rt_sigsuspend, wait, 16L));
  return 0;
}
