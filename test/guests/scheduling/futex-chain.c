// A token goes round a ring of threads, each asleep on its own futex until its neighbour wakes it: one lost wake-up and
// it ends here.
// build: -pthread
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../guest.h"

enum { threads = 16, rounds = 25 };
static atomic_int ready[threads];
static int passed;

static void waitUntilReady(int me) {
  while (!atomic_load(&ready[me])) syscall(SYS_futex, &ready[me], FUTEX_WAIT, 0, NULL, NULL, 0);
  atomic_store(&ready[me], 0);
}

static void wake(int who) {
  atomic_store(&ready[who], 1);
  syscall(SYS_futex, &ready[who], FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void *body(void *argument) {
  int me = (int)(intptr_t)argument;
  for (int i = 0; i < rounds; i++) {
    waitUntilReady(me);
    passed++;
    wake((me + 1) % threads);
  }
  return 0;
}

int main(void) {
  pthread_t all[threads];
  for (int i = 0; i < threads; i++) need(pthread_create(&all[i], 0, body, (void *)(intptr_t)i) == 0);
  wake(0);
  for (int i = 0; i < threads; i++) pthread_join(all[i], 0);
  say("passed %d times\n", passed);
  return 0;
}
