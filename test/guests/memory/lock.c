// mlock, munlock, mlock2, mlockall within the limits; nothing may be asked of memory that is not there.
#include "../guest.h"

int main(void) {
  char *area = mmap(0, 4 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  result("mlock", syscall(SYS_mlock, area, (long)pageSize));
  result("mlock2 on fault", syscall(SYS_mlock2, area + pageSize, (long)pageSize, poisoned(1)));
  result("munlock", syscall(SYS_munlock, area, 2L * pageSize));
  result("mlock unmapped", syscall(SYS_mlock, 0x10000L, (long)pageSize));
  result("mlock2 unknown flag", syscall(SYS_mlock2, area, (long)pageSize, poisoned(8)));
  result("munlockall", syscall(SYS_munlockall));
  return 0;
}
