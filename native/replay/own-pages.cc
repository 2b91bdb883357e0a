#include "replay/own-pages.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>

#include "tracee/tracee.h"

namespace rr {

namespace {

constexpr uint64_t kOursEnd = kRuntimeData + kRuntimeDataSize;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kSetCpuid = 0x1012;  // arch_prctl(2), ARCH_SET_CPUID

static_assert(kRuntimeData == kRuntimePage + kRuntimePageSize);

// The same of the pages that a range is on, as the kernel rounds lengths up.
bool pagesTouchOurs(uint64_t start, uint64_t length) {
  const uint64_t first = start & ~(kPage - 1);
  const uint64_t end = start + length;
  if (end < start || end > ~(kPage - 1)) return true;
  return touchesOurs(first, ((end + kPage - 1) & ~(kPage - 1)) - first);
}

}  // namespace

bool touchesOurs(uint64_t start, uint64_t length) {
  const uint64_t end = start + length;
  return end < start || (start < kOursEnd && end > kRuntimePage);
}

size_t lengthBeforeOurs(uint64_t address, size_t length) {
  if (!touchesOurs(address, length)) return length;
  return address < kRuntimePage ? std::min<size_t>(length, kRuntimePage - address) : 0;
}

bool mayCall(long number, const uint64_t (&arguments)[6]) {
  switch (number) {
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_pkey_mprotect:
    case SYS_madvise:
      return !pagesTouchOurs(arguments[0], arguments[1]);
    case SYS_mremap:
      return !pagesTouchOurs(arguments[0], arguments[1]) &&
             ((arguments[3] & MREMAP_FIXED) == 0 || !pagesTouchOurs(arguments[4], arguments[2]));
    case SYS_clone:
      return (arguments[0] & ~static_cast<uint64_t>(CLONE_VM | CLONE_PARENT)) == 0;
    case SYS_arch_prctl:
      return arguments[0] == kSetCpuid;
    case SYS_close:
    case SYS_modify_ldt:
    case SYS_pkey_alloc:
    case SYS_pkey_free:
      return true;
    default:
      return false;
  }
}

}  // namespace rr
