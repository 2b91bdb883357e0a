// Time stamps whose value nobody reads: they are in registers all the same, where events are compared.
#include "../guest.h"

int main(void) {
  for (int i = 0; i < 10; i++) {
    __asm__ volatile("rdtsc" : : : "rax", "rdx");
    syscall(SYS_getppid);
    __asm__ volatile("rdtscp" : : : "rax", "rcx", "rdx");
    syscall(SYS_getppid);
  }
  say("done\n");
  return 0;
}
