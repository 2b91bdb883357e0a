// epoll: level and edge, one-shot, data words, nested, time limits, waiting for a child, errors.
#include <sys/epoll.h>
#include <time.h>

#include "../guest.h"

static struct epoll_event *events;

static void show(const char *what, long count) {
  result(what, count);
  for (long i = 0; i < count; i++) say("  %x %lx\n", events[i].events, (long)events[i].data.u64);
}

int main(void) {
  int queue = syscall(SYS_epoll_create1, poisoned(EPOLL_CLOEXEC));
  say("epoll_create1 %d, epoll_create %ld\n", queue, syscall(SYS_epoll_create, poisoned(10)));
  int a[2], b[2];
  need(pipe(a) == 0 && pipe(b) == 0);
  events = pageEnd(2 * sizeof *events);
  struct epoll_event wanted = {EPOLLIN, {.u64 = 0x1234567890abcdef}};
  result("add", syscall(SYS_epoll_ctl, poisoned(queue), poisoned(EPOLL_CTL_ADD), poisoned(a[0]),
                        pageEndCopy(&wanted, sizeof wanted)));
  result("add again", epoll_ctl(queue, EPOLL_CTL_ADD, a[0], &wanted));
  show("nothing now", syscall(SYS_epoll_wait, poisoned(queue), events, poisoned(2), poisoned(0)));
  show("nothing within 5 ms", syscall(SYS_epoll_wait, poisoned(queue), events, poisoned(2), poisoned(5)));
  need(write(a[1], "x", 1) == 1);
  show("level", epoll_wait(queue, events, 2, -1));
  show("level again", epoll_wait(queue, events, 2, -1));
  wanted.events = EPOLLIN | EPOLLET;
  result("edge", epoll_ctl(queue, EPOLL_CTL_MOD, a[0], &wanted));
  show("edge", epoll_wait(queue, events, 2, 0));
  show("edge again", epoll_wait(queue, events, 2, 0));
  wanted.events = EPOLLOUT | EPOLLONESHOT;
  wanted.data.u64 = 7;
  result("add output", epoll_ctl(queue, EPOLL_CTL_ADD, b[1], &wanted));
  show("one-shot", epoll_wait(queue, events, 2, 0));
  show("one-shot again", epoll_wait(queue, events, 2, 0));
  result("delete", epoll_ctl(queue, EPOLL_CTL_DEL, b[1], 0));
  int outer = epoll_create1(0);
  wanted = (struct epoll_event){EPOLLIN, {.u64 = 9}};
  result("nested", epoll_ctl(outer, EPOLL_CTL_ADD, queue, &wanted));
  pid_t child = fork();
  if (child == 0) {
    usleep(5000);
    _exit(write(a[1], "y", 1) == 1 ? 0 : 1);
  }
  uint64_t mask = 0;
  show("epoll_pwait waits for a child",
       syscall(SYS_epoll_pwait, poisoned(outer), events, poisoned(2), poisoned(-1), &mask, 8L));
  reap("child", child);
  struct timespec limit = {0, 0};
  show("epoll_pwait2", syscall(SYS_epoll_pwait2, poisoned(queue), events, poisoned(1), &limit, 0L, 8L));
  need(write(a[1], "z", 1) == 1);
  result("bad address", syscall(SYS_epoll_wait, poisoned(queue), badAddress(), poisoned(2), poisoned(0)));
  result("count 0", epoll_wait(queue, events, 0, 0));
  result("not an epoll", epoll_wait(0, events, 1, 0));
  result("a file", epoll_ctl(queue, EPOLL_CTL_ADD, patternFile("file", 1), &wanted));
  return 0;
}
