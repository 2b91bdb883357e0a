// Keeps the program from writing over code of ours without a system call: where its code is writable, it is not for as
// long as ours stands there, and each write there is let through by itself.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace rr {

class CodeGuard {
 public:
  // The pages of [address, address + length) of a stopped task, whose registers are lost. Those that cannot be written
  // need no guard.
  void close(pid_t tid, uint64_t address, uint64_t length);
  // They are as they were. Registers are lost.
  void open(pid_t tid);
  // The task has ended.
  void drop() { end_ = start_; }
  // Whether the program faults when it writes there because of us.
  bool covers(uint64_t address) const { return address >= start_ && address < end_; }

 private:
  void protect(pid_t tid, int protection) const;

  uint64_t start_ = 0;
  uint64_t end_ = 0;
  int protection_ = 0;  // the program's
};

}  // namespace rr
