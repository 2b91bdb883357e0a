// Two threads that compute, each two seconds, in a process of 30,000 mappings.
#include <pthread.h>
#include <time.h>

#include "../guest.h"

enum { kMappings = 30000 };

static double computed(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *compute(void *nothing) {
  volatile unsigned long sum = 0;
  do {
    for (int i = 0; i < 200000000; i++) sum += (unsigned long)i;
  } while (computed() < 2);
  return nothing;
}

int main(void) {
  char *base = mmap(0, (size_t)kMappings * pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  need(base != MAP_FAILED);
  for (long i = 0; i < kMappings; i += 2) need(mprotect(base + i * pageSize, pageSize, PROT_READ | PROT_WRITE) == 0);
  pthread_t other;
  need(pthread_create(&other, 0, compute, 0) == 0);
  compute(0);
  pthread_join(other, 0);
  say("computed\n");
  return 0;
}
