// N turns passed to and fro between two threads by one futex word.
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int turn;
static long count;

static void play(int mine) {
  for (long i = 0; i < count; i++) {
    int seen;
    while ((seen = atomic_load(&turn)) != mine) syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    atomic_store(&turn, 1 - mine);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  }
}

static void *other(void *unused) {
  play(1);
  return unused;
}

int main(int argc, char **argv) {
  count = (argc > 1 ? atol(argv[1]) : 200000) / 2;
  pthread_t thread;
  if (pthread_create(&thread, NULL, other, NULL) != 0) return 1;
  play(0);
  return pthread_join(thread, NULL);
}
