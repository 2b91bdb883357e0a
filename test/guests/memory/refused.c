// Calls that a recording answers with ENOSYS, as kernels without them do: the program sees one answer, and that of
// calls that need what they would have made.
#include "../guest.h"

int main(void) {
  unsigned long context = 0;
  result("io_setup", syscall(SYS_io_setup, poisoned(8), &context));
  result("io_uring_setup", syscall(SYS_io_uring_setup, poisoned(8), pageEnd(120)));
  result("memfd_secret", syscall(SYS_memfd_secret, poisoned(0)));
  result("userfaultfd", syscall(SYS_userfaultfd, poisoned(0)));
  result("remap_file_pages", syscall(SYS_remap_file_pages, pageEnd(1), 4096L, 0L, 0L, 0L));
  result("io_destroy", syscall(SYS_io_destroy, 1234L));
  result("io_getevents", syscall(SYS_io_getevents, 1234L, 0L, 1L, pageEnd(32), 0L));
  result("io_pgetevents", syscall(SYS_io_pgetevents, 1234L, 0L, 1L, pageEnd(32), 0L, 0L));
  result("io_submit", syscall(SYS_io_submit, 1234L, 0L, 0L));
  result("io_cancel", syscall(SYS_io_cancel, 1234L, pageEnd(64), pageEnd(32)));
  result("io_uring_enter", syscall(SYS_io_uring_enter, poisoned(-1), poisoned(0), poisoned(0), poisoned(0), 0L, 0L));
  result("io_uring_register", syscall(SYS_io_uring_register, poisoned(-1), poisoned(0), 0L, poisoned(0)));
  return 0;
}
