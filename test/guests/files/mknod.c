// mknod, mknodat: a FIFO used from both ends by one process, and then by two.
#include "../guest.h"

int main(void) {
  result("mknod FIFO", syscall(SYS_mknod, pageEndString("fifo"), poisoned(S_IFIFO | 0644), poisoned(0)));
  result("mknodat file", syscall(SYS_mknodat, poisoned(AT_FDCWD), "plain", poisoned(S_IFREG | 0600), poisoned(0)));
  result("mknod again", syscall(SYS_mknod, "fifo", poisoned(S_IFIFO | 0644), poisoned(0)));
  result("open for writing, nobody reads", open("fifo", O_WRONLY | O_NONBLOCK));
  int both = open("fifo", O_RDWR);
  need(write(both, "alone", 5) == 5);
  char text[20] = {0};
  result("read", read(both, text, sizeof text));
  say("  %s\n", text);
  close(both);
  pid_t child = fork();
  if (child == 0) {
    int writer = open("fifo", O_WRONLY);
    _exit(write(writer, "from the child", 14) == 14 ? 0 : 1);
  }
  int reader = open("fifo", O_RDONLY);
  memset(text, 0, sizeof text);
  result("read", read(reader, text, sizeof text - 1));
  say("  %s\n", text);
  reap("child", child);
  result("read at the end", read(reader, text, sizeof text));
  return 0;
}
