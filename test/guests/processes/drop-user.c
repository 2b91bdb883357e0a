// As root: becomes another user, in a child for good and for a while; else shows that it may not.
#include <grp.h>

#include "../guest.h"

static void show(const char *when) {
  uid_t uids[3];
  gid_t gids[3];
  need(getresuid(uids, uids + 1, uids + 2) == 0 && getresgid(gids, gids + 1, gids + 2) == 0);
  if (getuid() == 0 || getuid() == 12345)
    say("%s: %u %u %u, %u %u %u\n", when, uids[0], uids[1], uids[2], gids[0], gids[1], gids[2]);
}

int main(void) {
  if (getuid() != 0) {
    result("setuid", setuid(0));
    result("setgid", setgid(0));
    gid_t group = 0;
    result("setgroups", setgroups(1, &group));
    return 0;
  }
  int secret = open("secret", O_CREAT | O_WRONLY, 0600);
  need(secret >= 0 && chmod(".", 0755) == 0);
  result("seteuid", syscall(SYS_setresuid, poisoned(-1), poisoned(12345), poisoned(-1)));
  show("for a while");
  result("open", open("secret", O_RDONLY));
  result("back", syscall(SYS_setresuid, poisoned(-1), poisoned(0), poisoned(-1)));
  pid_t child = fork();
  if (child == 0) {
    gid_t groups[2] = {100, 200};
    result("setgroups", syscall(SYS_setgroups, poisoned(2), groups));
    result("setresgid", syscall(SYS_setresgid, poisoned(12345), poisoned(12345), poisoned(12345)));
    result("setuid", syscall(SYS_setuid, poisoned(12345)));
    show("for good");
    result("setuid 0", syscall(SYS_setuid, poisoned(0)));
    result("open", open("secret", O_RDONLY));
    execl("/usr/bin/id", "id", "-u", (char *)0);
    _exit(1);
  }
  reap("child", child);
  return 0;
}
