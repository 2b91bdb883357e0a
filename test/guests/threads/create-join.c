// Threads one at a time: created, run to their end, joined; each with its own errno, stack and thread-local value.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

static __thread int local = 1;
static int shared;

static void *body(void *argument) {
  local += (int)(intptr_t)argument;
  shared += local;
  errno = 5;
  say("thread %ld: local %d, tid differs %d\n", (long)(intptr_t)argument, local, gettid() != getpid());
  return (void *)(intptr_t)(local * 10);
}

int main(void) {
  for (int i = 0; i < 5; i++) {
    pthread_t thread;
    void *value;
    errno = 0;
    need(pthread_create(&thread, 0, body, (void *)(intptr_t)i) == 0);
    need(pthread_join(thread, &value) == 0);
    say("joined %ld, shared %d, local %d, errno %d\n", (long)(intptr_t)value, shared, local, errno);
  }
  return 0;
}
