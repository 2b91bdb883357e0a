// F_SETLK, F_GETLK, F_SETLKW and open file description locks, against a child that holds them.
#include "../guest.h"

static struct flock *lockOf(short type, long start, long length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return pageEndCopy(&lock, sizeof lock);
}

int main(void) {
  int file = patternFile("file", 100);
  int ready[2], done[2];
  need(pipe(ready) == 0 && pipe(done) == 0);
  pid_t child = fork();
  if (child == 0) {
    result("child F_SETLK", syscall(SYS_fcntl, poisoned(file), poisoned(F_SETLK), lockOf(F_WRLCK, 10, 20)));
    need(write(ready[1], "x", 1) == 1);
    char byte;
    need(read(done[0], &byte, 1) == 1);
    _exit(0);
  }
  char byte;
  need(read(ready[0], &byte, 1) == 1);
  struct flock *query = lockOf(F_WRLCK, 0, 0);
  result("F_GETLK", syscall(SYS_fcntl, poisoned(file), poisoned(F_GETLK), query));
  say("  type %d start %ld length %ld owner is the child %d\n", query->l_type, (long)query->l_start, (long)query->l_len,
      query->l_pid == child);
  result("F_SETLK taken", syscall(SYS_fcntl, poisoned(file), poisoned(F_SETLK), lockOf(F_WRLCK, 15, 1)));
  result("F_SETLK elsewhere", syscall(SYS_fcntl, poisoned(file), poisoned(F_SETLK), lockOf(F_RDLCK, 50, 10)));
  query = lockOf(F_WRLCK, 60, 5);
  result("F_GETLK free", syscall(SYS_fcntl, poisoned(file), poisoned(F_GETLK), query));
  say("  type %d\n", query->l_type);
  result("F_GETLK bad address", syscall(SYS_fcntl, poisoned(file), poisoned(F_GETLK), badAddress()));
  result("F_OFD_SETLK", syscall(SYS_fcntl, poisoned(file), poisoned(F_OFD_SETLK), lockOf(F_WRLCK, 80, 5)));
  int again = open("file", O_RDWR);
  query = lockOf(F_WRLCK, 80, 5);
  result("F_OFD_GETLK", syscall(SYS_fcntl, poisoned(again), poisoned(F_OFD_GETLK), query));
  say("  type %d owner %d\n", query->l_type, query->l_pid);
  need(write(done[1], "x", 1) == 1);
  result("F_SETLKW waits for the child",
         syscall(SYS_fcntl, poisoned(file), poisoned(F_SETLKW), lockOf(F_WRLCK, 10, 20)));
  reap("child", child);
  return 0;
}
