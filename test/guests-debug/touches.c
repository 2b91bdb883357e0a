// Reads and writes neighbours in memory by operands of 1 to 32 bytes, alone, together, and by string instructions.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static struct {
  uint8_t before[24];
  uint32_t left;
  uint32_t watched;
  uint32_t right;
  uint8_t behind[24];
} all __attribute__((aligned(64)));

static volatile uint64_t sink;

int main(void) {
  volatile uint32_t *left = &all.left, *watched = &all.watched, *right = &all.right;
  sink = *left;                                          // beside
  sink = *right;                                         // beside
  sink = *watched;                                       // reads
  *watched = 5;                                          // writes
  *watched = 5;                                          // writes the same
  *left = 7;                                             // beside
  *watched += 3;                                         // reads and writes
  sink = *(volatile uint64_t *)left;                     // reads both
  sink = *(volatile uint8_t *)((uintptr_t)watched + 3);  // reads the last byte
  sink = *(volatile uint8_t *)right;                     // beside
  uint8_t copy[sizeof all];
  size_t count = sizeof all;
  void *to = copy, *from = &all;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");  // reads byte by byte
  __asm__ volatile("movups (%0), %%xmm0" : : "r"(&all.before[20]) : "xmm0");       // reads the neighbours, too
  __asm__ volatile("movups (%0), %%xmm0" : : "r"(&all.right) : "xmm0");            // beside
  __asm__ volatile("lock xaddl %0, (%1)" : : "r"(0), "r"(watched) : "memory");     // reads and writes the same
  printf("%u %llu %d\n", *watched, (unsigned long long)sink, copy[28]);
  return 0;
}
