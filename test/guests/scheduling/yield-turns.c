// Threads that wait for their turn by sched_yield alone.
// build: -pthread
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "../guest.h"

enum { threads = 8, rounds = 40 };
static atomic_int turn;

static void *body(void *argument) {
  int me = (int)(intptr_t)argument;
  for (int i = 0; i < rounds; i++) {
    while (atomic_load(&turn) % threads != me) sched_yield();
    atomic_fetch_add(&turn, 1);
  }
  return 0;
}

int main(void) {
  pthread_t all[threads];
  for (int i = 0; i < threads; i++) need(pthread_create(&all[i], 0, body, (void *)(intptr_t)i) == 0);
  for (int i = 0; i < threads; i++) pthread_join(all[i], 0);
  say("turns %d\n", atomic_load(&turn));
  return 0;
}
