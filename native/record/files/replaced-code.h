// Instructions in code of files that would give every run another number, and are replaced by what traps
// (random-instructions.h).
#pragma once

#include <sys/user.h>

#include <cstdint>

#include "record/events/frame-writer.h"
#include "record/files/random-instructions.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class ReplacedCode {
 public:
  ReplacedCode(TaskTree& tree, FrameWriter& writer) : tree_(tree), writer_(writer) {}

  // Whether rdtsc can be made to trap: if not, it is replaced. Nobody knows before the launcher has tried.
  bool timeTraps() const { return timeTraps_; }
  void noteTimeTraps() { timeTraps_ = true; }
  // cpuid is replaced, too.
  bool identityReplaced() const { return identityReplaced_; }
  void replaceIdentity(bool replaced) { identityReplaced_ = replaced; }

  // In code that a task has mapped from a file, for itself alone.
  void replaceRandom(Task& task, LinkedFile& file, const MappingFacts& facts);
  // At the end of a call that may have thrown away pages with replaced code, or have moved them.
  void noteReplacedCode(Task& task, const user_regs_struct& registers);

 private:
  bool replaceAgain(const Task& task, uint64_t address, uint8_t value);

  TaskTree& tree_;
  FrameWriter& writer_;
  RandomInstructions randomInstructions_;
  bool timeTraps_ = false;
  bool identityReplaced_ = false;
};

}  // namespace rr
