// rdtsc and rdtscp, each at a place of its own: one that is executed often comes to be patched.
#pragma once

#include <x86intrin.h>

#include "../guest.h"

enum { hotEnough = 8 };

__attribute__((noinline)) unused static uint64_t readHot(void) { return __rdtsc(); }

__attribute__((noinline)) unused static uint64_t readHotAux(unsigned *processor) { return __rdtscp(processor); }

// A new instruction for each `site` from 0 to 15: executed once, it is never patched.
unused static uint64_t readCold(unsigned site) {
  switch (site % 16) {
#define READ_AT(number)                                           \
  case number: {                                                  \
    uint64_t low, high;                                           \
    __asm__ volatile("rdtsc # " #number : "=a"(low), "=d"(high)); \
    return high << 32 | low;                                      \
  }
    READ_AT(0);
    READ_AT(1);
    READ_AT(2);
    READ_AT(3);
    READ_AT(4);
    READ_AT(5);
    READ_AT(6);
    READ_AT(7);
    READ_AT(8);
    READ_AT(9);
    READ_AT(10);
    READ_AT(11);
    READ_AT(12);
    READ_AT(13);
    READ_AT(14);
    READ_AT(15);
  }
  return 0;
}

// Until the instruction has come to be patched, where it can be.
unused static void makeHot(void) {
  unsigned processor;
  const uint64_t start = readHot();
  // Not before its frequency is known.
  for (int i = 0; i < hotEnough || readHot() - start < 20000000; i++) readHotAux(&processor);
}
