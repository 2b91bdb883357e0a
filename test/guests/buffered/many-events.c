// epoll_wait gives all that is ready, however much that is: again and again, with room for all and for many more.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "../guest.h"

enum { ready = 1500, rounds = 3 };

static struct epoll_event events[20000];

int main(void) {
  struct rlimit limit;
  need(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max > ready + 10);
  limit.rlim_cur = ready + 10;
  need(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  int queue = epoll_create1(0);
  for (int i = 0; i < ready; i++) {
    struct epoll_event wanted = {EPOLLIN, {.u64 = (uint64_t)i}};
    need(epoll_ctl(queue, EPOLL_CTL_ADD, eventfd(1, 0), &wanted) == 0);
  }
  const int rooms[] = {1024, 1025, 1500, 10128, 16384, 16385, 20000};
  for (int round = 0; round < rounds; round++) {
    for (size_t each = 0; each < sizeof rooms / sizeof *rooms; each++) {
      const int count = epoll_wait(queue, events, rooms[each], -1);
      uint64_t sum = 0;
      for (int i = 0; i < count; i++) sum += events[i].data.u64;
      // With less room than there are, the kernel goes on where it left off.
      say("room for %d: %d\n", rooms[each], count);
      if (count == ready) say("sum %lu\n", sum);
    }
  }
  return 0;
}
