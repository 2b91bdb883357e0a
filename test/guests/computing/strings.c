// rep movs and rep stos over large areas.
// build: -O2
#include "../guest.h"

static void copy(void *to, const void *from, size_t length) {
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
}

int main(void) {
  size_t size = 1 << 20;
  char *a = malloc(size), *b = malloc(size);
  for (size_t i = 0; i < size; i++) a[i] = (char)(i * 7);
  unsigned long sum = 0;
  for (int round = 0; round < 1500; round++) {
    copy(b, a, size);
    b[round * 13 % size]++;
    copy(a, b, size);
    sum = sum * 31 + (unsigned char)a[round * 7 % size];
  }
  say("%lx\n", sum);
  return 0;
}
