// Keys of the kernel (keyctl): what it tells of them, and how much.
#include <linux/keyctl.h>

#include "../guest.h"
int main(void) {
  long k = syscall(SYS_add_key, "user", "rr-guest", "payload", 7L, poisoned(KEY_SPEC_PROCESS_KEYRING));
  succeeded("add_key", k);
  if (k > 0) {
    char *b = pageEnd(7);
    result("read", syscall(SYS_keyctl, poisoned(KEYCTL_READ), k, b, 7L, 0L));
    say(" %.7s\n", b);
    char *d = pageEnd(100);
    memset(d, 0, 100);
    succeeded("describe", syscall(SYS_keyctl, poisoned(KEYCTL_DESCRIBE), k, d, 100L, 0L));
    say(" %s\n", strstr(d, "rr-guest"));
    succeeded("search",
              syscall(SYS_keyctl, poisoned(KEYCTL_SEARCH), (long)KEY_SPEC_PROCESS_KEYRING, "user", "rr-guest", 0L));
    succeeded("request", syscall(SYS_request_key, "user", "rr-guest", 0L, poisoned(0)));
    result("read fault", syscall(SYS_keyctl, poisoned(KEYCTL_READ), k, badAddress(), 7L, 0L));
    unsigned char *caps = pageEnd(4);
    result("caps", syscall(SYS_keyctl, poisoned(KEYCTL_CAPABILITIES), caps, 4L, 0L, 0L));
    say(" %x\n", caps[0]);
    succeeded("id", syscall(SYS_keyctl, poisoned(KEYCTL_GET_KEYRING_ID), (long)KEY_SPEC_PROCESS_KEYRING, 0L, 0L, 0L));
    result("security", syscall(SYS_keyctl, poisoned(KEYCTL_GET_SECURITY), k, d, 100L, 0L));
    result("revoke", syscall(SYS_keyctl, poisoned(KEYCTL_REVOKE), k, 0L, 0L, 0L));
  }
  result("bad", syscall(SYS_keyctl, poisoned(999), 0L, 0L, 0L, 0L));
  return 0;
}
