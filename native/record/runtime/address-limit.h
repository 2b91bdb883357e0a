// RLIMIT_AS of a task (ulimit -v), which our own memory counts against.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "record/tree/task-state.h"

namespace rr {

// Asks the kernel once. What raise() has changed is put back when the object goes.
class AddressLimit {
 public:
  explicit AddressLimit(pid_t tid) : tid_(tid) {
    limited_ = prlimit(tid, RLIMIT_AS, nullptr, &limit_) == 0 && limit_.rlim_cur != RLIM_INFINITY;
  }
  ~AddressLimit() {
    if (raised_) prlimit(tid_, RLIMIT_AS, &limit_, nullptr);
  }
  AddressLimit(const AddressLimit&) = delete;
  AddressLimit& operator=(const AddressLimit&) = delete;

  // Where a process may have but little more of the address space, all of it is the program's: it runs without what
  // makes it fast. What we map are some hundred kilobytes for the runtime, and as much around each library.
  bool hasRoomForUs() const {
    constexpr uint64_t kEnough = 64 << 20;
    return !limited_ || (limit_.rlim_cur >= kEnough && limit_.rlim_cur - kEnough >= addressSpaceSize(tid_));
  }
  // Our own needs must not fail for it.
  void raise() {
    if (!limited_ || limit_.rlim_cur == limit_.rlim_max) return;
    const rlimit raised = {limit_.rlim_max, limit_.rlim_max};
    raised_ = prlimit(tid_, RLIMIT_AS, &raised, nullptr) == 0;
  }

 private:
  pid_t tid_;
  rlimit limit_ = {};
  bool limited_ = false;
  bool raised_ = false;
};

}  // namespace rr
