// The kernel looks at the lower half of a call's number only.
#include "../guest.h"

int main(void) {
  const long halves[] = {1L << 32, 0xdeadbeefL << 32, -(1L << 32)};
  char *bytes = pageEnd(3);
  int file = patternFile("numbered", 100);
  for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++) {
    // From one place, often enough to be made in the buffer.
    for (int call = 0; call < 6; call++) need(syscall(halves[i] | SYS_getpid) == getpid());
    need(syscall(halves[i] | SYS_lseek, file, 10L, SEEK_SET) == 10);
    result("read", syscall(halves[i] | SYS_read, file, bytes, 3L));
    say("%.3s\n", bytes);
    char *page = (char *)syscall(halves[i] | SYS_mmap, 0L, (long)pageSize, (long)PROT_READ | PROT_WRITE,
                                 (long)MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L);
    page[5] = 'x';
    result("munmap", syscall(halves[i] | SYS_munmap, page, (long)pageSize));
    result("sched_yield", syscall(halves[i] | SYS_sched_yield));
    // A number that the recorder answers itself.
    result("rseq", syscall(halves[i] | SYS_io_uring_setup, 0L, 0L) == -1 ? 0 : 1);
    result("none", syscall(halves[i] | 0x7fffffff));
    pid_t child = (pid_t)syscall(halves[i] | SYS_fork);
    need(child >= 0);
    if (child == 0) syscall(halves[i] | SYS_exit_group, 7L);
    reap("child", child);
  }
  need(unlink("numbered") == 0);
  return 0;
}
