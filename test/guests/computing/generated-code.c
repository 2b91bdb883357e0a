// Code in private memory that is writable and executable, as a JIT's: it reads a constant out of one of its
// instructions, changes the constants of two while it runs, and is written anew. And code that writes data beside it.
// build: -O1
#include "../guest.h"

enum { kRuns = 200, kTurns = 3000, kOther = 0x400 };

// long run(unsigned turns, uint8_t *code)
static const uint8_t changing[] = {
    0x31, 0xc0,                                                  // xor %eax, %eax
    0x48, 0xb9, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,  // 1: movabs $0x200000000, %rcx
    0x48, 0x01, 0xc8,                                            // add %rcx, %rax
    0x48, 0x8b, 0x15, 0xee, 0xff, 0xff, 0xff,                    // mov the movabs's constant(%rip), %rdx
    0x48, 0x31, 0xd0,                                            // xor %rdx, %rax
    0x48, 0x05, 0x11, 0x11, 0x11, 0x11,                          // add $0x11111111, %rax
    0x81, 0x46, 0x1b, 0x01, 0x00, 0x00, 0x00,                    // addl $1, the last one's constant
    0x48, 0x83, 0x46, 0x04, 0x01,                                // addq $1, the movabs's constant
    0xff, 0xcf,                                                  // dec %edi
    0x0f, 0x85, 0xcf, 0xff, 0xff, 0xff,                          // jne 1b
    0xc3,                                                        // ret
};

static const uint8_t besideData[] = {
    0x31, 0xc0,                                // xor %eax, %eax
    0x48, 0x03, 0x86, 0x00, 0x08, 0x00, 0x00,  // 1: add 0x800(%rsi), %rax
    0x48, 0x01, 0xf8,                          // add %rdi, %rax
    0xf7, 0xc7, 0xff, 0x01, 0x00, 0x00,        // test $0x1ff, %edi
    0x75, 0x07,                                // jne 2f
    0x83, 0x86, 0x00, 0x08, 0x00, 0x00, 0x01,  // addl $1, 0x800(%rsi)
    0xff, 0xcf,                                // 2: dec %edi
    0x75, 0xe3,                                // jne 1b
    0xc3,                                      // ret
};

int main(void) {
  uint8_t *code = mmap(0, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(code != MAP_FAILED);
  memcpy(code + kOther, besideData, sizeof besideData);
  long sum = 0;
  for (int run = 0; run < kRuns; run++) {
    memcpy(code, changing, sizeof changing);
    code[4] = (uint8_t)run;
    sum += ((long (*)(unsigned, uint8_t *))code)(kTurns, code);
    for (int i = 0; i < 10; i++) sum += ((long (*)(unsigned, uint8_t *))(code + kOther))(kTurns, code);
  }
  say("%ld\n", sum);
  return 0;
}
