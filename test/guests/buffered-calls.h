// Buffered calls in loops, and what a guest must not see of the recorder.
#pragma once

#include <dlfcn.h>
#include <stdbool.h>
#include <sys/ucontext.h>

#include "guest.h"

// A few calls of several families: plain, read and write; each from a site of libc's.
unused static void someBufferedCalls(void) {
  static int zero = -1, null = -1;
  if (zero < 0) {
    zero = open("/dev/zero", O_RDONLY);
    null = open("/dev/null", O_WRONLY);
    need(zero >= 0 && null >= 0);
  }
  char bytes[64];
  struct stat state;
  need(getppid() >= 0);
  need(fstat(zero, &state) == 0 && S_ISCHR(state.st_mode));
  need(read(zero, bytes, sizeof bytes) == sizeof bytes);
  need(write(null, bytes, sizeof bytes) == sizeof bytes);
  need(lseek(-1, 0, SEEK_SET) == -1 && errno == EBADF);
}

// Code that a program may see itself in: its own, and its libraries'.
extern char __executable_start, etext;
unused static bool isProgramAddress(uint64_t address) {
  if (address >= (uint64_t)&__executable_start && address < (uint64_t)&etext) return true;
  struct dl_find_object found;
  return _dl_find_object((void *)address, &found) == 0;
}

// For handlers: the interrupted instruction must be the program's.
unused static void checkInterrupted(const void *context) {
  const greg_t *registers = ((const ucontext_t *)context)->uc_mcontext.gregs;
  const uint64_t rip = (uint64_t)registers[REG_RIP];
  const uint64_t rsp = (uint64_t)registers[REG_RSP];
  if (!isProgramAddress(rip)) {
    say("interrupted at %lx\n", rip);
    _exit(97);
  }
  if (rsp >= 0x70000000 && rsp < 0x70100000) {
    say("interrupted on the stack at %lx\n", rsp);
    _exit(97);
  }
}
