// A handler unwinds the stack at each instruction of a function that reads the clock, as a profiler's does by chance.
#include <time.h>
#include <ucontext.h>
#include <unwind.h>

#include "../guest.h"

static void *caller, *outermost;
static int reachedCaller, reachedOutermost, steps, lost, tooDeep;

static _Unwind_Reason_Code frame(struct _Unwind_Context *context, void *depth) {
  ++*(int *)depth;
  void *function = _Unwind_FindEnclosingFunction((void *)_Unwind_GetIP(context));
  if (function == caller) reachedCaller = 1;
  if (function == outermost) reachedOutermost = 1;
  return *(int *)depth < 20 ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

static void onTrap(int number, siginfo_t *info, void *context) {
  int depth = 0;
  void *interrupted = (void *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
  if (_Unwind_FindEnclosingFunction(interrupted) == caller) return;  // its table knows nothing of pushf and popf
  steps++;
  reachedCaller = reachedOutermost = 0;
  _Unwind_Backtrace(frame, &depth);
  if (!reachedCaller || !reachedOutermost) lost++;
  if (depth >= 20) tooDeep++;
}

static __attribute__((noinline)) void stepped(int (*function)(clockid_t, struct timespec *), clockid_t clock) {
  struct timespec time;
  steps = lost = tooDeep = 0;
  __asm__ volatile("pushf; orl $0x100, (%%rsp); popf" ::: "memory", "cc");
  int got = function(clock, &time);
  __asm__ volatile("pushf; andl $~0x100, (%%rsp); popf" ::: "memory", "cc");
  say("result %d, stepped: %d, lost: %d, too deep: %d\n", got, steps > 3, lost, tooDeep);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, 0);
  caller = _Unwind_FindEnclosingFunction((char *)stepped + 1);
  outermost = _Unwind_FindEnclosingFunction((char *)main + 1);
  stepped(clock_gettime, CLOCK_MONOTONIC);
  stepped(clock_gettime, CLOCK_THREAD_CPUTIME_ID);
  stepped(clock_getres, CLOCK_REALTIME);
  return 0;
}
