// Hot loops that change every millisecond or so, among sites that look alike: what tells one turn from another in one
// phase stands still in the next.
// build: -O1
#include "../guest.h"

enum { kPhases = 240, kTurns = 400000, kCells = 64 };

static volatile unsigned long counters[8][512];
static volatile unsigned long cells[kCells];

__attribute__((noinline)) static unsigned long countInGlobal(unsigned which) {
  for (int i = 0; i < kTurns; i++) counters[which][7]++;
  return counters[which][7];
}

__attribute__((noinline)) static unsigned long countInRegister(unsigned long value) {
  for (int i = 0; i < kTurns * 2; i++) {
    value = value * 6364136223846793005UL + 1442695040888963407UL;
    __asm__ volatile("" : "+r"(value));
  }
  return value;
}

__attribute__((noinline)) static unsigned long countInCells(unsigned long value) {
  for (int i = 0; i < kTurns; i++) cells[i % kCells] += value;
  return cells[3];
}

// The same site in each call: its counter is another one each time.
__attribute__((noinline)) static void bump(volatile unsigned long* cell) {
  for (int i = 0; i < 8; i++) (*cell)++;
}

int main(void) {
  unsigned long sum = 1;
  for (unsigned phase = 0; phase < kPhases; phase++) {
    switch (phase % 4) {
      case 0:
        sum += countInGlobal(phase / 4 % 8);
        break;
      case 1:
        sum += countInRegister(sum);
        break;
      case 2:
        sum += countInCells(sum % 5);
        break;
      default:
        for (int i = 0; i < kTurns / 8; i++) bump(&counters[(phase / 4 + (unsigned)i / 1000) % 8][9]);
        break;
    }
  }
  say("%lu %lu\n", sum, counters[3][9]);
  return 0;
}
