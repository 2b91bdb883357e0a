// No C library, no stack use before the first call: three system calls and the end.
// build: -static -nostdlib -nostartfiles -ffreestanding -fno-stack-protector
static long call(long number, long a, long b, long c) {
  long value;
  __asm__ volatile("syscall" : "=a"(value) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return value;
}

void _start(void) {
  static const char text[] = "no library\n";
  call(1, 1, (long)text, sizeof text - 1);
  call(39, 0, 0, 0);
  call(231, 13, 0, 0);
  __builtin_unreachable();
}
