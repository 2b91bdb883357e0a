// A bug: a thread is started before what it needs is ready; mostly its maker is faster. Status 1 when it was not.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

static const char *volatile configuration;
static volatile int missing;

static void *body(void *argument unused) {
  if (!configuration) missing = 1;
  return 0;
}

int main(void) {
  pthread_t thread;
  need(pthread_create(&thread, 0, body, 0) == 0);
  configuration = "ready";
  pthread_join(thread, 0);
  return missing;
}
