// MAP_FIXED over existing mappings, MAP_FIXED_NOREPLACE, and addresses that are refused.
#include "../guest.h"

int main(void) {
  char *area = mmap(0, 8 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(area, 'a', 8 * pageSize);
  int file = patternFile("file", 2 * pageSize);
  char *middle = mmap(area + 3 * pageSize, 2 * pageSize, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
  say("in the middle: %d\n", middle == area + 3 * pageSize);
  say("%c %c %c %c\n", area[3 * pageSize - 1], area[3 * pageSize + 1], area[5 * pageSize - 1], area[5 * pageSize]);
  char *zeros = mmap(area, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  say("zeros over the first page: %d, then %c\n", zeros[10], area[pageSize]);
  result("NOREPLACE over a mapping",
         (long)mmap(area, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  munmap(area + 7 * pageSize, pageSize);
  char *again =
      mmap(area + 7 * pageSize, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  say("NOREPLACE in a hole: %d\n", again == area + 7 * pageSize);
  result("not at a page", (long)mmap(area + 1, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
  result("in the kernel's half",
         (long)mmap((void *)(1UL << 63), pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
  // A file mapping that replaces part of a file mapping.
  char *shared = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  char *over = mmap(shared + pageSize, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
  memcpy(shared, "both", 4);
  say("same page twice: %.4s\n", over);
  return 0;
}
