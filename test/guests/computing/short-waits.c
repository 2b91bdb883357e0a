// Calls that wait for a moment, between short computations: a forced stop that comes as such a call is entered must not
// break it off, which epoll_wait and nanosleep would tell.
// build: -pthread
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <time.h>

#include "../guest.h"

static volatile unsigned long sum;

static void compute(int rounds) {
  for (int i = 0; i < rounds; i++) sum += i;
}

static void *body(void *argument unused) {
  int poller = epoll_create1(0);
  need(poller >= 0);
  int word = 0;
  for (int i = 0; i < 1200; i++) {
    compute(i * 7 % 4001);
    struct epoll_event event;
    need(epoll_wait(poller, &event, 1, i & 1) == 0);
    compute(i * 11 % 4001);
    struct timespec moment = {0, 10000};
    need(nanosleep(&moment, 0) == 0);
    need(poll(0, 0, 0) == 0);
    need(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &moment, 0, 0) == -1 && errno == ETIMEDOUT);
  }
  close(poller);
  return 0;
}

int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) need(pthread_create(&threads[i], 0, body, 0) == 0);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
  say("done\n");
  return 0;
}
