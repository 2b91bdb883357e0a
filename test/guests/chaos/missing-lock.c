// A bug: two threads add to one account without a lock, with a look at the clock between reading and writing. Status 1
// when an addition got lost.
// build: -pthread
#include <pthread.h>
#include <time.h>

#include "../guest.h"

enum { additions = 5 };
static volatile long account;

static void *add(void *argument unused) {
  for (int i = 0; i < additions; i++) {
    long value = account;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    account = value + 1;
  }
  return 0;
}

int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) need(pthread_create(&threads[i], 0, add, 0) == 0);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
  return account != 2 * additions;
}
