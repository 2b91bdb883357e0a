// What becomes of a call at its entry.
#pragma once

#include <cstdint>

namespace rr {

struct EntryAnswer {
  enum class Kind : uint8_t {
    none,      // the kernel makes it
    answered,  // the program gets `result`, without the kernel
    lost,      // the task is gone (TaskTree::lost)
  };
  Kind kind = Kind::none;
  long result = 0;

  static EntryAnswer of(long result) { return {Kind::answered, result}; }
  static EntryAnswer lost() { return {Kind::lost}; }
};

}  // namespace rr
