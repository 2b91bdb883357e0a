// One file mapped shared two thousand times, side by side, most of it unmapped again piece by piece: a write to the
// file shows in the views that are left, and in these alone.
#include "../guest.h"

enum { views = 2000, size = 4096 };

int main(void) {
  const int file = memfd_create("views", 0);
  need(ftruncate(file, size) == 0);
  char *base = mmap(0, (size_t)views * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  need(base != MAP_FAILED);
  for (long i = 0; i < views; i++) {
    need(mmap(base + i * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == base + i * size);
  }
  for (long i = views - 1; i >= 0; i--) {
    if (i % 1000 == 7) continue;
    need(mmap(base + i * size, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == base + i * size);
  }
  need(pwrite(file, "changed", 7, 100) == 7);
  long seen = 0;
  for (long i = 0; i < views; i++) seen += memcmp(base + i * size + 100, "changed", 7) == 0;
  say("%ld views show the change\n", seen);
  base[7 * size] = 'x';
  say("the last view has %c\n", base[(views - 993L) * size]);
  return 0;
}
