// Repeated instructions, and stores of each size, also by several instructions at once.
#include <stdint.h>
#include <stdio.h>

char source[64] = "the quick brown fox jumps over the lazy dog";
char target[64];
uint8_t one;
uint16_t two;
uint32_t four;
uint64_t eight;
struct Three {
  uint8_t bytes[3];
} three;

__attribute__((noinline)) static void copy(char *to, const char *from, unsigned long length) {
  __asm__ volatile("repeated: rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
}

int main(void) {
  copy(target, source, 43);
  copy(target + 1, source, 5);  // once more
  one = 1;
  two = 2;
  four = 4;
  eight = 8;
  three = (struct Three){{1, 2, 3}};
  eight = 0x100000008;                                                             // the upper half alone
  printf("%s %d\n", target, one + two + (int)four + (int)eight + three.bytes[2]);  // the end
  return 0;
}
