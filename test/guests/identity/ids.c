// User and group ids through every call, at the end of a page, and the errors of setting them.
#include "../guest.h"

int main(void) {
  unsigned *ids = pageEnd(3 * sizeof *ids);
  say("getuid agrees %d\n", syscall(SYS_getuid) == getuid() && syscall(SYS_geteuid) == geteuid());
  say("getgid agrees %d\n", syscall(SYS_getgid) == getgid() && syscall(SYS_getegid) == getegid());
  result("getresuid", syscall(SYS_getresuid, ids, ids + 1, ids + 2));
  say("  %d\n", ids[0] == getuid() && ids[1] == geteuid());
  result("getresgid", syscall(SYS_getresgid, ids, ids + 1, ids + 2));
  say("  %d\n", ids[0] == getgid() && ids[1] == getegid());
  result("getresuid bad address", syscall(SYS_getresuid, ids, badAddress(), ids + 2));
  long count = syscall(SYS_getgroups, poisoned(0), 0L);
  say("groups counted %d\n", count >= 0);
  unsigned *groups = pageEnd(count ? count * sizeof *groups : 4);
  say("groups listed %d\n", syscall(SYS_getgroups, poisoned(count), groups) == count);
  result("getgroups negative", syscall(SYS_getgroups, poisoned(-1), groups));
  result("setreuid nothing", syscall(SYS_setreuid, poisoned(-1), poisoned(-1)));
  result("setregid nothing", syscall(SYS_setregid, poisoned(-1), poisoned(-1)));
  say("setfsuid %d\n", syscall(SYS_setfsuid, poisoned(-1)) == geteuid());
  say("setfsgid %d\n", syscall(SYS_setfsgid, poisoned(-1)) == getegid());
  say("gettid is the pid %d\n", syscall(SYS_gettid) == getpid());
  say("set_tid_address %d\n", syscall(SYS_set_tid_address, ids) == getpid());
  return 0;
}
