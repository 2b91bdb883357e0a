// For a system call that the table does not model: what it wrote is found by comparing memory before and after.
#pragma once

#include <cstdint>
#include <vector>

#include "record/out-parameters.h"
#include "tracee/tracee.h"

namespace rr {

class MemoryCompare {
 public:
  // Copies what the call could reach: all writable private memory of the task when that is at most kWholeLimit bytes,
  // else the pages around each argument that points into writable memory.
  void before(pid_t tid, const TraceeMemory& memory, const uint64_t (&arguments)[6]);
  // Appends the ranges that differ now, and forgets the copy.
  void after(const TraceeMemory& memory, std::vector<OutRange>& ranges);

  // Nothing was copied.
  bool empty() const { return copies_.empty(); }

  static constexpr uint64_t kWholeLimit = 64 << 20;  // bytes
  static constexpr uint64_t kAround = 1 << 20;       // bytes copied behind an argument in larger programs

 private:
  struct Copy {
    uint64_t address;
    std::vector<uint8_t> bytes;
  };
  void copy(const TraceeMemory& memory, uint64_t address, uint64_t length);
  std::vector<Copy> copies_;
};

}  // namespace rr
