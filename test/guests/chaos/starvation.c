// A bug: workers are given a tenth of a second for what takes them no time at all. Status 1 when one was late.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

enum { workers = 4 };
static volatile int done[workers];

static void *body(void *argument) {
  usleep(1000);
  done[(intptr_t)argument] = 1;
  return 0;
}

int main(void) {
  pthread_t threads[workers];
  for (int i = 0; i < workers; i++) need(pthread_create(&threads[i], 0, body, (void *)(intptr_t)i) == 0);
  usleep(100000);
  for (int i = 0; i < workers; i++) {
    if (!done[i]) _exit(1);
  }
  for (int i = 0; i < workers; i++) pthread_join(threads[i], 0);
  return 0;
}
