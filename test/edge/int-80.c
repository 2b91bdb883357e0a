// Makes a system call of the 32-bit table (getpid) and prints how that went.
#include <errno.h>
#include <stdio.h>

int main(void) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
  puts(result > 0 ? "a pid" : result == -ENOSYS ? "ENOSYS" : "another error");
  return 0;
}
