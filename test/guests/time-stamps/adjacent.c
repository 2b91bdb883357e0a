// rdtsc beside rdtsc, and a system call beside a system call, executed often: the jump that replaces one would borrow
// the bytes of the next.
#include "../guest.h"

enum { rounds = 3000 };

static unsigned long stamps(void) {
  unsigned long low, high;
  __asm__ volatile(
      "rdtsc\n rdtsc\n rdtsc\n rdtsc\n nop\n rdtsc\n nop\n nop\n rdtsc\n rdtscp\n rdtsc\n rdtscp\n rdtscp\n rdtsc\n"
      : "=a"(low), "=d"(high)
      :
      : "rcx");
  return high << 32 | low;
}

// umask gives the mask before: the number of getpid, which comes next.
static long calls(void) {
  long result = SYS_umask;
  __asm__ volatile(
      "syscall\n syscall\n nop\n mov %%edx, %%eax\n syscall\n nop\n mov %%edx, %%eax\n syscall\n"
      "mov %%esi, %%eax\n syscall\n syscall\n"
      : "+a"(result)
      : "D"(SYS_getpid), "d"(SYS_getppid), "S"(SYS_umask)
      : "rcx", "r11", "memory");
  return result;
}

int main(void) {
  unsigned long last = 0;
  for (int i = 0; i < rounds; i++) {
    const unsigned long now = stamps();
    need(now > last);
    last = now;
  }
  umask(SYS_getpid);
  for (int i = 0; i < rounds; i++) need(calls() == getpid());
  say("done\n");
  return 0;
}
