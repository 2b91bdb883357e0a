// Producers and consumers on an eventfd that counts like a semaphore, and an epoll that watches another.
// build: -pthread
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "../guest.h"

enum { pairs = 6, items = 100 };
static int semaphore, bell;
static atomic_int taken;

static void *produce(void *argument unused) {
  for (int i = 0; i < items; i++) need(write(semaphore, &(uint64_t){1}, 8) == 8);
  return 0;
}

static void *consume(void *argument unused) {
  uint64_t one;
  for (int i = 0; i < items; i++) {
    need(read(semaphore, &one, 8) == 8 && one == 1);
    if (atomic_fetch_add(&taken, 1) + 1 == pairs * items) need(write(bell, &(uint64_t){1}, 8) == 8);
  }
  return 0;
}

int main(void) {
  semaphore = eventfd(0, EFD_SEMAPHORE);
  bell = eventfd(0, 0);
  int watch = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  need(semaphore >= 0 && bell >= 0 && watch >= 0 && epoll_ctl(watch, EPOLL_CTL_ADD, bell, &event) == 0);
  pthread_t all[2 * pairs];
  for (int i = 0; i < 2 * pairs; i++) need(pthread_create(&all[i], 0, i % 2 ? produce : consume, 0) == 0);
  need(epoll_wait(watch, &event, 1, -1) == 1);
  for (int i = 0; i < 2 * pairs; i++) pthread_join(all[i], 0);
  say("taken %d\n", atomic_load(&taken));
  return 0;
}
