// Code with instructions that have been executed often is made writable, read, changed, copied, moved, and thrown away.
#include "counter.h"

__asm__(
    ".pushsection .text\n.balign 4096\n.globl ownText\n.type ownText, @function\nownText:\n"
    "rdtsc\n shl $32, %rdx\n or %rdx, %rax\n ret\n.size ownText, . - ownText\n"
    ".globl ownAux\n.type ownAux, @function\nownAux: rdtscp\n shl $32, %rdx\n or %rdx, %rax\n ret\n"
    ".size ownAux, . - ownAux\n"
    ".balign 4096\n.popsection\n");
extern char ownText[], ownAux[];

static uint64_t last;

static int readForward(const char *code) {
  const uint64_t before = last;
  uint64_t value;
  __asm__ volatile("call *%1" : "=&a"(value) : "r"(code) : "rcx", "rdx", "memory", "cc");
  last = value;
  return value > before;
}

static void useIt(const char *what, const char *code) {
  int forward = 0;
  for (int i = 0; i < hotEnough; i++) forward += readForward(code) + readForward(code + (ownAux - ownText));
  say("%s: %d forward\n", what, forward);
}

int main(void) {
  makeHot();
  useIt("first", ownText);
  need(mprotect(ownText, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
  say("its own bytes: %016lx\n", hashOf(ownText, 32));
  useIt("writable", ownText);
  char *copy = mmap(0, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(copy, ownText, pageSize);
  useIt("copied", copy);
  need(mprotect(ownText, pageSize, PROT_READ | PROT_EXEC) == 0);
  useIt("fixed again", ownText);
  char *place = mmap(0, pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *moved = mremap(ownText, pageSize, pageSize, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  need(moved == place);
  useIt("moved", moved);
  madvise(moved, pageSize, MADV_DONTNEED);
  useIt("fresh", moved);
  return 0;
}
