// A thread lets two workers go, says at once that they are to halt, and waits until both have: again and again, as a
// collector does that stops the world. What the workers do needs a turn between the two; with every turn given only
// when the thread waits, they never get one. Linux lets them in now and then.
// build: -pthread
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../guest.h"

enum { workers = 2, steps = 5 };

static atomic_int halt, halted, generation, done;

static void futexWait(atomic_int* word, int value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}
static void futexWake(atomic_int* word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1 << 30, NULL, NULL, 0); }

static void* work(void* argument) {
  for (int taken = 0; taken < steps;) {
    const int seen = generation;
    if (!halt) {
      taken++;
      continue;
    }
    // One halt counts once for each worker.
    atomic_fetch_add(&halted, 1);
    futexWake(&halted);
    while (generation == seen) futexWait(&generation, seen);
  }
  atomic_fetch_add(&done, 1);
  futexWake(&halted);
  return argument;
}

int main(void) {
  pthread_t threads[workers];
  halt = 1;
  for (int each = 0; each < workers; each++) pthread_create(&threads[each], NULL, work, NULL);
  for (;;) {
    for (int have; (have = halted) + done < workers;) futexWait(&halted, have);
    if (done == workers) break;
    halted = 0;
    halt = 0;
    generation++;
    futexWake(&generation);
    halt = 1;
  }
  for (int each = 0; each < workers; each++) pthread_join(threads[each], NULL);
  say("both have done their work\n");
  return 0;
}
