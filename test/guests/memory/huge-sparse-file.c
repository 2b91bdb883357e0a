// A file of 64 GB that is nearly all hole is mapped shared, changed, and mapped privately: only its data costs time.
#include <sys/mman.h>

#include "../guest.h"

enum { pieces = 8, windowSize = 1 << 16 };

int main(void) {
  const size_t size = 64UL << 30;
  const int file = memfd_create("sparse", 0);
  need(file >= 0 && ftruncate(file, (off_t)size) == 0);
  for (int i = 0; i < pieces; i++) {
    char text[16];
    const int length = snprintf(text, sizeof text, "piece %d", i) + 1;
    need(pwrite(file, text, (size_t)length, (off_t)(size / pieces * (size_t)i)) == length);
  }
  char *all = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  need(all != MAP_FAILED);
  for (int i = 0; i < pieces; i++) say("%s\n", all + size / pieces * (size_t)i);
  say("hole %d\n", all[size / 16]);
  for (int i = 0; i < 3; i++) {
    const size_t place = size / 16 * (size_t)(2 * i + 1);
    snprintf(all + place, 16, "stored %d", i);
    char *window = mmap(0, windowSize, PROT_READ, MAP_PRIVATE, file, (off_t)place);
    need(window != MAP_FAILED);
    say("%s\n", window);
  }
  return 0;
}
