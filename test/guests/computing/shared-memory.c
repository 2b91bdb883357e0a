// Progress in memory that is shared: of no file, of a memfd, of a file. A signal shows where the loop is.
// build: -O2
#include "../once.h"

enum { kSize = 64 * pageSize, kSignals = 30, kSoon = 3000 };

static unsigned char *volatile base;
static volatile int signals;

static unsigned long *counter(void) { return (unsigned long *)(base + kSize / 2); }

static void onAlarm(int number) {
  say("%lu\n", *counter());
  if (++signals < kSignals) signalOnce(ITIMER_REAL, kSoon);
}

__attribute__((noinline)) static int count(void) {
  ++*counter();
  return signals < kSignals;
}

static void run(unsigned char *memory) {
  need(memory != MAP_FAILED);
  base = memory;
  signals = 0;
  signalOnce(ITIMER_REAL, kSoon);
  while (count()) {
  }
}

static int file(void) {
  char name[] = "/tmp/rr-guest-shared-XXXXXX";
  const int descriptor = mkstemp(name);
  need(descriptor >= 0 && unlink(name) == 0);
  return descriptor;
}

static unsigned char *shared(int flags, int descriptor) {
  if (descriptor >= 0) need(ftruncate(descriptor, kSize) == 0);
  return mmap(0, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | flags, descriptor, 0);
}

int main(void) {
  need(signal(SIGALRM, onAlarm) != SIG_ERR);
  run(shared(MAP_ANONYMOUS, -1));
  run(shared(0, memfd_create("shared", 0)));
  run(shared(0, file()));
  return 0;
}
