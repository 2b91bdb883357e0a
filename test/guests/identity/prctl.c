// prctl in its variants that return memory, and some that only set; arch_prctl.
#include <asm/prctl.h>
#include <sys/prctl.h>

#include "../guest.h"

int main(void) {
  result("PR_SET_NAME", syscall(SYS_prctl, poisoned(PR_SET_NAME), pageEndString("new-name")));
  char *name = pageEnd(16);
  result("PR_GET_NAME", syscall(SYS_prctl, poisoned(PR_GET_NAME), name));
  say("  %s\n", name);
  int *number = pageEnd(sizeof *number);
  result("PR_SET_PDEATHSIG", syscall(SYS_prctl, poisoned(PR_SET_PDEATHSIG), (long)SIGUSR1));
  result("PR_GET_PDEATHSIG", syscall(SYS_prctl, poisoned(PR_GET_PDEATHSIG), number));
  say("  %d\n", *number);
  result("PR_GET_DUMPABLE", syscall(SYS_prctl, poisoned(PR_GET_DUMPABLE)));
  result("PR_GET_KEEPCAPS", syscall(SYS_prctl, poisoned(PR_GET_KEEPCAPS)));
  // A user without privileges can only be recorded with it: a seccomp filter asks for it.
  if (getuid() == 0) result("PR_GET_NO_NEW_PRIVS", syscall(SYS_prctl, poisoned(PR_GET_NO_NEW_PRIVS), 0L, 0L, 0L, 0L));
  result("PR_SET_NO_NEW_PRIVS", syscall(SYS_prctl, poisoned(PR_SET_NO_NEW_PRIVS), 1L, 0L, 0L, 0L));
  result("PR_GET_NO_NEW_PRIVS", syscall(SYS_prctl, poisoned(PR_GET_NO_NEW_PRIVS), 0L, 0L, 0L, 0L));
  result("PR_GET_SECCOMP answers", syscall(SYS_prctl, poisoned(PR_GET_SECCOMP)) >= 0);
  result("PR_GET_TSC", syscall(SYS_prctl, poisoned(PR_GET_TSC), number));
  say("  %d\n", *number);
  result("PR_GET_TIMERSLACK", syscall(SYS_prctl, poisoned(PR_GET_TIMERSLACK)));
  result("PR_GET_CHILD_SUBREAPER", syscall(SYS_prctl, poisoned(PR_GET_CHILD_SUBREAPER), number));
  result("PR_CAPBSET_READ unknown", syscall(SYS_prctl, poisoned(PR_CAPBSET_READ), 999L));
  result("unknown", syscall(SYS_prctl, poisoned(987654), 0L));
  result("PR_GET_NAME bad address", syscall(SYS_prctl, poisoned(PR_GET_NAME), badAddress()));
  uint64_t *base = pageEnd(8);
  result("ARCH_GET_FS", syscall(SYS_arch_prctl, poisoned(ARCH_GET_FS), base));
  uint64_t self;
  __asm__("mov %%fs:0, %0" : "=r"(self));
  say("  is what the library uses %d\n", *base == self);
  result("ARCH_SET_GS", syscall(SYS_arch_prctl, poisoned(ARCH_SET_GS), base));
  uint64_t through;
  __asm__("mov %%gs:0, %0" : "=r"(through));
  say("  seen through gs %d\n", through == *base);
  result("ARCH_GET_GS", syscall(SYS_arch_prctl, poisoned(ARCH_GET_GS), base));
  result("unknown", syscall(SYS_arch_prctl, poisoned(0x7777), 0L));
  return 0;
}
