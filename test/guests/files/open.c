// open, openat, creat, openat2: flags, modes and the errors that depend on memory and on the path.
#include <linux/openat2.h>

#include "../guest.h"

int main(void) {
  char *name = pageEndString("file");
  result("creat", syscall(SYS_creat, name, poisoned(0640)));
  result("open existing O_EXCL", syscall(SYS_open, name, poisoned(O_CREAT | O_EXCL), poisoned(0600)));
  result("open O_RDONLY", syscall(SYS_open, name, poisoned(O_RDONLY), poisoned(0)));
  result("openat AT_FDCWD", syscall(SYS_openat, poisoned(AT_FDCWD), name, poisoned(O_RDWR | O_APPEND), poisoned(0)));
  result("open missing", syscall(SYS_open, pageEndString("missing"), poisoned(O_RDONLY), poisoned(0)));
  result("open a file as directory", syscall(SYS_open, name, poisoned(O_DIRECTORY), poisoned(0)));
  result("open below a file", syscall(SYS_open, pageEndString("file/x"), poisoned(O_RDONLY), poisoned(0)));
  result("open directory for writing", syscall(SYS_open, pageEndString("."), poisoned(O_WRONLY), poisoned(0)));
  result("open bad address", syscall(SYS_open, badAddress(), poisoned(O_RDONLY), poisoned(0)));
  char *unterminated = pageEnd(4);
  memcpy(unterminated, "file", 4);
  result("open string without end", syscall(SYS_open, unterminated, poisoned(O_RDONLY), poisoned(0)));
  result("openat bad descriptor", syscall(SYS_openat, poisoned(99), name, poisoned(O_RDONLY), poisoned(0)));

  need(symlink("loop", "loop") == 0);
  result("open loop", syscall(SYS_open, pageEndString("loop"), poisoned(O_RDONLY), poisoned(0)));
  char *longName = pageEnd(5000);
  memset(longName, 'x', 4999);
  longName[4999] = 0;
  result("open long name", syscall(SYS_open, longName, poisoned(O_RDONLY), poisoned(0)));

  need(mkdir("d", 0755) == 0);
  int directory = open("d", O_RDONLY | O_DIRECTORY);
  result("openat below a directory", syscall(SYS_openat, poisoned(directory), pageEndString("inner"),
                                             poisoned(O_CREAT | O_WRONLY), poisoned(0644)));
  struct open_how *how = pageEnd(sizeof *how);
  *how = (struct open_how){.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
  result("openat2", syscall(SYS_openat2, poisoned(directory), pageEndString("inner"), how, sizeof *how));
  result("openat2 escaping", syscall(SYS_openat2, poisoned(directory), pageEndString("../file"), how, sizeof *how));
  result("openat2 short structure", syscall(SYS_openat2, poisoned(directory), pageEndString("inner"), how, 8L));
  struct stat status;
  need(stat("file", &status) == 0);
  say("mode %o\n", status.st_mode);
  return 0;
}
