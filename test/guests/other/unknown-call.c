// System calls that do not exist: ENOSYS, with every register else as it was.
#include "../guest.h"

int main(void) {
  long numbers[] = {1000, 450 + 100, 0xffffffff, 0x40000000, -1, 400};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    result("call", syscall(numbers[i], 1L, 2L, 3L, 4L, 5L, 6L));
  register long r10 __asm__("r10") = 10, r8 __asm__("r8") = 8, r9 __asm__("r9") = 9;
  long value, first = 1, second = 2, third = 3;
  __asm__ volatile("syscall"
                   : "=a"(value), "+D"(first), "+S"(second), "+d"(third), "+r"(r10), "+r"(r8), "+r"(r9)
                   : "a"(1000L)
                   : "rcx", "r11", "memory");
  say("%ld, arguments kept %ld %ld %ld %ld %ld %ld\n", value, first, second, third, r10, r8, r9);
  return 0;
}
