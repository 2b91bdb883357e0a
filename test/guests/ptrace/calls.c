// System calls of a child, with their results; one is changed, one is skipped.
#include <sys/ptrace.h>
#include <sys/user.h>

#include "../guest.h"

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    result("close(1000)", syscall(SYS_close, 1000));
    result("changed close", syscall(SYS_close, 1001));
    result("skipped close", syscall(SYS_close, 1002));
    result("result changed", syscall(SYS_close, 1003));
    _exit(9);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  result("options", ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT));
  int inCall = 0;
  for (;;) {
    need(ptrace(PTRACE_SYSCALL, child, 0, 0) == 0);
    need(waitpid(child, &status, 0) == child);
    if (!WIFSTOPPED(status)) break;
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
      unsigned long message = 0;
      ptrace(PTRACE_GETEVENTMSG, child, 0, &message);
      say("exiting with %lx\n", message);
      inCall = 0;
      continue;
    }
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      say("signal %d\n", WSTOPSIG(status));
      continue;
    }
    inCall = !inCall;
    struct user_regs_struct registers;
    need(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0);
    struct __ptrace_syscall_info info;
    const long length = ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
    if (registers.orig_rax == SYS_rt_sigprocmask || registers.orig_rax == SYS_tgkill) continue;
    if (inCall) {
      say("call %ld(%ld, ...), told %ld bytes, op %d\n", (long)registers.orig_rax, (long)registers.rdi, length,
          info.op);
      if (registers.rdi == 1001) registers.orig_rax = SYS_getsid, registers.rdi = 999999999;
      if (registers.rdi == 1002) registers.orig_rax = -1, registers.rax = -EXDEV;
      need(ptrace(PTRACE_SETREGS, child, 0, &registers) == 0);
    } else {
      say("  = %ld, told %ld bytes, op %d, error %d\n", (long)registers.rax, length, info.op, info.exit.is_error);
      if (registers.rdi == 1003 && registers.orig_rax == SYS_close) {
        registers.rax = 12;
        need(ptrace(PTRACE_SETREGS, child, 0, &registers) == 0);
      }
    }
  }
  say("exited with %d\n", WEXITSTATUS(status));
  return 0;
}
