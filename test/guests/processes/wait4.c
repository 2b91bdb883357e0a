// wait4: any child, one child, group; not hanging; no child; rusage at the end of a page.
#include <sys/resource.h>

#include "../guest.h"

static pid_t spawn(int code) {
  pid_t child = fork();
  if (child == 0) {
    useMemory();
    _exit(code);
  }
  return child;
}

int main(void) {
  int *status = pageEnd(sizeof *status);
  struct rusage *usage = pageEnd(sizeof *usage);
  pid_t child = spawn(1);
  say("one: %d\n", syscall(SYS_wait4, poisoned(child), status, poisoned(0), usage) == child);
  say("  status %d, usage filled %d\n", WEXITSTATUS(*status), usage->ru_maxrss > 0);
  child = spawn(2);
  say("any: %d\n", syscall(SYS_wait4, poisoned(-1), status, poisoned(0), 0L) == child);
  say("  status %d\n", WEXITSTATUS(*status));
  child = spawn(3);
  say("own group: %d\n", syscall(SYS_wait4, poisoned(0), 0L, poisoned(0), 0L) == child);
  result("no child", syscall(SYS_wait4, poisoned(-1), status, poisoned(0), 0L));
  int ends[2];
  need(pipe(ends) == 0);
  child = fork();
  char byte = 0;
  if (child == 0) _exit(read(ends[0], &byte, 1) == 1 ? 4 : 5);
  result("WNOHANG, running", syscall(SYS_wait4, poisoned(-1), status, poisoned(WNOHANG), usage));
  result("not a child", syscall(SYS_wait4, poisoned(1), status, poisoned(0), 0L));
  result("unknown option", syscall(SYS_wait4, poisoned(-1), status, poisoned(0x1000), 0L));
  need(write(ends[1], &byte, 1) == 1);
  result("status at bad address", syscall(SYS_wait4, poisoned(child), badAddress(), poisoned(0), 0L));
  result("gone nevertheless", syscall(SYS_wait4, poisoned(child), status, poisoned(0), 0L));
  child = spawn(6);
  siginfo_t info;
  need(waitid(P_PID, child, &info, WEXITED | WNOWAIT) == 0);
  say("WNOWAIT leaves it: %d\n", syscall(SYS_wait4, poisoned(child), status, poisoned(WNOHANG), 0L) == child);
  return 0;
}
