// A segment base above the addresses of programs, which no tracer may set: calls, signals, time stamps and faults with
// it.
#include <immintrin.h>
#include <sys/auxv.h>

#include "../guest.h"

static const unsigned long high = 0xffffffffffff0000;

__attribute__((target("fsgsbase"))) static void setBase(unsigned long base) { _writegsbase_u64(base); }
__attribute__((target("fsgsbase"))) static unsigned long baseNow(void) { return _readgsbase_u64(); }

static void onSignal(int number) { say("SIG%s, base as it was: %d\n", sigabbrev_np(number), baseNow() == high); }

int main(void) {
  // HWCAP2_FSGSBASE (asm/hwcap2.h).
  if (!(getauxval(AT_HWCAP2) & 2)) {
    say("not offered\n");
    return 0;
  }
  signal(SIGUSR1, onSignal);
  signal(SIGTRAP, onSignal);
  setBase(high);
  say("set: %d\n", baseNow() == high);
  for (int i = 0; i < 10; i++) need(getppid() > 0);
  raise(SIGUSR1);
  __asm__ volatile("int3");
  unsigned long before = __builtin_ia32_rdtsc();
  say("time goes on: %d\n", __builtin_ia32_rdtsc() >= before);
  pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    say("child's: %d\n", baseNow() == high);
    _exit(3);
  }
  reap("child", child);
  say("still: %d\n", baseNow() == high);
  setBase(0);
  say("back: %d\n", baseNow() == 0);
  return 0;
}
