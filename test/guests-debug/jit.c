// Makes code while it runs, calls it, and writes other code to the same place. The code cannot be written when it runs.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

typedef int (*Made)(int);

int results[8];

/** lea NUMBER(%rdi), %eax; ret */
static Made make(unsigned char *place, int number) {
  const unsigned char code[] = {0x8d, 0x47, (unsigned char)number, 0xc3};
  mprotect(place, 4096, PROT_READ | PROT_WRITE);
  memcpy(place, code, sizeof code);
  mprotect(place, 4096, PROT_READ | PROT_EXEC);
  return (Made)place;  // the code is there
}

int main(void) {
  unsigned char *place =
      mmap((void *)0x310000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (place == MAP_FAILED) return 1;
  for (int round = 0; round < 8; round++) results[round] = make(place, round)(100);
  int sum = 0;
  for (int round = 0; round < 8; round++) sum += results[round];
  printf("%d\n", sum);  // the end
  return 0;
}
