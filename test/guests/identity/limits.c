// getrlimit, setrlimit, prlimit64: set, seen again, inherited, refused.
#include <sys/resource.h>

#include "../guest.h"

int main(void) {
  struct rlimit *limit = pageEnd(sizeof *limit);
  for (int i = 0; i < RLIM_NLIMITS; i++) {
    need(syscall(SYS_getrlimit, poisoned(i), limit) == 0);
    // Pending signals and processes depend on the machine and user, but are the same from run to run.
    say("%d: %ld %ld\n", i, (long)limit->rlim_cur, (long)limit->rlim_max);
  }
  struct rlimit wanted = {64, 128};
  result("setrlimit", syscall(SYS_setrlimit, poisoned(RLIMIT_NOFILE), pageEndCopy(&wanted, sizeof wanted)));
  result("prlimit64", syscall(SYS_prlimit64, poisoned(0), poisoned(RLIMIT_NOFILE), 0L, limit));
  say("  %ld %ld\n", (long)limit->rlim_cur, (long)limit->rlim_max);
  wanted = (struct rlimit){200, 128};
  result("soft above hard", syscall(SYS_setrlimit, poisoned(RLIMIT_NOFILE), &wanted));
  result("unknown", syscall(SYS_getrlimit, poisoned(99), limit));
  result("bad address", syscall(SYS_getrlimit, poisoned(0), badAddress()));
  pid_t child = fork();
  if (child == 0) {
    getrlimit(RLIMIT_NOFILE, limit);
    say("child: %ld\n", (long)limit->rlim_cur);
    _exit(0);
  }
  reap("child", child);
  wanted = (struct rlimit){1000, 1000};
  result("file size", setrlimit(RLIMIT_FSIZE, &wanted));
  signal(SIGXFSZ, SIG_IGN);
  int file = open("file", O_CREAT | O_WRONLY, 0644);
  char block[900] = {0};
  result("write", write(file, block, 900));
  result("write over the limit", write(file, block, 900));
  result("write at the limit", write(file, block, 900));
  return 0;
}
