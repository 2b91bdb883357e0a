// mremap: shrinks, grows in place and by moving, to a fixed address, and copies of shared memory.
#include "../guest.h"

int main(void) {
  char *area = mmap(0, 40 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 40; i++) memset(area + i * pageSize, 'A' + i % 26, pageSize);
  say("shrink in place: %d\n", mremap(area, 40 * pageSize, 20 * pageSize, 0) == area);
  say("grow in place: %d\n", mremap(area, 20 * pageSize, 30 * pageSize, 0) == area);
  say("new pages are zero: %d, old are there: %c\n", area[25 * pageSize], area[19 * pageSize]);
  need(munmap(area + 29 * pageSize, pageSize) == 0);
  char *blocker = mmap(area + 29 * pageSize, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  need(blocker == area + 29 * pageSize);
  result("grow in place, blocked", (long)mremap(area + 10 * pageSize, 19 * pageSize, 50 * pageSize, 0));
  char *moved = mremap(area, 10 * pageSize, 60 * pageSize, MREMAP_MAYMOVE);
  need(moved != MAP_FAILED);
  say("moved: %d, content %c %c, new part %d\n", moved != area, moved[0], moved[9 * pageSize], moved[50 * pageSize]);
  char *target = mmap(0, 100 * pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *fixed = mremap(moved, 60 * pageSize, 30 * pageSize, MREMAP_MAYMOVE | MREMAP_FIXED, target + 5 * pageSize);
  say("at a fixed address: %d, content %c\n", fixed == target + 5 * pageSize, fixed[3 * pageSize]);
  char *shared = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  strcpy(shared, "one page, two addresses");
  char *twin = mremap(shared, 0, pageSize, MREMAP_MAYMOVE);
  strcpy(shared + 10, "changed");
  say("%s\n", twin + 10);
  char *kept = mremap(area + 11 * pageSize, 2 * pageSize, 2 * pageSize, MREMAP_MAYMOVE | 4);
  if (kept != MAP_FAILED) say("DONTUNMAP: old %d, new %c\n", area[11 * pageSize], kept[0]);
  int file = patternFile("file", 4 * pageSize);
  char *map = mmap(0, pageSize, PROT_READ, MAP_PRIVATE, file, 0);
  map = mremap(map, pageSize, 4 * pageSize, MREMAP_MAYMOVE);
  say("file mapping grown: %.5s\n", map + 3 * pageSize);
  result("unmapped", (long)mremap((void *)0x10000, pageSize, 2 * pageSize, MREMAP_MAYMOVE));
  result("not at a page", (long)mremap(map + 1, pageSize, 2 * pageSize, MREMAP_MAYMOVE));
  result("to nothing", (long)mremap(map, pageSize, 0, 0));
  return 0;
}
