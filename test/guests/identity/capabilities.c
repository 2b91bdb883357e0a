// capget and capset with their two structures at the end of a page.
#include <linux/capability.h>

#include "../guest.h"

int main(void) {
  struct __user_cap_header_struct *header = pageEnd(sizeof *header);
  struct __user_cap_data_struct *data = pageEnd(2 * sizeof *data);
  *header = (struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, 0};
  result("capget", syscall(SYS_capget, header, data));
  say("  root has all %d\n", (getuid() == 0) == (data[0].effective != 0));
  result("capset the same", syscall(SYS_capset, header, data));
  header->version = 1;
  result("capget unknown version", syscall(SYS_capget, header, 0L));
  say("  preferred version %x\n", header->version);
  header->version = 1;
  result("capget unknown version", syscall(SYS_capget, header, data));
  return 0;
}
