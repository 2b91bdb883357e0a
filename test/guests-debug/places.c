// Instructions at labels, each passed many times between two events: a function, a string instruction, a system call.
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

enum { kRounds = 60, kBytes = 24 };

static char from[kBytes], into[kBytes];
volatile long sum;

__attribute__((noinline)) void step_in(long round) { sum += round * round; }

static void copy(void) {
  void *to = into;
  const void *source = from;
  unsigned long left = kBytes;
  __asm__ volatile(
      ".globl copy_here\n"
      "copy_here: rep movsb\n"
      ".globl behind_copy\n"
      "behind_copy: nop\n"
      : "+D"(to), "+S"(source), "+c"(left)
      :
      : "memory");
}

static long call(void) {
  long result = SYS_getppid;
  __asm__ volatile(
      ".globl call_here\n"
      "call_here: syscall\n"
      ".globl behind_call\n"
      "behind_call: cmp $-4095, %%rax\n"
      : "+a"(result)
      :
      : "rcx", "r11", "memory", "cc");
  return result;
}

int main(void) {
  for (long round = 0; round < kRounds; round++) {
    memset(from, (int)round, sizeof from);
    step_in(round);
    copy();
    sum += call() != 0;
    step_in(round + 1);
    if (round % 20 == 19) {
      printf("%ld %d\n", sum, into[3]);
      fflush(stdout);
    }
  }
  return 0;
}
