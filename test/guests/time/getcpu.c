// getcpu by system call and by library: the same processor, as a recording stays on one.
#include <sched.h>

#include "../guest.h"

int main(void) {
  unsigned *processor = pageEnd(sizeof *processor), *node = pageEnd(sizeof *node);
  result("getcpu", syscall(SYS_getcpu, processor, node, 0L));
  result("getcpu bad address", syscall(SYS_getcpu, badAddress(), node, 0L));
  say("processor %u node %u library %d\n", *processor, *node, sched_getcpu());
  return 0;
}
