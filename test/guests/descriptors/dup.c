// dup, dup2, dup3 and F_DUPFD: numbers, shared offsets, close-on-exec.
#include "../guest.h"

int main(void) {
  int file = patternFile("file", 100);
  int copy = result("dup", syscall(SYS_dup, poisoned(file)));
  lseek(file, 42, SEEK_SET);
  say("  shared offset %ld\n", (long)lseek(copy, 0, SEEK_CUR));
  result("dup2", syscall(SYS_dup2, poisoned(file), poisoned(50)));
  result("dup2 onto itself", syscall(SYS_dup2, poisoned(file), poisoned(file)));
  result("dup2 of a closed one onto itself", syscall(SYS_dup2, poisoned(77), poisoned(77)));
  result("dup3", syscall(SYS_dup3, poisoned(file), poisoned(51), poisoned(O_CLOEXEC)));
  result("  its flags", fcntl(51, F_GETFD));
  result("dup3 onto itself", syscall(SYS_dup3, poisoned(file), poisoned(file), poisoned(0)));
  result("dup3 unknown flag", syscall(SYS_dup3, poisoned(file), poisoned(52), poisoned(1)));
  result("F_DUPFD", syscall(SYS_fcntl, poisoned(file), poisoned(F_DUPFD), 60L));
  result("F_DUPFD_CLOEXEC", syscall(SYS_fcntl, poisoned(file), poisoned(F_DUPFD_CLOEXEC), 60L));
  result("  its flags", fcntl(61, F_GETFD));
  result("F_DUPFD too high", syscall(SYS_fcntl, poisoned(file), poisoned(F_DUPFD), 1L << 30));
  result("dup closed", syscall(SYS_dup, poisoned(77)));
  result("dup2 negative", syscall(SYS_dup2, poisoned(file), poisoned(-1)));
  result("close", syscall(SYS_close, poisoned(copy)));
  result("close again", syscall(SYS_close, poisoned(copy)));
  // Standard output on another number, and back.
  int saved = dup(1);
  int other = open("output", O_RDWR | O_CREAT, 0644);
  need(dup2(other, 1) == 1);
  say("into the file\n");
  need(dup2(saved, 1) == 1);
  char text[40];
  long size = pread(other, text, sizeof text, 0);
  say("file has: %.*s", (int)size, text);
  return 0;
}
