// link, linkat, unlink, unlinkat, rename, renameat, renameat2.
#include "../guest.h"

static void exists(const char *name) { say("  %s %s\n", name, access(name, F_OK) == 0 ? "exists" : "is gone"); }

int main(void) {
  close(patternFile("a", 10));
  result("link", syscall(SYS_link, pageEndString("a"), pageEndString("b")));
  result("linkat", syscall(SYS_linkat, poisoned(AT_FDCWD), "a", poisoned(AT_FDCWD), pageEndString("c"), poisoned(0)));
  result("link existing", syscall(SYS_link, "a", "b"));
  result("link bad address", syscall(SYS_link, "a", badAddress()));
  result("rename", syscall(SYS_rename, pageEndString("c"), pageEndString("d")));
  exists("c");
  exists("d");
  result("renameat", syscall(SYS_renameat, poisoned(AT_FDCWD), "d", poisoned(AT_FDCWD), "e"));
  result("renameat2 NOREPLACE", syscall(SYS_renameat2, poisoned(AT_FDCWD), "e", poisoned(AT_FDCWD), "a", poisoned(1)));
  close(patternFile("f", 20));
  result("renameat2 EXCHANGE", syscall(SYS_renameat2, poisoned(AT_FDCWD), "e", poisoned(AT_FDCWD), "f", poisoned(2)));
  struct stat status;
  need(stat("e", &status) == 0);
  say("  e has %ld bytes\n", (long)status.st_size);
  result("rename missing", syscall(SYS_rename, "missing", "x"));
  need(mkdir("dir", 0755) == 0);
  result("rename file over directory", syscall(SYS_rename, "a", "dir"));
  result("rename directory below itself", syscall(SYS_rename, "dir", "dir/sub"));
  result("unlink", syscall(SYS_unlink, pageEndString("a")));
  exists("a");
  result("unlink again", syscall(SYS_unlink, "a"));
  result("unlink directory", syscall(SYS_unlink, "dir"));
  result("unlinkat AT_REMOVEDIR", syscall(SYS_unlinkat, poisoned(AT_FDCWD), "dir", poisoned(AT_REMOVEDIR)));
  int open_ = open("b", O_RDONLY);
  result("unlink an open file", syscall(SYS_unlink, "b"));
  char text[20] = {0};
  result("read the unlinked file", read(open_, text, 10));
  say("  \"%s\"\n", text);
  return 0;
}
