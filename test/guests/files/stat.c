// stat, lstat, fstat, newfstatat and statx into structures at the end of a page.
#include "../guest.h"

static struct stat *status;

static void show(const char *what, long value) {
  if (result(what, value) == 0)
    say("  mode %o links %ld size %ld blocks of %ld\n", status->st_mode, (long)status->st_nlink, (long)status->st_size,
        (long)status->st_blksize);
}

int main(void) {
  int file = patternFile("file", 1234);
  need(symlink("file", "link") == 0 && mkdir("d", 0751) == 0);
  status = pageEnd(sizeof *status);
  show("stat", syscall(SYS_stat, pageEndString("link"), status));
  show("lstat", syscall(SYS_lstat, pageEndString("link"), status));
  show("fstat", syscall(SYS_fstat, poisoned(file), status));
  show("newfstatat",
       syscall(SYS_newfstatat, poisoned(AT_FDCWD), pageEndString("link"), status, poisoned(AT_SYMLINK_NOFOLLOW)));
  show("newfstatat empty path", syscall(SYS_newfstatat, poisoned(file), "", status, poisoned(AT_EMPTY_PATH)));
  show("stat directory", syscall(SYS_stat, pageEndString("d"), status));
  show("stat missing", syscall(SYS_stat, pageEndString("missing"), status));
  show("stat bad path", syscall(SYS_stat, badAddress(), status));
  show("stat result at bad address", syscall(SYS_stat, pageEndString("file"), badAddress()));
  show("stat result one byte short", syscall(SYS_stat, pageEndString("file"), (char *)status + 1));
  show("fstat bad descriptor", syscall(SYS_fstat, poisoned(99), status));
  show("newfstatat unknown flag", syscall(SYS_newfstatat, poisoned(AT_FDCWD), "file", status, poisoned(0x40000000)));
  struct stat null;
  need(stat("/dev/null", &null) == 0);
  say("/dev/null: device %lx\n", (long)null.st_rdev);

  struct statx *extended = pageEnd(sizeof *extended);
  long value =
      syscall(SYS_statx, poisoned(AT_FDCWD), pageEndString("link"), poisoned(0), poisoned(STATX_BASIC_STATS), extended);
  if (result("statx", value) == 0)
    say("  mode %o links %u size %lu mask has size %d\n", extended->stx_mode, extended->stx_nlink,
        (long)extended->stx_size, !!(extended->stx_mask & STATX_SIZE));
  result("statx bad address",
         syscall(SYS_statx, poisoned(AT_FDCWD), "file", poisoned(0), poisoned(STATX_ALL), badAddress()));
  result("statx descriptor",
         syscall(SYS_statx, poisoned(file), "", poisoned(AT_EMPTY_PATH), poisoned(STATX_SIZE), extended));
  return 0;
}
