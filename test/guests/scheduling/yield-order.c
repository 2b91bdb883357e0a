// Four threads that write their letter and yield, after they have all begun: on one processor each runs once a round.
// build: -pthread
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "../guest.h"

enum { threads = 4, rounds = 10 };
static atomic_int begun, at;
static char letters[threads * rounds + 1];

static void *body(void *argument) {
  atomic_fetch_add(&begun, 1);
  while (atomic_load(&begun) < threads) sched_yield();
  for (int i = 0; i < rounds; i++) {
    letters[atomic_fetch_add(&at, 1)] = (char)('a' + (intptr_t)argument);
    sched_yield();
  }
  return 0;
}

int main(void) {
  pthread_t all[threads];
  for (int i = 0; i < threads; i++) need(pthread_create(&all[i], 0, body, (void *)(intptr_t)i) == 0);
  for (int i = 0; i < threads; i++) pthread_join(all[i], 0);
  say("%s\n", letters);
  return 0;
}
