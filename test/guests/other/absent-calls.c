// Thousands of calls that do not exist, in a program with memory that would take long to search.
#include "../guest.h"

#define CALLS 3000

int main(void) {
  need(mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  int absent = 0;
  for (int i = 0; i < CALLS; i++) {
    if (syscall(i % 2 ? -1L : 999L) == -1 && errno == ENOSYS) absent++;
  }
  say("%d absent\n", absent);
  return 0;
}
