// Segments of the local descriptor table (modify_ldt), in use.
#include <asm/ldt.h>

#include "../guest.h"

static unsigned dataSegment(void) {
  unsigned short selector;
  __asm__ volatile("mov %%ds, %0" : "=r"(selector));
  return selector;
}

// The word at `offset` of the segment in gs.
static unsigned throughSegment(unsigned long offset) {
  unsigned value;
  __asm__ volatile("movl %%gs:(%1), %0" : "=r"(value) : "r"(offset));
  return value;
}

int main(void) {
  unsigned *low = mmap((void *)0x10000000, pageSize, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  need(low != MAP_FAILED);
  low[0] = 42;
  low[1] = 43;
  struct user_desc *segment = pageEndCopy(
      &(struct user_desc){.entry_number = 1, .base_addr = 0x10000000, .limit = 0xfff, .seg_32bit = 1, .useable = 1},
      sizeof *segment);
  result("write", syscall(SYS_modify_ldt, poisoned(1), segment, sizeof *segment));
  segment->entry_number = 2;
  segment->base_addr += 4;
  result("write", syscall(SYS_modify_ldt, poisoned(0x11), segment, sizeof *segment));
  segment->entry_number = 0x10000;
  result("bad entry", syscall(SYS_modify_ldt, poisoned(0x11), segment, sizeof *segment));
  unsigned char *table = pageEnd(24);
  result("read", syscall(SYS_modify_ldt, poisoned(0), table, 24L));
  say("  %016lx\n", hashOf(table, 24));
  __asm__ volatile("mov %0, %%ds" ::"r"(1 << 3 | 7));
  say("ds %x\n", dataSegment());
  getppid();
  say("ds %x\n", dataSegment());
  __asm__ volatile("mov %0, %%gs" ::"r"(2 << 3 | 7));
  say("gs:0 %u\n", throughSegment(0));
  pid_t child = fork();
  if (child == 0) {
    say("gs:0 in the child %u\n", throughSegment(0));
    _exit(0);
  }
  reap("child", child);
  return 0;
}
