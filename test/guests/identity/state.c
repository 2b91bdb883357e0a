// The state a program starts with: ignored and blocked signals, limits, open descriptors and their flags, umask,
// personality, auxiliary vector, name: the same under a recording as alone.
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../guest.h"

int main(int argc, char **argv) {
  for (int i = 1; i < 65; i++) {
    struct sigaction action;
    if (sigaction(i, 0, &action) == 0 && action.sa_handler != SIG_DFL) say("signal %d is not at its default\n", i);
  }
  sigset_t mask, pending;
  sigprocmask(SIG_BLOCK, 0, &mask);
  sigpending(&pending);
  for (int i = 1; i < 65; i++) {
    if (sigismember(&mask, i) == 1) say("signal %d is blocked\n", i);
    if (sigismember(&pending, i) == 1) say("signal %d is pending\n", i);
  }
  stack_t stack;
  sigaltstack(0, &stack);
  say("alternative stack: flags %d\n", stack.ss_flags);
  for (int i = 0; i < RLIM_NLIMITS; i++) {
    struct rlimit limit;
    getrlimit(i, &limit);
    say("limit %d: %ld %ld\n", i, (long)limit.rlim_cur, (long)limit.rlim_max);
  }
  for (int i = 0; i < 4096; i++) {
    int descriptorFlags = fcntl(i, F_GETFD);
    if (descriptorFlags >= 0) say("descriptor %d: flags %d, status %o\n", i, descriptorFlags, fcntl(i, F_GETFL));
  }
  say("umask %o, personality %x, priority %d\n", umask(0), personality(0xffffffff), getpriority(PRIO_PROCESS, 0));
  say("dumpable %d, timer slack %d, death signal unset\n", prctl(PR_GET_DUMPABLE), prctl(PR_GET_TIMERSLACK));
  for (unsigned long type = 1; type < 60; type++) {
    errno = 0;
    unsigned long value = getauxval(type);
    if (value == 0 && errno == ENOENT) continue;
    int address = type == AT_PHDR || type == AT_BASE || type == AT_ENTRY || type == AT_RANDOM || type == AT_EXECFN ||
                  type == AT_PLATFORM || type == AT_SYSINFO_EHDR;
    say("auxv %lu: %lx\n", type, address ? 1UL : value);
  }
  say("vdso %d, program %s\n", getauxval(AT_SYSINFO_EHDR) != 0, strrchr((char *)getauxval(AT_EXECFN), '/') + 1);
  say("arguments %d\n", argc);
  return 0;
}
