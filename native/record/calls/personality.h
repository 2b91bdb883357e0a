// Addresses of recorded programs are not randomised: what one process tells is then what the next one tells, and the
// trace says it once. The record stub has set ADDR_NO_RANDOMIZE (personality(2)) where the kernel lets it. Programs
// find there what they have set themselves.
#pragma once

#include <sys/user.h>

#include <cstdint>

#include "record/files/vdso.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class Personality {
 public:
  Personality(const RecorderOptions& options, TaskTree& tree, const Vdso& vdso, const RecordingLog& log)
      : options_(options), tree_(tree), vdso_(vdso), log_(log) {}

  // At the first program: whether the stub's wish is in force. A set-user-id program has lost it, and a recorder that
  // had it before it began has given it to the program as its own. The vdso is as the kernel made it.
  void learn(Task& task, uint64_t vdsoStart);
  // At the end of personality(2).
  void exit(Task& task, user_regs_struct& registers);
  // Before a task goes on unrecorded; `instruction` is a system call instruction in its memory.
  void giveBack(const Task& task, uint64_t instruction) const;
  // At the end of a read of /proc/PID/personality.
  void show(const Task& task, int64_t result) const;

 private:
  const RecorderOptions& options_;
  TaskTree& tree_;
  const Vdso& vdso_;
  const RecordingLog& log_;
};

}  // namespace rr
