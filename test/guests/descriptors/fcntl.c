// fcntl: flags of descriptors and of descriptions, owners, pipe sizes, leases, commands that do not exist.
#include "../guest.h"

int main(void) {
  int file = patternFile("file", 100);
  int ends[2];
  need(pipe(ends) == 0);
  result("F_GETFD", syscall(SYS_fcntl, poisoned(file), poisoned(F_GETFD), 0L));
  result("F_SETFD", syscall(SYS_fcntl, poisoned(file), poisoned(F_SETFD), poisoned(FD_CLOEXEC)));
  result("F_GETFD", syscall(SYS_fcntl, poisoned(file), poisoned(F_GETFD), 0L));
  say("F_GETFL %lo\n", syscall(SYS_fcntl, poisoned(file), poisoned(F_GETFL), 0L));
  result("F_SETFL", syscall(SYS_fcntl, poisoned(file), poisoned(F_SETFL), poisoned(O_APPEND | O_NONBLOCK)));
  say("F_GETFL %lo\n", syscall(SYS_fcntl, poisoned(file), poisoned(F_GETFL), 0L));
  result("F_GETOWN", syscall(SYS_fcntl, poisoned(ends[0]), poisoned(F_GETOWN), 0L));
  struct f_owner_ex *owner = pageEnd(sizeof *owner);
  owner->type = F_OWNER_PID;
  owner->pid = getpid();
  result("F_SETOWN_EX", syscall(SYS_fcntl, poisoned(ends[0]), poisoned(F_SETOWN_EX), owner));
  memset(owner, 0, sizeof *owner);
  result("F_GETOWN_EX", syscall(SYS_fcntl, poisoned(ends[0]), poisoned(F_GETOWN_EX), owner));
  say("  type %d, me %d\n", owner->type, owner->pid == getpid());
  result("F_GETOWN_EX bad address", syscall(SYS_fcntl, poisoned(ends[0]), poisoned(F_GETOWN_EX), badAddress()));
  result("F_SETSIG", syscall(SYS_fcntl, poisoned(ends[0]), poisoned(F_SETSIG), poisoned(SIGUSR1)));
  result("F_GETSIG", syscall(SYS_fcntl, poisoned(ends[0]), poisoned(F_GETSIG), 0L));
  result("F_GETPIPE_SZ", syscall(SYS_fcntl, poisoned(ends[0]), poisoned(F_GETPIPE_SZ), 0L));
  result("F_SETPIPE_SZ", syscall(SYS_fcntl, poisoned(ends[0]), poisoned(F_SETPIPE_SZ), poisoned(4096)));
  result("F_GETPIPE_SZ of a file", syscall(SYS_fcntl, poisoned(file), poisoned(F_GETPIPE_SZ), 0L));
  uint64_t *hint = pageEnd(8);
  *hint = 3;
  result("F_SET_RW_HINT", syscall(SYS_fcntl, poisoned(file), poisoned(F_SET_RW_HINT), hint));
  *hint = 0;
  result("F_GET_RW_HINT", syscall(SYS_fcntl, poisoned(file), poisoned(F_GET_RW_HINT), hint));
  say("  %lu\n", *hint);
  result("unknown command", syscall(SYS_fcntl, poisoned(file), poisoned(12345), 0L));
  result("bad descriptor", syscall(SYS_fcntl, poisoned(99), poisoned(F_GETFD), 0L));
  // O_PATH descriptors know few commands.
  int path = open("file", O_PATH);
  result("F_GETFD of O_PATH", fcntl(path, F_GETFD));
  result("F_SETFL of O_PATH", fcntl(path, F_SETFL, 0));
  return 0;
}
