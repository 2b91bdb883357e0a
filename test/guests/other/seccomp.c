// The program's own seccomp filter: an error for one call, a SIGSYS for another, death for a third.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "../guest.h"

static void onSys(int number, siginfo_t *info, void *context) {
  say("SIGSYS code %d call %d\n", info->si_code, info->si_syscall);
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 4321;
}

int main(void) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP | 5),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getitimer, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  struct sigaction action = {.sa_sigaction = onSys, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &action, 0);
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  result("filter", syscall(SYS_seccomp, poisoned(SECCOMP_SET_MODE_FILTER), poisoned(0), &filter));
  result("getpriority", syscall(SYS_getpriority, 0L, 0L));
  result("getpgrp", syscall(SYS_getpgrp));
  result("mode", prctl(PR_GET_SECCOMP));
  pid_t child = fork();
  if (child == 0) {
    syscall(SYS_getitimer, 0L, 0L);
    _exit(0);
  }
  reap("child", child);
  return 0;
}
