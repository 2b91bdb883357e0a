// fcntl, ioctl, dup, pipe, flock and their kind, again and again, also with nowhere to write to.
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "../guest.h"

enum { rounds = 4 };

int main(void) {
  int file = patternFile("file", 100);
  for (int round = 0; round < rounds; round++) {
    int *ends = pageEnd(8);
    result("pipe2", syscall(SYS_pipe2, ends, poisoned(O_CLOEXEC)));
    say("  %d %d\n", ends[0], ends[1]);
    result("bad pipe", syscall(SYS_pipe, badAddress()));
    result("dup", syscall(SYS_dup, poisoned(ends[0])));
    result("dup2", syscall(SYS_dup2, poisoned(ends[0]), poisoned(20)));
    result("dup3", syscall(SYS_dup3, poisoned(ends[0]), poisoned(20), poisoned(O_CLOEXEC)));
    result("F_GETFD", syscall(SYS_fcntl, 20L, poisoned(F_GETFD), 0L));
    result("F_SETFD", syscall(SYS_fcntl, 20L, poisoned(F_SETFD), 0L));
    result("F_DUPFD_CLOEXEC", syscall(SYS_fcntl, 20L, poisoned(F_DUPFD_CLOEXEC), 30L));
    result("F_SETFL", syscall(SYS_fcntl, ends[0], poisoned(F_SETFL), (long)O_NONBLOCK));
    result("F_GETFL", syscall(SYS_fcntl, ends[0], poisoned(F_GETFL), 0L));
    char byte;
    result("read of an empty pipe", read(ends[0], &byte, 1));
    struct flock *lock = pageEnd(sizeof *lock);
    *lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
    result("F_SETLK", syscall(SYS_fcntl, file, poisoned(F_SETLK), lock));
    lock->l_type = F_RDLCK;
    result("F_GETLK", syscall(SYS_fcntl, file, poisoned(F_GETLK), lock));
    say("  type %d\n", lock->l_type);
    result("F_SETLKW", syscall(SYS_fcntl, file, poisoned(F_SETLKW), lock));
    result("flock", syscall(SYS_flock, file, poisoned(LOCK_EX | LOCK_NB)));
    int again = open("file", O_RDWR);
    result("flock again", syscall(SYS_flock, again, poisoned(LOCK_EX | LOCK_NB)));
    result("flock, unlock", syscall(SYS_flock, file, poisoned(LOCK_UN)));
    need(write(ends[1], "abc", 3) == 3);
    int *count = pageEnd(4);
    result("FIONREAD", syscall(SYS_ioctl, ends[0], poisoned(FIONREAD), count));
    say("  %d\n", *count);
    result("FIONREAD nowhere", syscall(SYS_ioctl, ends[0], poisoned(FIONREAD), badAddress()));
    result("FIONBIO", syscall(SYS_ioctl, ends[0], poisoned(FIONBIO), count));
    result("FIOCLEX", syscall(SYS_ioctl, ends[0], poisoned(FIOCLEX)));
    result("TCGETS", syscall(SYS_ioctl, ends[0], poisoned(TCGETS), badAddress()));
    result("ftruncate", syscall(SYS_ftruncate, file, 100L + round));
    result("fadvise64", syscall(SYS_fadvise64, file, 0L, 0L, 0L));
    result("fsync", syscall(SYS_fsync, file));
    result("umask", syscall(SYS_umask, poisoned(022 + round)));
    need(close(again) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
    for (int i = 5; i < 40; i++) close(i);
  }
  return 0;
}
