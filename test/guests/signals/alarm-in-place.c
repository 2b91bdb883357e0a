// Signals into a loop of three instructions, which shows its progress in one word of memory and in no register: each
// finds the registers as the handler before has left them.
#include "../once.h"

enum { kSignals = 30, kSoon = 2500 };

static volatile uint64_t counter;
static volatile int hits;
static uint64_t seen;

static void onAlarm(int number, siginfo_t *info, void *context) {
  seen = seen * 31 + counter;
  if (++hits < kSignals) signalOnce(ITIMER_REAL, kSoon);
  if (hits == kSignals) ((ucontext_t *)context)->uc_mcontext.gregs[REG_RBX] = 0;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, 0);
  long one = 1;
  signalOnce(ITIMER_REAL, kSoon);
  __asm__ volatile("1: incq %0; test %%rbx, %%rbx; jnz 1b" : "+m"(counter), "+b"(one) : : "cc", "memory");
  say("hits %d, counted %d, seen %lu\n", hits, counter > 1000, seen);
  return 0;
}
