// Four processes that compute in short loops: counters in memory and in a register, one along an array by a register
// alone, one by a counter in memory.
// build: -O2
#include "../guest.h"

enum { rounds = 300, bytes = 1 << 20 };

static char array[bytes + 1];
static volatile long counter;

static void count_on_the_stack(void) {
  for (volatile int i = 0; i < bytes / 4; i++) {
  }
}

static void count_in_memory(void) {
  for (counter = 0; counter < bytes / 4; counter++) {
  }
}

static void count_in_a_register(void) {
  long i = bytes;
  __asm__ volatile("1: dec %0; jnz 1b" : "+r"(i) : : "cc");
}

static void go_along(void) {
  const char *at = array;
  __asm__ volatile("1: inc %0; cmpb $0, -1(%0); jne 1b" : "+r"(at) : : "cc", "memory");
  need(at == array + bytes + 1);
}

int main(void) {
  void (*const kinds[])(void) = {count_on_the_stack, count_in_memory, count_in_a_register, go_along};
  memset(array, 'a', bytes);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    pid_t child = fork();
    need(child >= 0);
    if (child == 0) {
      for (int round = 0; round < rounds; round++) kinds[i]();
      _exit(0);
    }
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) need(wait(0) > 0);
  say("done\n");
  return 0;
}
