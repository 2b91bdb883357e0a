// mincore: touched pages are resident, untouched ones are not; vectors at the end of a page.
#include "../guest.h"

int main(void) {
  char *area = mmap(0, 8 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  area[0] = area[3 * pageSize] = 1;
  unsigned char *vector = pageEnd(8);
  if (result("mincore", syscall(SYS_mincore, area, 8L * pageSize, vector)) == 0) {
    say("  ");
    for (int i = 0; i < 8; i++) say("%d", vector[i] & 1);
    say("\n");
  }
  result("vector too short", syscall(SYS_mincore, area, 8L * pageSize, vector + 1));
  result("not at a page", syscall(SYS_mincore, area + 1, 1L * pageSize, vector));
  munmap(area + 4 * pageSize, pageSize);
  result("over a hole", syscall(SYS_mincore, area, 8L * pageSize, vector));
  return 0;
}
