#include "replay/open-text.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>

#include "replay/mapping-at.h"
#include "replay/remote-call.h"

namespace rr {

namespace {

constexpr uint64_t kPageMask = 4095;

}  // namespace

SharedText SharedText::at(pid_t tid, uint64_t address) {
  const int protection = protectionAt(tid, address);
  const bool isOpen = protection < 0 || (protection & PROT_WRITE) != 0;
  return {.isShared = true, .protection = isOpen ? 0 : protection};
}

OpenText::OpenText(pid_t tid, uint64_t address, uint64_t length, const SharedText& text)
    : tid_(tid),
      start_(address & ~kPageMask),
      end_(((address + std::max<uint64_t>(length, 1) - 1) | kPageMask) + 1),
      protection_(text.protection) {
  if (protection_ != 0) protect(protection_ | PROT_WRITE);
}

OpenText::~OpenText() {
  const int error = errno;
  if (protection_ != 0) protect(protection_);
  errno = error;
}

// Where the kernel refuses it, the write that follows is refused as well, and tells so.
void OpenText::protect(int protection) const {
  const uint64_t arguments[6] = {start_, end_ - start_, static_cast<uint64_t>(protection), 0, 0, 0};
  remoteCall(tid_, SYS_mprotect, arguments);
}

}  // namespace rr
