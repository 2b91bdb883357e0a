// FICLONE, which few file systems have: the answer counts, and what is in the file then.
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "../guest.h"

int main(void) {
  int from = patternFile("from", 4096);
  int to = open("to", O_RDWR | O_CREAT, 0644);
  for (int i = 0; i < 3; i++) {
    result("clone", syscall(SYS_ioctl, poisoned(to), poisoned(FICLONE), (long)from));
    result("of no descriptor", syscall(SYS_ioctl, poisoned(to), poisoned(FICLONE), 99L));
    result("to no descriptor", syscall(SYS_ioctl, poisoned(99), poisoned(FICLONE), (long)from));
    result("to a device", syscall(SYS_ioctl, poisoned(open("/dev/null", O_RDWR)), poisoned(FICLONE), (long)from));
  }
  char text[4096];
  const long size = pread(to, text, sizeof text, 0);
  say("content %ld %016lx\n", size, hashOf(text, size));
  return 0;
}
