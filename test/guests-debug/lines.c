// Functions with loops of all kinds, for steps over ranges of addresses; the one of a line that is long.
#include <stdio.h>
#include <string.h>

volatile long total;
static long limit = 3000000;

__attribute__((noinline)) static long add(long one, long other) { return one + other; }

__attribute__((noipa)) long nested(long rounds) {
  long sum = 0;
  for (long outer = 0; outer < rounds; outer++) {
    for (long inner = 0; inner < 7; inner++) sum += inner ^ outer;
    if (sum % 3 == 0) sum = add(sum, outer);
  }
  return sum;
}

__attribute__((noipa)) long strings(long rounds) {
  char text[80];
  long sum = 0;
  for (long round = 0; round < rounds; round++) {
    unsigned long count = sizeof text;
    void *to = text;
    __asm__ volatile("rep stosb" : "+c"(count), "+D"(to) : "a"(round) : "memory");
    sum += text[round % 80];
  }
  return sum;
}

__attribute__((noipa)) long jumps(long rounds) {
  long sum = 0;
  do {
    switch (rounds % 6) {
      case 0:
        sum += 3;
        break;
      case 1:
        sum ^= rounds;
        break;
      case 2:
        sum -= 5;
        break;
      case 3:
        sum *= 3;
        break;
      case 4:
        sum += rounds << 2;
        break;
      default:
        sum = ~sum;
    }
  } while (--rounds > 0);
  return sum;
}

int main(void) {
  total = nested(20) + strings(30) + jumps(60);
  for (long i = 0; i < limit; i++) total += i & 7;  // the loop
  total++;                                          // behind it
  printf("%ld\n", total);
  return 0;
}
