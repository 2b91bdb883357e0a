// What becomes of a call at its entry.
#pragma once

#include <cstdint>

namespace rr {

struct EntryAnswer {
  enum class Kind : uint8_t {
    none,       // the kernel makes it
    answered,   // the program gets `result`, without the kernel
    made,       // the recorder has made it, with that result
    elsewhere,  // the task is no longer at its entry: it has another stop to be handled, or is gone
    lost,       // the task is gone (TaskTree::lost)
  };
  Kind kind = Kind::none;
  long result = 0;

  static EntryAnswer of(long result) { return {Kind::answered, result}; }
  static EntryAnswer made(long result) { return {Kind::made, result}; }
  static EntryAnswer elsewhere() { return {Kind::elsewhere}; }
  static EntryAnswer lost() { return {Kind::lost}; }
};

}  // namespace rr
