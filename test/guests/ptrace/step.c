// A child is taken through its code instruction by instruction.
#include <sys/ptrace.h>
#include <sys/user.h>

#include "../guest.h"

__attribute__((noinline)) static long walked(long from) {
  long sum = from;
  __asm__ volatile(
      "mov $5, %%rcx\n"
      "1: add %%rcx, %0\n"
      "dec %%rcx\n"
      "jnz 1b\n"
      "push %0\n"
      "pop %0\n"
      "mov $39, %%eax\n"
      "syscall\n"
      "nop\n"
      : "+r"(sum)
      :
      : "rcx", "rax", "r11", "memory");
  return sum;
}

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    __asm__ volatile("int3");
    long sum = walked(100);
    __asm__ volatile("int3");
    say("sum %ld\n", sum);
    _exit(2);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  say("stopped by %d\n", WSTOPSIG(status));
  uint64_t hash = 0;
  int steps = 0, calls = 0;
  for (;;) {
    need(ptrace(PTRACE_SINGLESTEP, child, 0, 0) == 0);
    need(waitpid(child, &status, 0) == child);
    if (!WIFSTOPPED(status)) break;
    struct user_regs_struct registers;
    need(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0);
    const long code = ptrace(PTRACE_PEEKTEXT, child, registers.rip - 2, 0);
    calls += (code & 0xffff) == 0x050f;
    if ((code >> 8 & 0xff) == 0xcc) {
      siginfo_t info;
      need(ptrace(PTRACE_GETSIGINFO, child, 0, &info) == 0);
      if (info.si_code > TRAP_HWBKPT) break;
    }
    hash = hash * 31 + (registers.rip - (uint64_t)walked) + registers.rcx % 16;
    steps++;
  }
  say("%s, %d calls\n", steps > 25 && steps < 80 ? "some steps" : "another number of steps", calls);
  ptrace(PTRACE_CONT, child, 0, 0);
  reap("child", child);
  return 0;
}
