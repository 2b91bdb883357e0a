// A function that calls itself, and one that another one ends with.
#include <stdio.h>

__attribute__((noipa)) static int fib(int n) {
  if (n < 2) return n;
  return fib(n - 1) + fib(n - 2);
}

__attribute__((noipa)) static int last(int x) { return x + 1; }

__attribute__((noipa, optimize("O2"))) static int tail(int x) { return last(2 * x); }

int main(void) {
  int number = fib(13);
  number += tail(number);
  printf("%d\n", number);
  return 0;
}
