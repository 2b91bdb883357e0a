// Progress in a tile of AMX: beside a counter, and alone, until a signal's handler ends the loop. The product tells how
// often that went round. A processor or kernel without tiles counts in memory.
// build: -O2
#include <immintrin.h>
#include <sys/time.h>

#include "../guest.h"

enum { requestPermission = 0x1023, tileData = 18, signals = 5, microseconds = 20000 };

struct configuration {
  unsigned char palette, start, rest[14];
  unsigned short columnBytes[16];
  unsigned char rows[16];
} __attribute__((aligned(64)));

static const struct configuration three = {.palette = 1, .columnBytes = {64, 64, 64}, .rows = {16, 16, 16}};
static char left[1024], right[1024];
static int product[256];
static volatile int ended;

static void handler(int number) { ended = 1; }

static void startTimer(void) {
  ended = 0;
  struct itimerval once = {.it_value = {.tv_usec = microseconds}};
  need(setitimer(ITIMER_REAL, &once, 0) == 0);
}

__attribute__((target("amx-tile,amx-int8"))) static void multiply(void) {
  _tile_loadconfig(&three);
  _tile_zero(0);
  _tile_loadd(1, left, 64);
  _tile_loadd(2, right, 64);
  for (int i = 0; i < 500000; i++) _tile_dpbssd(0, 1, 2);
  _tile_stored(0, product, 64);
  say("counted: %016lx\n", hashOf(product, sizeof product));
  for (int i = 0; i < signals; i++) {
    startTimer();
    while (!ended) _tile_dpbssd(0, 1, 2);
    _tile_stored(0, product, 64);
    say("until a signal: %016lx\n", hashOf(product, sizeof product));
  }
  _tile_release();
}

static void countInMemory(void) {
  for (int i = 0; i < signals; i++) {
    startTimer();
    while (!ended) product[0]++;
    say("until a signal: %d\n", product[0]);
  }
}

int main(void) {
  for (int i = 0; i < 1024; i++) left[i] = (char)i, right[i] = (char)(i * 3);
  signal(SIGALRM, handler);
  if (syscall(SYS_arch_prctl, poisoned(requestPermission), (long)tileData) == 0) {
    multiply();
  } else {
    countInMemory();
  }
  return 0;
}
