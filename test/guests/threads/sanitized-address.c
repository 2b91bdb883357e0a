// Threads under AddressSanitizer, which reserves terabytes and calls into itself around all that the program does.
// build: -pthread -fsanitize=address
#include <pthread.h>

#include "../guest.h"

enum { threads = 3, turns = 1000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int counter;

static void *body(void *argument unused) {
  for (int i = 0; i < turns; i++) {
    pthread_mutex_lock(&lock);
    counter++;
    pthread_mutex_unlock(&lock);
  }
  return malloc(10);
}

int main(void) {
  pthread_t thread[threads];
  for (int i = 0; i < threads; i++) need(pthread_create(&thread[i], 0, body, 0) == 0);
  for (int i = 0; i < threads; i++) {
    void *result;
    need(pthread_join(thread[i], &result) == 0);
    free(result);
  }
  say("%d\n", counter);
  return 0;
}
