// fork: what the child shares and what it owns; pids; fork through every call that can do it.
#include "../guest.h"

static int value = 1;

int main(void) {
  int file = patternFile("file", 100);
  pid_t parent = getpid();
  pid_t child = syscall(SYS_fork);
  if (child == 0) {
    value = 2;
    lseek(file, 50, SEEK_SET);
    say("child: parent is right %d, own pid differs %d\n", getppid() == parent, getpid() != parent);
    _exit(3);
  }
  reap("child", child);
  say("value %d, file offset %ld\n", value, (long)lseek(file, 0, SEEK_CUR));
  for (int i = 0; i < 20; i++) {
    child = fork();
    if (child == 0) {
      say("child %d\n", i);
      _exit(i);
    }
    reap("  ended", child);
  }
  // A tree three generations deep, each reaping the next.
  child = fork();
  if (child == 0) {
    pid_t grandchild = fork();
    if (grandchild == 0) {
      pid_t last = fork();
      if (last == 0) _exit(30);
      reap("third", last);
      _exit(20);
    }
    reap("second", grandchild);
    _exit(10);
  }
  reap("first", child);
  // All at once, reaped in the order of their pids.
  pid_t many[10];
  for (int i = 0; i < 10; i++)
    if ((many[i] = fork()) == 0) {
      volatile long sum = 0;
      for (long j = 0; j < 100000 * (10 - i); j++) sum += j;
      _exit(i);
    }
  for (int i = 0; i < 10; i++) reap("one of many", many[i]);
  return 0;
}
