// One thread spins until another, which has to get its turn for that, sets a flag.
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int flag;

static void *set(void *unused) {
  usleep(5000);
  atomic_store(&flag, 1);
  return unused;
}

int main(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, set, NULL) != 0) return 1;
  while (!atomic_load(&flag)) {
  }
  return pthread_join(thread, NULL);
}
