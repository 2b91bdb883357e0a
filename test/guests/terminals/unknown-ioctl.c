// ioctl commands that no table knows: refused by the kernel, on files, pipes, devices; and known ones on wrong files.
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "../guest.h"

int main(void) {
  int file = patternFile("file", 10000), ends[2];
  need(pipe(ends) == 0);
  char *buffer = pageEnd(64);
  unsigned long unknown = _IOWR('~', 123, char[64]);
  result("unknown on a file", syscall(SYS_ioctl, poisoned(file), poisoned(unknown), buffer));
  result("unknown on a pipe", syscall(SYS_ioctl, poisoned(ends[0]), poisoned(unknown), buffer));
  result("unknown, no encoding", syscall(SYS_ioctl, poisoned(open("/dev/null", O_RDWR)), poisoned(0x1234), buffer));
  result("TCGETS on a file", syscall(SYS_ioctl, poisoned(file), poisoned(TCGETS), buffer));
  result("bad descriptor", syscall(SYS_ioctl, poisoned(99), poisoned(FIONREAD), buffer));
  // Known by their encoding: FS_IOC_GETFLAGS reads a long, FIGETBSZ writes an int, FIONBIO reads one.
  long *flags = pageEnd(8);
  *flags = 0;
  succeeded("FS_IOC_GETFLAGS", syscall(SYS_ioctl, poisoned(file), poisoned(FS_IOC_GETFLAGS), flags));
  int *number = pageEnd(sizeof *number);
  result("FIGETBSZ", syscall(SYS_ioctl, poisoned(file), poisoned(FIGETBSZ), number));
  say("  %d\n", *number);
  *number = 1;
  result("FIONBIO", syscall(SYS_ioctl, poisoned(ends[0]), poisoned(FIONBIO), number));
  say("  not blocking %d\n", !!(fcntl(ends[0], F_GETFL) & O_NONBLOCK));
  result("FIOCLEX", syscall(SYS_ioctl, poisoned(file), poisoned(FIOCLEX)));
  say("  flags %d\n", fcntl(file, F_GETFD));
  return 0;
}
