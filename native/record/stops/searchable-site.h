// Whether replay will be able to search for a point at an address fast: by a jump to a stub there (patch/jump.h),
// rather than by a breakpoint, which costs some 10 us each time that the task comes by.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <vector>

#include "patch/free-space.h"
#include "tracee/tracee.h"

namespace rr {

class SearchableSites {
 public:
  explicit SearchableSites(pid_t tid) : tid_(tid) {}

  // `code`: the program's bytes from `site` on.
  bool contains(uint64_t site, std::span<const uint8_t> code);

  // Whether a stub at `site` may change the status flags, so that a pass of it costs next to nothing.
  static bool leavesFlags(const TraceeMemory& memory, uint64_t site);

 private:
  pid_t tid_;
  std::vector<AddressRange> gaps_;
  bool read_ = false;
};

}  // namespace rr
