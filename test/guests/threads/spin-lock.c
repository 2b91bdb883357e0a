// A spin lock that its holder keeps for longer than a time slice: the others burn theirs, and must lose the processor
// to the holder.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

static pthread_spinlock_t lock;
static unsigned long counter;

static void *body(void *argument unused) {
  for (int i = 0; i < 3; i++) {
    pthread_spin_lock(&lock);
    for (volatile unsigned long turn = 0; turn < 20000000; turn++) counter += turn & 1;
    pthread_spin_unlock(&lock);
  }
  for (int i = 0; i < 20000; i++) {
    pthread_spin_lock(&lock);
    counter++;
    pthread_spin_unlock(&lock);
  }
  return 0;
}

int main(void) {
  pthread_t threads[3];
  need(pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE) == 0);
  for (int i = 0; i < 3; i++) need(pthread_create(&threads[i], 0, body, 0) == 0);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  say("counter %lu\n", counter);
  return 0;
}
