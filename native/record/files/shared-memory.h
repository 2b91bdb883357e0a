// Which memory of a process others may write (MAP_SHARED, shmat(2)).
#pragma once

#include <cstdint>

#include "record/runtime/locals.h"
#include "record/task.h"

namespace rr {

class SharedMemory {
 public:
  explicit SharedMemory(const RuntimeLocals& locals) : locals_(locals) {}

  // At the end of a call that may have changed mappings: which memory others may write from then on.
  void note(const Task& task, int64_t result) const;
  // The same for a segment of shmat(2).
  void add(AddressSpace& space, const AddressRange& range) const;

 private:
  const RuntimeLocals& locals_;
};

}  // namespace rr
