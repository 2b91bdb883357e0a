// Text that was patched is made writable and changed, right behind a system call instruction too; then it is copied,
// moved and made anew.
#include "../buffered-calls.h"

// mov $number, %eax; syscall; then mov $..., %edx; mov %edx, ... : the byte behind the call is changed below.
__asm__(
    ".pushsection .text\n.balign 4096\n.globl ownText\nownText:\n"
    "mov $110, %eax\n syscall\n"
    ".globl behind\nbehind: mov $11, %eax\n ret\n"
    ".balign 4096\n.popsection\n");
extern char ownText[], behind[];

static long call(const void *code) {
  long result;
  __asm__ volatile("call *%1" : "=&a"(result) : "r"(code) : "rcx", "r11", "rdi", "rsi", "rdx", "memory", "cc");
  return result;
}

int main(void) {
  for (int i = 0; i < 3; i++) say("%ld\n", call(ownText));
  need(mprotect(ownText, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
  for (int i = 0; i < 3; i++) {
    behind[1] = 20 + i;
    say("%ld\n", call(ownText));
  }
  // Another register's mov: another first byte.
  const char other[] = {(char)0xb8, 77, 0, 0, 0};
  memcpy(behind, other, sizeof other);
  say("%ld\n", call(ownText));
  need(mprotect(ownText, pageSize, PROT_READ | PROT_EXEC) == 0);
  for (int i = 0; i < 3; i++) say("%ld\n", call(ownText));

  // A copy elsewhere of code that has been patched again.
  need(mprotect(ownText, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
  char *copy = mmap(0, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(copy, ownText, pageSize);
  for (int i = 0; i < 3; i++) say("copy %ld\n", call(copy));
  // Moved.
  need(mprotect(ownText, pageSize, PROT_READ | PROT_EXEC) == 0);
  for (int i = 0; i < 3; i++) say("%ld\n", call(ownText));
  char *place = mmap(0, pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *moved = mremap(ownText, pageSize, pageSize, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  need(moved == place);
  for (int i = 0; i < 3; i++) say("moved %ld\n", call(moved));
  madvise(moved, pageSize, MADV_DONTNEED);
  for (int i = 0; i < 3; i++) say("fresh %ld\n", call(moved));
  return 0;
}
