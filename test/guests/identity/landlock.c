// A program that confines itself by Landlock: what it may not open, and what it may still execute.
#include <linux/landlock.h>

#include "../guest.h"
int main(void) {
  succeeded("version", syscall(SYS_landlock_create_ruleset, 0L, 0L, poisoned(1)));
  struct landlock_ruleset_attr a = {LANDLOCK_ACCESS_FS_READ_FILE};
  long r = syscall(SYS_landlock_create_ruleset, &a, sizeof a, poisoned(0));
  succeeded("ruleset", r);
  if (r < 0) return 0;
  struct landlock_path_beneath_attr p = {LANDLOCK_ACCESS_FS_READ_FILE, open("/usr", O_PATH)};
  result("rule", syscall(SYS_landlock_add_rule, poisoned(r), poisoned(1), &p, poisoned(0)));
  result("rule fault", syscall(SYS_landlock_add_rule, poisoned(r), poisoned(1), badAddress(), poisoned(0)));
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  result("restrict", syscall(SYS_landlock_restrict_self, poisoned(r), poisoned(0)));
  result("open /etc/passwd", open("/etc/passwd", O_RDONLY));
  succeeded("open /usr", open("/usr/bin/env", O_RDONLY));
  pid_t c = fork();
  if (!c) {
    execl("/usr/bin/true", "true", NULL);
    result("exec", -1);
    _exit(5);
  }
  reap("child", c);
  return 0;
}
