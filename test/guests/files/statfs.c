// statfs, fstatfs, ustat, sysfs.
#include <sys/vfs.h>

#include "../guest.h"

int main(void) {
  struct statfs *first = pageEnd(sizeof *first), *second = pageEnd(sizeof *second);
  result("statfs", syscall(SYS_statfs, pageEndString("."), first));
  result("fstatfs", syscall(SYS_fstatfs, poisoned(open(".", O_RDONLY)), second));
  say("type %lx, same %d, block size %ld, name length %ld\n", (long)first->f_type, first->f_type == second->f_type,
      (long)first->f_bsize, (long)first->f_namelen);
  result("statfs bad address", syscall(SYS_statfs, ".", badAddress()));
  result("statfs missing", syscall(SYS_statfs, "missing", first));
  result("fstatfs bad descriptor", syscall(SYS_fstatfs, poisoned(99), first));
  struct stat status;
  need(stat(".", &status) == 0);
  char *old = pageEnd(32);
  result("ustat", syscall(SYS_ustat, poisoned((unsigned)status.st_dev), old));
  result("ustat bad address", syscall(SYS_ustat, poisoned((unsigned)status.st_dev), badAddress()));
  return 0;
}
