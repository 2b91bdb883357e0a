// Computes for ever, in a function that is called again and again; with an argument, until an alarm ends it.
#include <stdio.h>
#include <unistd.h>

static volatile long sum;

__attribute__((noinline)) static void inner(long rounds) {
  for (long round = 0; round < rounds; round++) sum += round ^ (sum >> 3);
}

int main(int count, char **arguments) {
  if (count > 1) alarm(1);
  puts("begun");
  fflush(stdout);
  for (;;) inner(100000);
}
