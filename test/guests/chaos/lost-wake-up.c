// A bug: the sleeper looks whether there is work, and tells that it sleeps a few system calls later. Work that comes in
// between wakes nobody. Status 1 when that happened.
// build: -pthread
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#include "../guest.h"

static atomic_int work, sleeping;
static int bell;

static void *produce(void *argument unused) {
  atomic_store(&work, 1);
  if (atomic_load(&sleeping)) need(write(bell, &(uint64_t){1}, 8) == 8);
  return 0;
}

int main(void) {
  bell = eventfd(0, 0);
  pthread_t thread;
  need(bell >= 0 && pthread_create(&thread, 0, produce, 0) == 0);
  int lost = 0;
  if (!atomic_load(&work)) {
    for (int i = 0; i < 5; i++) getppid();
    atomic_store(&sleeping, 1);
    lost = poll(&(struct pollfd){.fd = bell, .events = POLLIN}, 1, 1000) == 0;
  }
  pthread_join(thread, 0);
  return lost;
}
