// A function that calls itself, and one that another one ends with.
#include <stdio.h>

#ifndef DEPTH
#define DEPTH 13
#endif

__attribute__((noipa)) static int fib(int n) {
  if (n < 2) return n;
  return fib(n - 1) + fib(n - 2);
}

__attribute__((noipa)) static int last(int x) { return x + 1; }

__attribute__((noipa, optimize("O2"))) static int tail(int x) { return last(2 * x); }

static volatile long spun;

__attribute__((noipa)) static void spin(long rounds) {
  for (long round = 0; round < rounds; round++) spun++;
}

int main(void) {
  int number = fib(DEPTH);
  number += tail(number);
  if (DEPTH > 13) spin(20000000);
  printf("%d\n", number);
  return 0;
}
