// Code in memory that is mapped twice, to be written and to be executed, as some JITs have it: written anew between
// runs and within them, and read by the program while it runs.
// build: -O1
#include "../guest.h"

enum { kRuns = 100, kTurns = 50 };

// long run(unsigned turns, const uint8_t *code): adds up 64 bytes of the code, `turns` times, and a constant.
static const uint8_t machineCode[] = {
    0x31, 0xc0,                                // xor %eax, %eax
    0x31, 0xc9,                                // 2: xor %ecx, %ecx
    0x48, 0x0f, 0xb6, 0x14, 0x0e,              // 1: movzbq (%rsi,%rcx), %rdx
    0x48, 0x01, 0xd0,                          // add %rdx, %rax
    0x48, 0x81, 0xc1, 0x01, 0x00, 0x00, 0x00,  // add $1, %rcx
    0x48, 0x81, 0xf9, 0x40, 0x00, 0x00, 0x00,  // cmp $64, %rcx
    0x75, 0xe8,                                // jne 1b
    0x48, 0x05, 0x11, 0x11, 0x11, 0x11,        // add $0x11111111, %rax
    0x81, 0x46, 0x1e, 0x01, 0x00, 0x00, 0x00,  // addl $1, the last one's constant
    0xff, 0xcf,                                // dec %edi
    0x75, 0xd5,                                // jne 2b
    0xc3,                                      // ret
};

int main(void) {
  const int file = memfd_create("code", 0);
  need(file >= 0 && ftruncate(file, pageSize) == 0);
  uint8_t *writable = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  uint8_t *executable = mmap(0, pageSize, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
  uint8_t *both = mmap(0, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, file, 0);
  need(writable != MAP_FAILED && executable != MAP_FAILED && both != MAP_FAILED);
  long sum = 0;
  for (int run = 0; run < kRuns; run++) {
    memcpy(writable, machineCode, sizeof machineCode);
    writable[0x1e] = (uint8_t)run;
    uint8_t *code = run % 2 == 0 ? executable : both;
    sum += ((long (*)(unsigned, const uint8_t *))code)(kTurns, writable);
  }
  say("%ld\n", sum);
  return 0;
}
