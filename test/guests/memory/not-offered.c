// Memory that would change behind every event is not to be had in a recording: pages that the kernel may drop, and
// those that another thread fills (userfaultfd), by the call or by its device. Natively it may be.
#include <sys/ioctl.h>

#include "../guest.h"

int main(void) {
  void *pages = mmap(0, pageSize, PROT_READ | PROT_WRITE, 8 | MAP_ANONYMOUS, -1, 0);  // MAP_DROPPABLE
  succeeded("droppable", pages == MAP_FAILED ? -1 : 0);
  int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
  if (device >= 0) succeeded("device", ioctl(device, 0xaa00, O_CLOEXEC));
  succeeded("call", syscall(SYS_userfaultfd, O_CLOEXEC));
  return 0;
}
