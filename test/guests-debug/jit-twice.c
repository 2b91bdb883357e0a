// Makes code through one mapping and runs it through another one of the same memory, as many JITs do. It reads the code
// back through both, and says how often it has found other bytes than its own.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int (*Made)(int);

enum { rounds = 6, codeSize = 4 };
static int differing;
volatile int results[rounds];
static unsigned char *written;
static unsigned char *run;

/** lea NUMBER(%rdi), %eax; ret */
static void make(int number) {
  const unsigned char code[codeSize] = {0x8d, 0x47, (unsigned char)number, 0xc3};
  memcpy(written, code, codeSize);
  if (memcmp(written, code, codeSize) != 0) differing++;
  if (memcmp(run, code, codeSize) != 0) differing++;
}

int main(void) {
  int file = memfd_create("code", 0);
  if (ftruncate(file, 8192) != 0) return 1;
  run = mmap((void *)0x310000000, 8192, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
  written = mmap((void *)0x320000000, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
  if (run == MAP_FAILED || written == MAP_FAILED) return 1;
  for (int round = 0; round < rounds; round++) {
    make(round);
    results[round] = ((Made)run)(100);  // it is called
    if (written[0] != 0x8d || run[0] != 0x8d) differing++;
    // A byte alone, by an instruction that reads it, too.
    __asm__ volatile("lock; xorb $0, (%0)" ::"r"(written) : "memory");
    unsigned char code[codeSize];
    if (pread(file, code, codeSize, 0) != codeSize || code[0] != 0x8d) differing++;
  }
  int sum = 0;
  for (int round = 0; round < rounds; round++) sum += results[round];
  printf("%d, %d differing\n", sum, differing);  // the end
  return 0;
}
