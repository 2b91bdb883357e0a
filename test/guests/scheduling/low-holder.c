// A thread of the lowest priority holds a lock for which one of the highest spins, with sched_yield (argument `yield`)
// or without. It must get its time all the same.
// build: -pthread
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "../guest.h"

static atomic_int lock, held, spinning;
static int yields;

static void *hold(void *argument unused) {
  need(setpriority(PRIO_PROCESS, gettid(), 19) == 0);
  for (int i = 0; i < 3; i++) {
    while (atomic_exchange(&lock, 1)) sched_yield();
    atomic_store(&held, 1);
    while (!atomic_load(&spinning)) {
    }
    for (volatile int work = 0; work < 20000; work++) {
    }
    atomic_store(&lock, 0);
    while (atomic_load(&held)) usleep(100);
  }
  return 0;
}

int main(int count, char **words unused) {
  yields = count > 1;
  pthread_t thread;
  need(pthread_create(&thread, 0, hold, 0) == 0);
  for (int i = 0; i < 3; i++) {
    while (!atomic_load(&held)) usleep(100);
    while (atomic_exchange(&lock, 1)) {
      atomic_store(&spinning, 1);
      if (yields) sched_yield();
    }
    atomic_store(&spinning, 0);
    atomic_store(&held, 0);
    atomic_store(&lock, 0);
  }
  pthread_join(thread, 0);
  say("done\n");
  return 0;
}
