// What of the kernel and the processor a recorder of this kind wants, tried out and not looked up.
#pragma once

#include <string>
#include <vector>

namespace rr {

struct MachineFeature {
  const char* name;
  bool works;
  std::string detail;  // what the kernel said when it does not; else what it gives, or nothing
};

// Some in child processes, a few milliseconds in all.
std::vector<MachineFeature> probeMachine();

}  // namespace rr
