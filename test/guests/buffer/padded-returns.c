// Calls with a return and padding behind them, in code near the stack: half a gigabyte above it, where the bytes behind
// such a call lead, is nothing. The padding is as it was when the program looks.
#include "../buffered-calls.h"

// getppid, six times, in sixteen bytes each; padding of long nops, breakpoints, and single nops. The fourth's return is
// gone to by its own jump as well. Behind the fifth's, a function begins with what would be padding behind the others';
// the sixth ends its sixteen bytes.
__asm__(
    ".pushsection .text\n.balign 4096\n.globl padded\npadded:\n"
    "mov $110, %eax\n syscall\n ret\n .byte 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n"
    "mov $110, %eax\n syscall\n ret\n .fill 8, 1, 0xcc\n"
    "mov $110, %eax\n syscall\n ret\n .fill 8, 1, 0x90\n"
    "mov $110, %eax\n cmp $1, %edi\n je 1f\n syscall\n1: ret\n .byte 0x0f, 0x1f, 0x00\n"
    "mov $110, %eax\n syscall\n ret\n inner: .byte 0x0f, 0x1f, 0x44, 0, 0\n mov %edi, %eax\n ret\n"
    "mov $110, %eax\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n syscall\n ret\n"
    ".balign 4096\n.popsection\n");
extern char padded[];
enum { functions = 6, rounds = 40, size = 16, second = 1, fourth = 3, fifth = 4, inner = 8 };

static long call(const void *code, int argument) {
  long result;
  __asm__ volatile("call *%1" : "=&a"(result) : "r"(code), "D"(argument) : "rcx", "r11", "rsi", "rdx", "memory", "cc");
  return result;
}

int main(void) {
  // Its own file once more: mappings without an address lie below the libraries.
  FILE *maps = fopen("/proc/self/maps", "r");
  unsigned long start = 0, end, offset = 0;
  while (fscanf(maps, "%lx-%lx %*s %lx%*[^\n]", &start, &end, &offset) == 3) {
    if (start <= (unsigned long)padded && (unsigned long)padded < end) break;
  }
  fclose(maps);
  const int file = open("/proc/self/exe", O_RDONLY);
  char *code =
      mmap(0, pageSize, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, (off_t)(offset + (unsigned long)padded - start));
  need(code != MAP_FAILED);
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < functions; i++) need(call(code + i * size, 0) == getppid());
    need(call(code + fourth * size, 1) == 110);
    need(call(code + fifth * size + inner, 7 + round) == 7 + round);
  }
  need(mprotect(code, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
  say("as in the file: %d\n", memcmp(code, padded, pageSize) == 0);
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < functions; i++) need(call(code + i * size, 0) == getppid());
  }
  code[second * size + 8] = 0x55;
  need(mprotect(code, pageSize, PROT_READ | PROT_EXEC) == 0);
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < functions; i++) need(call(code + i * size, 0) == getppid());
  }
  say("all alike\n");
  return 0;
}
