// Stands still in a function with arguments and a thread-local variable, for a debugger to look at.
#include <unistd.h>

__thread int threadLocal = 77;
static int counter = 5;

__attribute__((noinline)) static int waitHere(int argument) {
  threadLocal++;
  counter += argument;
  // Our own call, so that the innermost frame has line numbers.
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(34L) : "rcx", "r11", "memory");
  return (int)result + counter;
}

int main(void) {
  unsigned long base;
  __asm__("mov %%fs:0, %0" : "=r"(base));
  char text[17];
  for (int digit = 0; digit < 16; digit++) text[digit] = "0123456789abcdef"[(base >> (60 - 4 * digit)) & 15];
  text[16] = '\n';
  if (write(1, text, 17) != 17) return 1;
  return waitHere(3);
}
