// A tracer makes its child run another function, by its registers, and puts the vector registers to a value.
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "../guest.h"

static void elsewhere(long number) {
  say("elsewhere with %ld\n", number);
  _exit(5);
}

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    double value = 1.5;
    __asm__ volatile("movsd %0, %%xmm7" : : "m"(value) : "xmm7");
    // kill(getpid(), SIGSTOP) without the library, which might use the register
    long self = syscall(SYS_getpid);
    long returned;
    __asm__ volatile("syscall" : "=a"(returned) : "a"(SYS_kill), "D"(self), "S"(SIGSTOP) : "rcx", "r11", "memory");
    __asm__ volatile("movsd %%xmm7, %0" : "=m"(value) : : "memory");
    say("the value is %g, the call gave %ld\n", value, returned);
    raise(SIGSTOP);
    _exit(1);
  }
  int status;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  struct user_fpregs_struct floats;
  result("get floats", ptrace(PTRACE_GETFPREGS, child, 0, &floats));
  double value;
  memcpy(&value, (char *)floats.xmm_space + 7 * 16, sizeof value);
  say("xmm7 is %g\n", value);
  value = 2.25;
  memcpy((char *)floats.xmm_space + 7 * 16, &value, sizeof value);
  result("set floats", ptrace(PTRACE_SETFPREGS, child, 0, &floats));
  struct user_regs_struct registers;
  struct iovec set = {&registers, sizeof registers};
  result("get set", ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &set));
  say("%zu bytes, result %ld\n", set.iov_len, (long)registers.rax);
  registers.rax = 77;
  result("set set", ptrace(PTRACE_SETREGSET, child, NT_PRSTATUS, &set));
  ptrace(PTRACE_CONT, child, 0, 0);
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  result("get", ptrace(PTRACE_GETREGS, child, 0, &registers));
  registers.rip = (uint64_t)elsewhere;
  registers.rdi = 99;
  registers.rsp = (registers.rsp - 256) & ~15UL;
  registers.rsp -= 8;
  registers.orig_rax = ~0UL;
  result("set", ptrace(PTRACE_SETREGS, child, 0, &registers));
  need(ptrace(PTRACE_DETACH, child, 0, 0) == 0);
  reap("child", child);
  return 0;
}
