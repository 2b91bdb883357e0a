// rdrand and rdseed, of all sizes and into low and high registers: every run has other numbers, and the carry flag
// alone is set behind them.
#include <cpuid.h>

#include "../guest.h"

#define TRY(instruction, place, type)                                                          \
  {                                                                                            \
    type value = (type)-1;                                                                     \
    uint64_t flags, taken;                                                                     \
    __asm__ volatile("1: " instruction " %0\n\tjnc 1b\n\tpushfq\n\tpop %1\n\tmov %%rsp, %2"    \
                     : "+" place(value), "=&r"(flags), "=&r"(taken)                            \
                     :                                                                         \
                     : "cc");                                                                  \
    say("%s %zu: %lx flags %lx\n", instruction, sizeof value, (uint64_t)value, flags & 0x8d5); \
  }

static void everySize(void) {
  TRY("rdrand", "r", uint16_t)
  TRY("rdrand", "r", uint32_t)
  TRY("rdrand", "r", uint64_t)
  TRY("rdrand", "a", uint64_t)
  register uint64_t high __asm__("r15") = 1;
  __asm__ volatile("1: rdrand %0\n\tjnc 1b" : "+r"(high) : : "cc");
  say("r15: %lx\n", high);
}

static void everySeed(void) {
  TRY("rdseed", "r", uint16_t)
  TRY("rdseed", "r", uint32_t)
  TRY("rdseed", "r", uint64_t)
}

// The same bytes within another instruction are no rdrand.
static uint32_t alike(void) {
  uint32_t value;
  __asm__ volatile("mov $0x72f0c70f, %0\n\tadd $0, %0\n\tadc $0, %0" : "=r"(value) : : "cc");
  return value;
}

int main(void) {
  unsigned a, b, c, d;
  __cpuid(1, a, b, c, d);
  if (c & bit_RDRND) everySize();
  __cpuid_count(7, 0, a, b, c, d);
  if (b & bit_RDSEED) everySeed();
  say("alike %x\n", alike());
  return alike() == 0x72f0c70f ? 0 : 1;
}
