// rseq as the C library registers it: the area is there, and registering another is refused.
#include <sys/rseq.h>

#include "../guest.h"

int main(void) {
  say("size %u, offset set %d\n", __rseq_size, __rseq_offset != 0);
  struct rseq *area = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
  say("processor id is sane %d\n", (int)area->cpu_id >= 0 && area->cpu_id < 4096);
  static struct rseq other __attribute__((aligned(32)));
  result("register another", syscall(SYS_rseq, &other, poisoned(32), poisoned(0), poisoned(0x53053053)));
  return 0;
}
