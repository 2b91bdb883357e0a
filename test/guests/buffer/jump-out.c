// A handler on an alternate stack of the least size that leaves a loop of buffered calls by siglongjmp.
#include <setjmp.h>
#include <sys/time.h>

#include "../buffered-calls.h"

static sigjmp_buf back;

static void onAlarm(int number, siginfo_t *info, void *context) {
  checkInterrupted(context);
  siglongjmp(back, 1);
}

int main(void) {
  someBufferedCalls();
  stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};
  need(sigaltstack(&stack, 0) == 0);
  struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGALRM, &action, 0);
  struct itimerval once = {{0, 0}, {0, 500}};
  volatile long rounds = 0;
  for (volatile int jumps = 0; jumps < 20; jumps++) {
    if (sigsetjmp(back, 1) == 0) {
      setitimer(ITIMER_REAL, &once, 0);
      for (;;) {
        someBufferedCalls();
        rounds++;
      }
    }
  }
  say("%ld rounds\n", rounds);
  return 0;
}
