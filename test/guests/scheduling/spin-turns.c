// Two threads that hand a token to each other, and wait for it by looking at memory: without and with a counter.
// build: -O2
#include <pthread.h>

#include "../guest.h"

enum { rounds = 100 };

static volatile int turn;

static void await(int whose, int counts) {
  if (counts) {
    for (long i = 0; i < 1000000000 && turn != whose; i++) __builtin_ia32_pause();
  } else {
    while (turn != whose) {
    }
  }
}

static void *take(void *counts) {
  for (int i = 0; i < rounds; i++) {
    await(1, counts != 0);
    turn = 0;
  }
  return 0;
}

static void play(int counts) {
  pthread_t other;
  need(pthread_create(&other, 0, take, counts ? &other : 0) == 0);
  for (int i = 0; i < rounds; i++) {
    turn = 1;
    await(0, counts);
  }
  need(pthread_join(other, 0) == 0);
}

int main(void) {
  play(0);
  play(1);
  say("done\n");
  return 0;
}
