// Anonymous mappings of every kind: zero-filled, written, private and shared over fork, at a hint, too large.
#include "../guest.h"

int main(void) {
  unsigned char *map = mmap(0, 10 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(map != MAP_FAILED);
  int sum = 0;
  for (int i = 0; i < 10 * pageSize; i++) sum += map[i];
  say("fresh memory sums to %d\n", sum);
  for (int i = 0; i < 10 * pageSize; i++) map[i] = i * 7;
  say("filled %016lx\n", hashOf(map, 10 * pageSize));
  char *hint = (char *)0x10000000;
  say("hint taken: %d\n", mmap(hint, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == hint);
  say("below 4 GiB: %d\n",
      (uintptr_t)mmap(0, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0) < 1UL << 32);
  char *common = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char *own = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strcpy(common, "parent");
  strcpy(own, "parent");
  pid_t child = fork();
  if (child == 0) {
    strcpy(common, "child");
    strcpy(own, "child");
    _exit(0);
  }
  reap("child", child);
  say("shared: %s, private: %s\n", common, own);
  char *sparse = mmap(0, 1L << 36, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  need(sparse != MAP_FAILED);
  sparse[1L << 35] = 'x';
  say("64 GiB without reservation: %c\n", sparse[1L << 35]);
  result("munmap", munmap(sparse, 1L << 36));
  void *populated = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  succeeded("MAP_POPULATE", populated == MAP_FAILED ? -1 : 0);
  result("length 0", (long)mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  result("too large", (long)mmap(0, 1L << 48, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  result("neither private nor shared", (long)mmap(0, pageSize, PROT_READ, MAP_ANONYMOUS, -1, 0));
  return 0;
}
