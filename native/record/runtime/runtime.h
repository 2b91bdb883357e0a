// The in-tracee runtime as a stop of a task meets it: its addresses are not for the program.
#pragma once

#include <signal.h>
#include <stddef.h>
#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <string>

#include "record/task.h"
#include "tracee/runtime-image.h"

namespace rr {

// What the tracer reads of the locals page at a stop: all before its flags.
struct LocalsHead {
  rr_locals locals;
  bool read(const TraceeMemory& memory) { return memory.readAll(RR_LOCALS, &locals, offsetof(rr_locals, flags)); }
};

class Runtime {
 public:
  explicit Runtime(const std::string& launcher) : image_(launcher) {}

  const RuntimeImage& image() const { return image_; }
  const rr_runtime_header& header() const { return image_.header(); }

  // True for addresses at which no program stands: the runtime's code, and the stubs.
  bool inHook(const Task& task, uint64_t rip) const;
  // True when the task stands behind a system call instruction whose call was dispatched, which no other stop leaves
  // with these registers: leaveAtEvent sees to that. `signal` is the stop's, if it is one.
  bool isDispatchedCall(const Task& task, const user_regs_struct& registers, const siginfo_t* signal) const;
  // At a system call stop: a call that the runtime has let through comes from the program's own instruction, as far as
  // anybody sees. What the runtime tells of it; `made`: it has made it already, and only the tracer can write down what
  // it did. Nothing for a call of the program's own instruction.
  std::optional<LocalsHead> showProgramAddress(Task& task, user_regs_struct& registers) const;
  // At a SIGSEGV: an rdtsc or rdtscp that the runtime has let trap is the program's own instruction's.
  void showProgramTime(Task& task, user_regs_struct& registers) const;

 private:
  RuntimeImage image_;
};

}  // namespace rr
