// madvise: DONTNEED and FREE on private, shared and file memory, DONTFORK, WIPEONFORK, REMOVE, errors.
#include "../guest.h"

int main(void) {
  char *area = mmap(0, 8 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(area, 'm', 8 * pageSize);
  result("DONTNEED", syscall(SYS_madvise, area + pageSize, 2L * pageSize, poisoned(MADV_DONTNEED)));
  say("  %d %d %d\n", area[0], area[pageSize], area[3 * pageSize]);
  result("FREE", syscall(SYS_madvise, area + 4 * pageSize, (long)pageSize, poisoned(MADV_FREE)));
  area[4 * pageSize] = 'n';
  say("  %c\n", area[4 * pageSize]);
  int file = patternFile("file", 2 * pageSize);
  char *map = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  map[0] = 'X';
  result("DONTNEED of a private file page", madvise(map, pageSize, MADV_DONTNEED));
  say("  %c\n", map[0]);
  map[0] = 'Y';
  result("FREE of a private file page", madvise(map, pageSize, MADV_FREE));
  say("  %c\n", map[0]);
  char *shared = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memset(shared, 's', 2 * pageSize);
  result("DONTNEED of shared memory", madvise(shared, pageSize, MADV_DONTNEED));
  say("  %c\n", shared[0]);
  result("FREE of shared memory", madvise(shared, pageSize, MADV_FREE));
  say("  %c\n", shared[0]);
  result("REMOVE of shared memory", madvise(shared, pageSize, MADV_REMOVE));
  say("  %d %c\n", shared[0], shared[pageSize]);
  result("WIPEONFORK", madvise(area + 6 * pageSize, pageSize, MADV_WIPEONFORK));
  result("DONTFORK", madvise(area + 7 * pageSize, pageSize, MADV_DONTFORK));
  pid_t child = fork();
  if (child == 0) {
    unsigned char state;
    say("child: wiped %d, absent %d\n", area[6 * pageSize], mincore(area + 7 * pageSize, pageSize, &state));
    _exit(area[0] == 'm' ? 0 : 1);
  }
  reap("child", child);
  result("DOFORK", madvise(area + 7 * pageSize, pageSize, MADV_DOFORK));
  result("KEEPONFORK", madvise(area + 6 * pageSize, pageSize, MADV_KEEPONFORK));
  result("WILLNEED", madvise(area, pageSize, MADV_WILLNEED));
  result("NOHUGEPAGE", madvise(area, pageSize, MADV_NOHUGEPAGE));
  result("unknown", madvise(area, pageSize, 12345));
  result("not at a page", madvise(area + 1, pageSize, MADV_DONTNEED));
  need(munmap(area + 2 * pageSize, pageSize) == 0);
  result("over a hole", madvise(area, 4 * pageSize, MADV_DONTNEED));
  say("  %d %d\n", area[0], area[3 * pageSize]);
  return 0;
}
