// A function that is called with numbers of all kinds, for conditions about them.
#include <stdint.h>
#include <stdio.h>

struct Item {
  int8_t small;
  uint16_t medium;
  int32_t large;
  int64_t huge;
  struct Item *next;
};

enum { rounds = 1500 };
static struct Item items[4];
static uint64_t state = 88172645463325252ULL;
volatile int64_t total;

static uint64_t next_number(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/** Without a frame: its breakpoint is at its first instruction, where all is in registers and behind pointers. */
__attribute__((noinline)) void seen(const struct Item *item, int64_t round, uint64_t number, int64_t divisor) {
  total += item->large + round + (int64_t)number + divisor;
}

__attribute__((noinline)) void over(void) { total++; }

int main(void) {
  for (int64_t round = 0; round < rounds; round++) {
    const uint64_t number = next_number() >> (next_number() % 64);
    struct Item *item = &items[round % 4];
    item->small = (int8_t)number;
    item->medium = (uint16_t)(number >> 3);
    item->large = (int32_t)(number * 7);
    item->huge = round % 50 == 0 ? INT64_MIN : (int64_t)number;
    item->next = round % 5 == 0 ? 0 : &items[(round + 1) % 4];
    seen(item, round, number, round % 7 == 0 ? -1 : (int64_t)(number % 13));
  }
  over();
  printf("%ld\n", (long)total);
  return 0;
}
