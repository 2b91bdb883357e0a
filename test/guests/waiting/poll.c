// poll and ppoll: ready at once, after a time, after a child wrote, hang-ups, closed descriptors, negative ones.
#include <poll.h>
#include <time.h>

#include "../guest.h"

static struct pollfd *set;

static void show(const char *what, long value, int count) {
  result(what, value);
  for (int i = 0; i < count; i++) say("  %d: %x\n", i, set[i].revents);
}

int main(void) {
  int a[2], b[2];
  need(pipe(a) == 0 && pipe(b) == 0);
  set = pageEnd(3 * sizeof *set);
  set[0] = (struct pollfd){a[0], POLLIN, 0x7777};
  set[1] = (struct pollfd){b[1], POLLOUT, 0x7777};
  set[2] = (struct pollfd){-1, POLLIN, 0x7777};
  show("poll", syscall(SYS_poll, set, poisoned(3), poisoned(-1)), 3);
  set[1].events = 0;
  show("poll nothing within 5 ms", syscall(SYS_poll, set, poisoned(2), poisoned(5)), 2);
  show("poll nothing now", syscall(SYS_poll, set, poisoned(2), poisoned(0)), 2);
  pid_t child = fork();
  if (child == 0) {
    usleep(5000);
    _exit(write(a[1], "x", 1) == 1 ? 0 : 1);
  }
  show("poll waits for a child", syscall(SYS_poll, set, poisoned(1), poisoned(-1)), 1);
  reap("child", child);
  struct timespec limit = {1, 0}, *time = pageEnd(sizeof *time);
  *time = limit;
  uint64_t *mask = pageEnd(8);
  *mask = 0;
  show("ppoll", syscall(SYS_ppoll, set, poisoned(1), time, mask, 8L), 1);
  say("  time left: less or all %d\n", time->tv_sec <= 1);
  close(a[1]);
  char byte;
  need(read(a[0], &byte, 1) == 1);
  show("hang-up", poll(set, 1, -1), 1);
  close(b[0]);
  set[0] = (struct pollfd){b[1], POLLOUT, 0};
  show("nobody reads", poll(set, 1, -1), 1);
  set[0] = (struct pollfd){99, POLLIN, 0};
  show("closed", poll(set, 1, -1), 1);
  result("bad address", syscall(SYS_poll, badAddress(), poisoned(1), poisoned(0)));
  result("one entry too many", syscall(SYS_poll, set, poisoned(4), poisoned(0)));
  result("none", syscall(SYS_poll, 0L, poisoned(0), poisoned(1)));
  result("ppoll bad time", (time->tv_nsec = 2000000000, syscall(SYS_ppoll, set, poisoned(1), time, 0L, 8L)));
  return 0;
}
