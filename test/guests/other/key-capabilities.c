// KEYCTL_CAPABILITIES clears its buffer behind what it has to tell: as much of it as there is, also when it then fails.
#include <linux/keyctl.h>

#include "../guest.h"

int main(void) {
  const unsigned long lengths[] = {0, 1, 4, 4096, 100000, 1UL << 40, ~0UL / 2};
  const size_t room = 2 * pageSize + 100;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    unsigned char *buffer = pageEnd(room);
    say("length %lu\n", lengths[i]);
    result("  capabilities", syscall(SYS_keyctl, poisoned(KEYCTL_CAPABILITIES), buffer, lengths[i], 0L, 0L));
    say("  %x %x %x %x\n", buffer[0], buffer[3], buffer[4000], buffer[room - 1]);
  }
  unsigned char *last = pageEnd(1);
  result("one byte", syscall(SYS_keyctl, poisoned(KEYCTL_CAPABILITIES), last, 4L, 0L, 0L));
  say("  %x\n", *last);
  return 0;
}
