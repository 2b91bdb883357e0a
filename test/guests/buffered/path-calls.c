// Calls that change files by their paths, and ask for limits, names and groups, again and again.
#include <grp.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#include "../guest.h"

int main(void) {
  for (int round = 0; round < 3; round++) {
    result("mkdir", syscall(SYS_mkdir, pageEndString("folder"), poisoned(0755)));
    result("mkdir again", syscall(SYS_mkdir, pageEndString("folder"), poisoned(0755)));
    result("chdir", syscall(SYS_chdir, pageEndString("folder")));
    close(patternFile("a", 10));
    result("rename", syscall(SYS_rename, pageEndString("a"), pageEndString("b")));
    result("link", syscall(SYS_link, pageEndString("b"), pageEndString("c")));
    result("symlink", syscall(SYS_symlink, pageEndString("b"), pageEndString("d")));
    result("chmod", syscall(SYS_chmod, pageEndString("b"), poisoned(0600)));
    result("truncate", syscall(SYS_truncate, pageEndString("b"), 5L));
    struct timespec times[2] = {{1, 2}, {3, 4}};
    result("utimensat", syscall(SYS_utimensat, poisoned(AT_FDCWD), pageEndString("b"), times, 0L));
    struct stat facts;
    need(stat("c", &facts) == 0);
    say("  size %ld, mode %o, links %lu, time %ld\n", facts.st_size, facts.st_mode, facts.st_nlink, facts.st_mtime);
    result("listxattr", syscall(SYS_listxattr, pageEndString("b"), 0L, 0L));
    result("getxattr", syscall(SYS_getxattr, pageEndString("b"), pageEndString("user.none"), pageEnd(4), 4L));
    result("unlink", syscall(SYS_unlink, pageEndString("b")));
    result("unlinkat", syscall(SYS_unlinkat, poisoned(AT_FDCWD), pageEndString("c"), 0L));
    result("unlink", syscall(SYS_unlink, pageEndString("d")));
    result("bad path", syscall(SYS_unlink, badAddress()));
    result("chdir", syscall(SYS_chdir, pageEndString("..")));
    result("rmdir", syscall(SYS_rmdir, pageEndString("folder")));
    struct rlimit *limit = pageEnd(sizeof *limit);
    result("prlimit64", syscall(SYS_prlimit64, 0L, poisoned(RLIMIT_CORE), 0L, limit));
    result("getrlimit", syscall(SYS_getrlimit, poisoned(RLIMIT_CORE), limit));
    result("setrlimit", syscall(SYS_setrlimit, poisoned(RLIMIT_CORE), limit));
    struct utsname *names = pageEnd(sizeof *names);
    result("uname", syscall(SYS_uname, names));
    say("  %s\n", names->sysname);
    result("uname nowhere", syscall(SYS_uname, badAddress()));
    uint32_t *ids = pageEnd(12);
    result("getresuid", syscall(SYS_getresuid, ids, ids + 1, ids + 2));
    say("  own %d\n", ids[0] == getuid());
    int groups = syscall(SYS_getgroups, poisoned(0), 0L);
    gid_t *list = pageEnd(4 * groups);
    say("groups %d\n", syscall(SYS_getgroups, poisoned(groups), list) == groups);
    char *name = pageEnd(16);
    result("PR_SET_NAME", syscall(SYS_prctl, poisoned(PR_SET_NAME), "guest"));
    result("PR_GET_NAME", syscall(SYS_prctl, poisoned(PR_GET_NAME), name));
    say("  %s\n", name);
    result("priority", syscall(SYS_getpriority, 0L, 0L));
  }
  return 0;
}
