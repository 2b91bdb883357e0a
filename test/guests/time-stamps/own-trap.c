// A program that has rdtsc trap itself (PR_SET_TSC), after it has been executed often, and then no more.
#include <setjmp.h>

#include "../buffered-calls.h"
#include "counter.h"

static sigjmp_buf back;
static volatile uint64_t trappedAt;

static void onTrap(int number, siginfo_t *info, void *context) {
  checkInterrupted(context);
  trappedAt = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
  siglongjmp(back, 1);
}

static bool isRdtsc(uint64_t (*function)(void), uint64_t address) {
  return address >= (uint64_t)function && address < (uint64_t)function + 32;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, 0);
  makeHot();
  for (int round = 0; round < 3; round++) {
    const uint64_t before = readHot();
    need(prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0);
    if (sigsetjmp(back, 1) == 0) say("not trapped: %d\n", readHot() != 0);
    need(prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0) == 0);
    say("trapped at the instruction: %d\n", isRdtsc(readHot, trappedAt));
    say("and goes on: %d\n", readHot() > before);
  }
  return 0;
}
