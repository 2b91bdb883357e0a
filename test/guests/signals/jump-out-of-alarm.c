// siglongjmp out of SIGALRM handlers that interrupt a computation, also from a second handler within.
#include <setjmp.h>
#include <sys/time.h>

#include "../guest.h"

static sigjmp_buf back;
static volatile unsigned long turns;

static void onUser(int number unused) { siglongjmp(back, 2); }

static void onAlarm(int number unused) {
  if (turns % 2 == 0) raise(SIGUSR1);
  siglongjmp(back, 1);
}

int main(void) {
  signal(SIGALRM, onAlarm);
  signal(SIGUSR1, onUser);
  volatile int jumps[3] = {0, 0, 0};
  const int how = sigsetjmp(back, 1);
  jumps[how]++;
  if (jumps[1] + jumps[2] < 20) {
    struct itimerval once = {{0, 0}, {0, 3000}};
    setitimer(ITIMER_REAL, &once, 0);
    for (;;) turns++;
  }
  sigset_t mask;
  sigprocmask(SIG_BLOCK, 0, &mask);
  say("jumps %d and %d, turns %lu, blocked %d\n", jumps[1], jumps[2], turns, sigismember(&mask, SIGALRM));
  return 0;
}
