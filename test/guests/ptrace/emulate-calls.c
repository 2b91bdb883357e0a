// PTRACE_SYSEMU and PTRACE_SYSEMU_SINGLESTEP: the tracer makes its tracee's calls, in the kernel's place.
#include <sys/ptrace.h>
#include <sys/user.h>

#include "../guest.h"

__attribute__((noinline)) static long call(long number, long first) {
  long value;
  __asm__ volatile("syscall" : "=a"(value) : "0"(number), "D"(first) : "rcx", "r11", "memory");
  return value;
}

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    __asm__ volatile("int3");
    long one = call(1000, 1);
    long two = call(SYS_getppid, 2);
    long three = call(SYS_exit_group, 3);
    long four = call(1001, 4);
    say("%ld %ld %ld %ld\n", one, two, three, four);
    _exit(call(SYS_getpid, 0) == getpid() ? 6 : 7);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  need(ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD) == 0);
  struct user_regs_struct registers;
  for (int i = 0; i < 3; i++) {
    need(ptrace(PTRACE_SYSEMU, child, 0, 0) == 0);
    need(waitpid(child, &status, 0) == child);
    need(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0);
    say("stop %x at call %ld(%ld), %ld\n", status, (long)registers.orig_rax, (long)registers.rdi, (long)registers.rax);
    registers.rax = 100 + i;
    if (i != 1) need(ptrace(PTRACE_SETREGS, child, 0, &registers) == 0);
  }
  // From here on instruction by instruction, until the next call, which is skipped as well.
  int steps = 0;
  for (;;) {
    need(ptrace(PTRACE_SYSEMU_SINGLESTEP, child, 0, 0) == 0);
    need(waitpid(child, &status, 0) == child);
    if (status >> 8 != SIGTRAP) break;
    steps++;
  }
  need(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0);
  say("%s, stop %x at call %ld(%ld)\n", steps > 3 && steps < 40 ? "some steps" : "another number of steps", status,
      (long)registers.orig_rax, (long)registers.rdi);
  registers.rax = 103;
  need(ptrace(PTRACE_SETREGS, child, 0, &registers) == 0);
  need(ptrace(PTRACE_SYSCALL, child, 0, 0) == 0);
  need(waitpid(child, &status, 0) == child);
  need(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0);
  say("stop %x after call %ld, %ld\n", status, (long)registers.orig_rax, (long)registers.rax);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  reap("child", child);
  return 0;
}
