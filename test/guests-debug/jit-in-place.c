// Makes code in memory that can be written while it runs, writes over parts of it by plain stores and by a system call,
// and reads it back. It says what it finds.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int (*Made)(int);

enum { rounds = 6 };
static int differing;
volatile int results[rounds];

/** lea NUMBER(%rdi), %eax; ret */
static void check(const unsigned char *place, int number) {
  const unsigned char code[] = {0x8d, 0x47, (unsigned char)number, 0xc3};
  if (memcmp(place, code, sizeof code) != 0) differing++;
}

int main(void) {
  unsigned char *place = mmap((void *)0x310000000, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (place == MAP_FAILED) return 1;
  int ends[2];
  if (pipe(ends) != 0) return 1;
  for (int round = 0; round < rounds; round++) {
    const unsigned char code[] = {0x8d, 0x47, (unsigned char)round, 0xc3};
    if (round % 2 == 0) {
      // All of it, also by the kernel.
      if (round == 4) {
        if (write(ends[1], code, sizeof code) != sizeof code || read(ends[0], place, sizeof code) != sizeof code)
          return 1;
      } else {
        memcpy(place, code, sizeof code);
      }
    } else {
      // The number alone, and the first byte by an instruction that reads it, too.
      place[2] = (unsigned char)round;
      __asm__ volatile("lock; xorb $0, (%0)" ::"r"(place) : "memory");
    }
    check(place, round);
    results[round] = ((Made)place)(100);
  }
  // A copy elsewhere works as well.
  memcpy(place + 4096, place, 4);
  results[0] = ((Made)(place + 4096))(100);
  int sum = 0;
  for (int round = 0; round < rounds; round++) sum += results[round];
  printf("%d, %d differing\n", sum, differing);  // the end
  return 0;
}
