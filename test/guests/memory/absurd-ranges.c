// mprotect, pkey_mprotect, madvise on ranges that no program has: above all memory, around its end, far beyond it.
#include "../guest.h"

static const unsigned long above = 0xfacebeef00000000;

static void try(const char *what, char *address, unsigned long length) {
  say("%s\n", what);
  result("  mprotect", syscall(SYS_mprotect, address, length, (long)PROT_READ));
  result("  pkey_mprotect", syscall(SYS_pkey_mprotect, address, length, (long)PROT_READ, poisoned(-1)));
  result("  madvise", syscall(SYS_madvise, address, length, poisoned(MADV_DONTNEED)));
  result("  munmap", syscall(SYS_munmap, address, length));
}

int main(void) {
  try("above, nothing", (char *)above, 0);
  try("above, a page", (char *)above, pageSize);
  try("above, far", (char *)above, above);
  try("around its end", (char *)above, -above + pageSize);
  // mprotect works on what there is before the hole.
  char *area = mmap(0, 4 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(area, 'a', 4 * pageSize);
  need(munmap(area + 3 * pageSize, pageSize) == 0);
  // Its end wraps to the area's own: nothing is changed.
  result("madvise around", syscall(SYS_madvise, area + pageSize, -(unsigned long)pageSize, poisoned(MADV_DONTNEED)));
  result("mprotect around", syscall(SYS_mprotect, area + pageSize, -(unsigned long)pageSize, (long)PROT_NONE));
  say("%d %d %d\n", area[0], area[pageSize], area[3 * pageSize - 1]);
  result("mprotect far beyond", syscall(SYS_mprotect, area + 2 * pageSize, 1UL << 62, (long)PROT_READ));
  int ends[2];
  need(pipe(ends) == 0 && write(ends[1], "xyz", 3) == 3);
  result("read into the page before", read(ends[0], area + pageSize, 1));
  result("read into it", read(ends[0], area + 2 * pageSize, 1));
  say("%d %d\n", area[pageSize], area[2 * pageSize]);
  return 0;
}
