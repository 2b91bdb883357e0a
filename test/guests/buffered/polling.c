// Each call that waits for descriptors, again and again: ready, not ready with no time to wait, and ready only later,
// when neither the events asked for nor the sets may be spoilt by the first look.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "../guest.h"

enum { rounds = 2 };

static int ends[2];

// Writes a byte, after some time in a child.
static pid_t writeLater(void) {
  pid_t child = fork();
  if (child == 0) {
    usleep(3000);
    _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
  }
  return child;
}

static void drain(void) {
  char byte;
  need(read(ends[0], &byte, 1) == 1);
}

static long waitBy(int how, int milliseconds, uint64_t *seen) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000}, *limit = milliseconds < 0 ? 0 : &time;
  struct timeval timeval = {milliseconds / 1000, milliseconds % 1000 * 1000};
  static struct pollfd *polled;
  static uint64_t *set;
  static struct epoll_event *events;
  if (!polled) {
    polled = pageEnd(2 * sizeof *polled);
    set = pageEnd(8);
    events = pageEnd(2 * sizeof *events);
  }
  polled[0] = (struct pollfd){ends[0], POLLIN, 0x7777};
  polled[1] = (struct pollfd){-1, POLLIN, 0x7777};
  *set = 1UL << ends[0];
  events[0].events = 0;
  static int epoll = -1;
  if (epoll < 0) {
    epoll = epoll_create1(0);
    struct epoll_event wanted = {EPOLLIN, {.u64 = 0x1234567890}};
    need(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &wanted) == 0);
  }
  long value = -2;
  switch (how) {
    case 0:
      value = syscall(SYS_poll, polled, poisoned(2), poisoned(milliseconds));
      break;
    case 1:
      value = syscall(SYS_ppoll, polled, poisoned(2), limit, 0L, 8L);
      break;
    case 2:
      value = syscall(SYS_select, poisoned(ends[0] + 1), set, 0L, 0L, milliseconds < 0 ? 0 : &timeval);
      break;
    case 3:
      value = syscall(SYS_pselect6, poisoned(ends[0] + 1), set, 0L, 0L, limit, 0L);
      break;
    case 4:
      value = syscall(SYS_epoll_wait, epoll, events, poisoned(2), poisoned(milliseconds));
      break;
    case 5:
      value = syscall(SYS_epoll_pwait, epoll, events, poisoned(2), poisoned(milliseconds), 0L, 8L);
      break;
    case 6:
      value = syscall(SYS_epoll_pwait2, epoll, events, poisoned(2), limit, 0L, 8L);
      break;
  }
  if (how < 2) *seen = (uint16_t)polled[0].revents | (uint64_t)(uint16_t)polled[1].revents << 16;
  if (how == 2 || how == 3) *seen = *set == 1UL << ends[0] ? 1 : *set;
  if (how > 3) *seen = value > 0 ? events[0].events + (uint64_t)events[0].data.u64 : events[0].events;
  return value;
}

int main(void) {
  static const char *const names[] = {"poll",       "ppoll",       "select",      "pselect6",
                                      "epoll_wait", "epoll_pwait", "epoll_pwait2"};
  need(pipe(ends) == 0);
  for (int how = 0; how < 7; how++) {
    for (int round = 0; round < rounds; round++) {
      uint64_t seen = 0;
      say("%s, nothing:", names[how]);
      result("", waitBy(how, 0, &seen));
      say("  %lx\n", seen);
      need(write(ends[1], "x", 1) == 1);
      result("  ready, for ever", waitBy(how, -1, &seen));
      say("  %lx\n", seen);
      result("  ready, a time", waitBy(how, 10000, &seen));
      say("  %lx\n", seen);
      result("  ready, now", waitBy(how, 0, &seen));
      say("  %lx\n", seen);
      drain();
      result("  within 2 ms", waitBy(how, 2, &seen));
      say("  %lx\n", seen);
      pid_t child = writeLater();
      result("  later", waitBy(how, -1, &seen));
      say("  %lx\n", seen);
      reap("  child", child);
      drain();
    }
  }
  struct pollfd *bad = mmap(0, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int round = 0; round < rounds; round++) {
    result("read-only", syscall(SYS_poll, bad, poisoned(3), poisoned(0)));
    result("none at all", syscall(SYS_poll, 0L, poisoned(0), poisoned(0)));
    struct timespec wrong = {0, 1000000000};
    result("bad time", syscall(SYS_pselect6, 0L, 0L, 0L, 0L, &wrong, 0L));
    struct timeval old = {0, 0};
    result("select nothing", syscall(SYS_select, poisoned(0), 0L, 0L, 0L, &old));
    result("no events", syscall(SYS_epoll_wait, 99, bad, poisoned(0), 0L));
    result("bad descriptor", syscall(SYS_epoll_wait, 99, bad, poisoned(1), 0L));
  }
  return 0;
}
