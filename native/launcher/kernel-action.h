// What the kernel's rt_sigaction takes on x86-64 (arch/x86/include/uapi/asm/signal.h). The C library's own functions
// refuse the signals that it keeps to itself, 32 and 33.
#pragma once

#include <stdint.h>

struct KernelAction {
  uint64_t handler;
  uint64_t flags;
  uint64_t restorer;
  uint64_t mask;
};
