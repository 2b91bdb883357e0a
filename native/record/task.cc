#include "record/task.h"

#include <string.h>
#include <sys/ptrace.h>

namespace rr {

bool resume(const Task& task, int request, int signal) {
  return ptrace(static_cast<__ptrace_request>(request), task.tid, 0, signal) == 0;
}

void takeArguments(Task& task) {
  const user_regs_struct& registers = task.entry;
  const uint64_t arguments[6] = {registers.rdi, registers.rsi, registers.rdx,
                                 registers.r10, registers.r8,  registers.r9};
  memcpy(task.arguments, arguments, sizeof arguments);
}

}  // namespace rr
