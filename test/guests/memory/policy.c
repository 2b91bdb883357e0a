// get_mempolicy with masks of nodes of many lengths: what is behind the kernel's nodes is cleared, up to a page.
#include "../guest.h"

int main(void) {
  const unsigned long nodes[] = {1, 2, 63, 64, 65, 66, 129, 194, 8L * pageSize - 1, 8L * pageSize, 8L * pageSize + 1};
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    const size_t bytes = (nodes[i] - 1 + 63) / 64 * 8;
    uint64_t *mask = pageEnd(bytes ? bytes : 1);
    say("%lu nodes\n", nodes[i]);
    result("  get_mempolicy", syscall(SYS_get_mempolicy, 0L, mask, nodes[i], 0L, 0L));
    if (bytes) say("  %llx %llx\n", (long long)mask[0], (long long)mask[bytes / 8 - 1]);
  }
  int *mode = pageEnd(sizeof *mode);
  result("mode", syscall(SYS_get_mempolicy, mode, 0L, 0L, 0L, 0L));
  say("  %d\n", *mode);
  result("too many", syscall(SYS_get_mempolicy, 0L, pageEnd(4096), 8L * pageSize + 2, 0L, 0L));
  return 0;
}
