// Signals with a handler: two that the program sends to itself, one that an instruction raises.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

static volatile int received;
static sigjmp_buf back;

static void onUser(int signal) { received += signal; }

static void onFault(int signal, siginfo_t *info, void *context) {
  received += signal;
  siglongjmp(back, 1);
}

int main(void) {
  signal(SIGUSR1, onUser);
  struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  raise(SIGUSR1);
  raise(SIGUSR1);
  volatile int *nowhere = (int *)0x1234;
  if (sigsetjmp(back, 1) == 0) *nowhere = 5;  // raises SIGSEGV
  printf("received %d\n", received);
  return 0;
}
