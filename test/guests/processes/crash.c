// Dies of a real SIGSEGV, after it printed.
#include "../guest.h"

int main(void) {
  say("about to crash\n");
  *(volatile int *)0x123456 = 7;
  return 0;
}
