// Code in memory that is mapped to be executed, and a second time as long as it is written, as some JITs have it:
// computed in for long, and written anew between runs.
// build: -O1
#include "../guest.h"

enum { kRuns = 40 };

// long run(unsigned long turns)
static const uint8_t machineCode[] = {
    0x31, 0xc0,                                      // xor %eax, %eax
    0x48, 0x05, 0x11, 0x11, 0x11, 0x11,              // 1: add $0x11111111, %rax
    0x48, 0x8d, 0x84, 0x38, 0x78, 0x56, 0x34, 0x12,  // lea 0x12345678(%rax,%rdi), %rax
    0x48, 0xff, 0xcf,                                // dec %rdi
    0x75, 0xed,                                      // jnz 1b
    0xc3,                                            // ret
};
enum { kConstant = 4 };

int main(void) {
  const int file = memfd_create("code", 0);
  need(file >= 0 && ftruncate(file, pageSize) == 0);
  uint8_t *executable = mmap(0, pageSize, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
  need(executable != MAP_FAILED);
  long sum = 0;
  for (int run = 0; run < kRuns; run++) {
    uint8_t *writable = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    need(writable != MAP_FAILED);
    memcpy(writable, machineCode, sizeof machineCode);
    writable[kConstant] = (uint8_t)run;
    need(munmap(writable, pageSize) == 0);
    sum += ((long (*)(unsigned long))executable)(1000000);
  }
  say("%ld\n", sum);
  return 0;
}
