// write, pwrite64, writev, pwritev, pwritev2: short counts at the end of memory, append, errors.
#include <sys/uio.h>

#include "../guest.h"

static void content(const char *name) {
  char text[200];
  int file = open(name, O_RDONLY);
  ssize_t size = read(file, text, sizeof text);
  close(file);
  for (ssize_t i = 0; i < size; i++)
    if (text[i] < 32) text[i] = '.';
  say("  %zd bytes: \"%.*s\"\n", size, (int)size, text);
}

int main(void) {
  int file = open("file", O_RDWR | O_CREAT, 0644);
  result("write", syscall(SYS_write, poisoned(file), pageEndString("hello"), 5L));
  result("write with 5 of 10 readable", syscall(SYS_write, poisoned(file), memcpy(pageEnd(5), "world", 5), 10L));
  result("pwrite64", syscall(SYS_pwrite64, poisoned(file), pageEndString("HE"), 2L, 20L));
  content("file");
  struct iovec parts[3] = {{pageEndString("one"), 3}, {badAddress(), 0}, {pageEndString("two"), 3}};
  result("writev", syscall(SYS_writev, poisoned(file), pageEndCopy(parts, sizeof parts), poisoned(3)));
  result("pwritev", syscall(SYS_pwritev, poisoned(file), pageEndCopy(parts, sizeof parts), 3L, 30L, 0L));
  result("pwritev2", syscall(SYS_pwritev2, poisoned(file), pageEndCopy(parts, sizeof parts), 1L, 40L, 0L, poisoned(0)));
  content("file");
  parts[1] = (struct iovec){badAddress(), 4};
  result("writev second part bad", syscall(SYS_writev, poisoned(file), pageEndCopy(parts, sizeof parts), 3L));
  result("write bad address", syscall(SYS_write, poisoned(file), badAddress(), 5L));
  result("write bad descriptor", syscall(SYS_write, poisoned(99), "x", 1L));
  result("write read-only", syscall(SYS_write, poisoned(open("file", O_RDONLY)), "x", 1L));
  int append = open("file", O_WRONLY | O_APPEND);
  result("pwrite64 in append mode", syscall(SYS_pwrite64, poisoned(append), "end", 3L, 0L));
  content("file");
  result("write /dev/null", syscall(SYS_write, poisoned(open("/dev/null", O_WRONLY)), badAddress(), 100L));
  result("write /dev/full", syscall(SYS_write, poisoned(open("/dev/full", O_WRONLY)), "x", 1L));
  result("write nothing to a closed descriptor", syscall(SYS_write, poisoned(99), "", 0L));
  struct iovec both[2] = {{"to standard ", 12}, {"output\n", 7}};
  result("writev to standard output", syscall(SYS_writev, poisoned(1), both, 2L));
  result("write to standard error", syscall(SYS_write, poisoned(2), "to standard error\n", 18L));
  return 0;
}
