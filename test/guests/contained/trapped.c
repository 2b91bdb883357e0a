// A filter from outside answers getpgid with SIGSYS and getsid with death (guests-contained.test.ts): the handler sees
// the instruction that made the call, whether the call of that site is buffered or not, and decides what it returns.
#include "../buffered-calls.h"

static void onSys(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uint64_t rip = (uint64_t)registers[REG_RIP];
  say("SIGSYS code %d, call %d, data %d, the instruction before: %d, of the program: %d, rax %d\n", info->si_code,
      info->si_syscall, info->si_errno, info->si_call_addr == (void *)rip, isProgramAddress(rip),
      registers[REG_RAX] == info->si_syscall);
  registers[REG_RAX] = 4321;
}

static long getGroupHere(void) {
  long value;
  __asm__ volatile("syscall" : "=a"(value) : "a"(SYS_getpgid), "D"(0) : "rcx", "r11", "memory");
  return value;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSys, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &action, 0);
  for (int i = 0; i < 4; i++) {
    someBufferedCalls();
    result("getpgid", syscall(SYS_getpgid, 0L));
    result("getpgid", getGroupHere());
  }
  for (int blocked = 0; blocked < 2; blocked++) {
    const pid_t child = fork();
    if (child == 0) {
      // The kernel ends who blocks the signal or has no handler.
      sigset_t set;
      sigfillset(&set);
      if (blocked) sigprocmask(SIG_SETMASK, &set, 0);
      if (!blocked) signal(SIGSYS, SIG_DFL);
      someBufferedCalls();
      syscall(SYS_getpgid, 0L);
      _exit(0);
    }
    reap("trapped", child);
  }
  for (int here = 0; here < 2; here++) {
    const pid_t child = fork();
    if (child == 0) {
      someBufferedCalls();
      if (here) __asm__ volatile("syscall" : : "a"(SYS_getsid), "D"(0) : "rcx", "r11", "memory");
      syscall(SYS_getsid, 0L);
      _exit(0);
    }
    reap("killed", child);
  }
  return 0;
}
