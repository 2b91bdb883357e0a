#include "replay/code-guard.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "replay/remote-call.h"
#include "tracee/tracee.h"

namespace rr {

void CodeGuard::close(pid_t tid, uint64_t address, uint64_t length) {
  constexpr uint64_t kPageMask = 4095;
  drop();
  for (const MapLine& line : readMaps(tid)) {
    if (address < line.start || address >= line.end || !line.writable) continue;
    start_ = address & ~kPageMask;
    end_ = ((address + length - 1) | kPageMask) + 1;
    if (end_ > line.end) end_ = line.end;
    protection_ = PROT_WRITE | (line.readable ? PROT_READ : 0) | (line.executable ? PROT_EXEC : 0);
    protect(tid, protection_ & ~PROT_WRITE);
    return;
  }
}

void CodeGuard::open(pid_t tid) {
  if (end_ == start_) return;
  protect(tid, protection_);
  drop();
}

void CodeGuard::protect(pid_t tid, int protection) const {
  const uint64_t arguments[6] = {start_, end_ - start_, static_cast<uint64_t>(protection), 0, 0, 0};
  remoteCall(tid, SYS_mprotect, arguments);
}

}  // namespace rr
