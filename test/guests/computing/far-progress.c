// A loop that looks the same every eight million rounds but for a counter far from everything; a signal handler tells
// the kernel how far it has come. build: -O2
#include "../once.h"

enum { kSignals = 100, kSoon = 10000 };
#define FAR (1 << 20)
#define LOOKS_SAME (1 << 23)

static unsigned char *volatile base;

static unsigned long *counter(void) { return (unsigned long *)(base + FAR); }

static int signals;

static void tell(int number) {
  (void)number;
  syscall(SYS_lseek, -1L, *counter(), 0L);
  if (++signals < kSignals) signalOnce(ITIMER_REAL, kSoon);
}

int main(void) {
  base = calloc(1, 2 * FAR);
  signal(SIGALRM, tell);
  signalOnce(ITIMER_REAL, kSoon);
  do {
    // No register holds the count, nor points near it.
    for (long round = 0; round < LOOKS_SAME; round++) {
      __asm__ volatile("incq %c1(%0)" : : "r"(base), "i"(FAR) : "memory", "cc");
    }
  } while (*counter() < 30 * LOOKS_SAME);
  say("%lu\n", *counter());
  return 0;
}
