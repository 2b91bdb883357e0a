// rdtsc N times, from one place.
#include <stdlib.h>
#include <x86intrin.h>

int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 1000000;
  unsigned long long sum = 0;
  for (long i = 0; i < count; i++) sum += __rdtsc() & 1;
  return sum > (unsigned long long)count;
}
