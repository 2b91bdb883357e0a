// System calls whose patches all need their stub 4 MB on, at places 32 KB apart: each beside memory that the recorder
// has mapped for another one. The number comes in a register, so that nobody knows them before they are used.
#include "../guest.h"

enum { kSites = 64, kSpacing = 32768, kTimes = 50 };

// Each: mov %edi, %eax; syscall; ret; then, never executed, the higher bytes of the jump's distance.
__asm__(
    ".balign 32768\n"
    "sites:\n"
    ".rept 64\n"
    "  mov %edi, %eax\n"
    "  syscall\n"
    "  ret\n"
    "  .byte 0x40, 0x00\n"
    "  .balign 32768\n"
    ".endr\n");
extern char sites[];

int main(void) {
  for (int site = 0; site < kSites; site++) {
    int (*call)(int) = (int (*)(int))(sites + site * kSpacing);
    for (int time = 0; time < kTimes; time++) {
      if (call(SYS_getpid) != getpid()) return 1;
    }
  }
  say("%d sites\n", kSites);
  return 0;
}
