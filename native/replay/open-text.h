// Writing to code that is mapped shared, where the program itself may not write.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace rr {

// How the code at an address is mapped, as far as writing to it goes.
struct SharedText {
  bool isShared = false;
  // PROT_* of the mapping; 0 where it may be written as it is.
  int protection = 0;

  // Of a mapping that is known to be shared.
  static SharedText at(pid_t tid, uint64_t address);
};

// As long as it lives, a stopped task's shared code may be written to: neither ptrace(2) nor /proc/PID/mem writes to a
// shared mapping that is not writable (check_vma_flags in the kernel's mm/gup.c). Does nothing for other code. The
// task's registers are lost. Nothing but this task may run meanwhile.
class OpenText {
 public:
  OpenText(pid_t tid, uint64_t address, uint64_t length, const SharedText& text);
  ~OpenText();
  OpenText(const OpenText&) = delete;
  OpenText& operator=(const OpenText&) = delete;

 private:
  void protect(int protection) const;

  pid_t tid_;
  uint64_t start_;
  uint64_t end_;
  int protection_;
};

}  // namespace rr
