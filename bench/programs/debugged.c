// What a debugger goes through: many calls of a function, a long run with stores now and then, functions that compute.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile unsigned sink;
static int never;
// On a page of its own.
static struct {
  char before[4096];
  volatile long stored;
  char behind[4096];
} page;

__attribute__((noinline)) static void hit(int value) { sink += (unsigned)value; }

__attribute__((noinline)) static void compute(unsigned long rounds) {
  for (unsigned long round = 0; round < rounds; round++) sink = sink * 1664525u + 1013904223u;
}

__attribute__((noinline)) static long fibonacci(long number) {
  return number < 2 ? number : fibonacci(number - 1) + fibonacci(number - 2);
}

__attribute__((noinline)) static void finished(void) { sink++; }

int main(int count, char **arguments) {
  if (count < 3) return 2;
  const unsigned long number = strtoul(arguments[2], NULL, 10);
  if (strcmp(arguments[1], "hits") == 0) {
    for (unsigned long value = 1; value <= number; value++) hit((int)value);
  } else if (strcmp(arguments[1], "stores") == 0) {
    for (int round = 0; round < 1000; round++) {
      compute(number / 1000);
      if (round < 990) page.stored = round;
    }
  } else {
    compute(number);
    never = 1;  // behind the long function
    const long result = fibonacci(27);
    never = (int)result;  // behind the recursive one
  }
  finished();
  printf("%u\n", sink);
  return 0;
}
