#include "record/calls/memory-calls.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <algorithm>
#include <string>
#include <vector>

#include "record/named-pages.h"
#include "record/program-maps.h"
#include "tracee/abi.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
constexpr int kDontNeedLocked = 24;  // MADV_DONTNEED_LOCKED
constexpr uint64_t kDroppable = 8;   // MAP_DROPPABLE
constexpr int kGuardInstall = 102;   // MADV_GUARD_INSTALL
constexpr long kMseal = 462;         // since Linux 6.10

bool dropsPages(int advice) {
  return advice == MADV_DONTNEED || advice == MADV_REMOVE || advice == kDontNeedLocked || advice == kGuardInstall;
}

// Whether the task wants MADV_FREE where that is refused: for what is not anonymous memory (madvise_free_single_vma in
// the kernel). What the call has freed before it meets that may as well be kept.
bool freesOther(const Task& task, const std::optional<AddressRange>& range) {
  if (static_cast<int>(task.arguments[2]) != MADV_FREE || !range) return false;
  return std::ranges::any_of(readMaps(task.tid), [&](const MapLine& line) {
    const bool isZero = !line.shared && line.name == "/dev/zero";
    const bool isOther = (line.inode != 0 && !isZero) || line.name == "[vdso]" || line.name == "[vvar]";
    return isOther && line.start < range->end && range->start < line.end;
  });
}

bool tookEffect(int64_t result) { return result == 0 || result == -ENOMEM; }

}  // namespace

EntryAnswer MemoryCalls::enter(Task& task) {
  const uint64_t(&arguments)[6] = task.arguments;
  const auto meetsOurs = [&](const std::optional<AddressRange>& range) {
    return range && overlapsAny(*range, ownMemory(*task.space));
  };
  const auto refuse = [&](long error) {
    log_.warnOnce("own memory",
                  "task " + std::to_string(task.tid) +
                      " wants memory at an address that the recording uses: it is told that there is none");
    return EntryAnswer::of(-error);
  };
  switch (task.call) {
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_pkey_mprotect:
    case SYS_madvise: {
      const auto range = namedPages(arguments[0], arguments[1]);
      if (task.call == SYS_madvise && freesOther(task, range)) return EntryAnswer::of(-EINVAL);
      if (!meetsOurs(range)) return {};
      if (task.filters.own) return refuse(ENOMEM);
      return callAroundOurs(task, *range);
    }
    case SYS_mmap:
      // Pages that vanish whenever the kernel likes: refused as by Linux before 6.11.
      if ((arguments[3] & MAP_TYPE) == kDroppable) return EntryAnswer::of(-EINVAL);
      if (!(arguments[3] & MAP_FIXED) || !meetsOurs(namedPages(arguments[0], arguments[1]))) return {};
      return refuse(ENOMEM);
    case SYS_mremap:
      if (meetsOurs(namedPages(arguments[0], std::max<uint64_t>(arguments[1], 1)))) return refuse(EFAULT);
      if (!(arguments[3] & MREMAP_FIXED) || !meetsOurs(namedPages(arguments[4], arguments[2]))) return {};
      return refuse(ENOMEM);
    case kMseal:
      // What is not there cannot be sealed.
      return meetsOurs(namedPages(arguments[0], arguments[1])) ? refuse(ENOMEM) : EntryAnswer{};
    case SYS_shmat: {
      if (!(arguments[2] & SHM_REMAP)) return {};
      shmid_ds segment = {};
      const bool known = shmctl(static_cast<int>(arguments[0]), IPC_STAT, &segment) == 0;
      const uint64_t size = known ? std::max<uint64_t>(segment.shm_segsz, 1) : kPage;
      return meetsOurs(namedPages(arguments[1] & ~(kPage - 1), size)) ? refuse(EINVAL) : EntryAnswer{};
    }
    default:
      return {};
  }
}

EntryAnswer MemoryCalls::callAroundOurs(Task& task, const AddressRange& range) {
  const std::vector<AddressRange> whole = {range};
  std::vector<AddressRange> parts = subtract(whole, ownMemory(*task.space));
  // As at a hole: mprotect goes no further, madvise goes on, and both tell of it.
  const bool protects = task.call == SYS_mprotect || task.call == SYS_pkey_mprotect;
  if (protects && !parts.empty()) parts.resize(parts.front().start == range.start ? 1 : 0);
  // Where the range ends beyond all memory, munmap changes nothing: its last part tells.
  if (task.call == SYS_munmap) std::reverse(parts.begin(), parts.end());
  if (!dispatch_.leaveEntry(task)) return EntryAnswer::elsewhere();
  long result = task.call == SYS_munmap ? 0 : -ENOMEM;
  for (const AddressRange& part : parts) {
    const uint64_t arguments[6] = {part.start, part.end - part.start, task.arguments[2], task.arguments[3], 0, 0};
    const long one = syscallByStops(task.tid, task.call, arguments);
    if (one == -ESRCH) return EntryAnswer::lost();
    if (one != 0) result = one;
    if (one == 0) {
      failedCalls_.recordPart(task, part);
    } else if (task.call != SYS_munmap) {
      for (const AddressRange& done : failedCalls_.workedOn(task, part)) failedCalls_.recordPart(task, done);
    }
    if (one != 0 && task.call != SYS_madvise) break;
  }
  user_regs_struct registers = task.entry;
  registers.rax = static_cast<unsigned long long>(result);
  noteChanges(task, registers);
  return EntryAnswer::made(result);
}

void MemoryCalls::noteChanges(Task& task, const user_regs_struct& registers) {
  const int64_t result = static_cast<int64_t>(registers.rax);
  noteChangedCode(task, registers);
  replacedCode_.noteReplacedCode(task, registers);
  fileWrites_.noteSharedViews(task, result);
  sharedMemory_.note(task, result);
}

void MemoryCalls::noteChangedCode(Task& task, const user_regs_struct& registers) {
  if (task.space->patched.texts.empty()) return;
  const uint64_t(&arguments)[6] = task.arguments;
  const int64_t result = static_cast<int64_t>(registers.rax);
  switch (task.call) {
    case SYS_munmap:
      if (result == 0) sites_.forgetSites(task, namedPages(arguments[0], arguments[1]));
      return;
    case SYS_mmap:
      if ((arguments[3] & MAP_FIXED) && registers.rax == arguments[0]) {
        sites_.forgetSites(task, namedPages(arguments[0], arguments[1]));
      }
      return;
    case SYS_madvise:
      if (tookEffect(result) && dropsPages(static_cast<int>(arguments[2]))) {
        sites_.forgetSites(task, namedPages(arguments[0], arguments[1]));
      }
      return;
    case SYS_mprotect:
    case SYS_pkey_mprotect:
      if (tookEffect(result) && (arguments[2] & PROT_WRITE)) {
        const auto range = namedPages(arguments[0], arguments[1]);
        if (range) sites_.restoreSites(task, {range->start - PatchedSites::kLongestJump, range->end}, 0);
      }
      return;
    case SYS_mremap: {
      const auto range = namedPages(arguments[0], arguments[1]);
      if (result < 0 || !range) return;
      sites_.restoreSites(task, {range->start - PatchedSites::kLongestJump, range->start}, 0);
      sites_.restoreSites(task, *range, registers.rax - arguments[0]);
      task.space->patched.forgetText(*range);
      return;
    }
    default:
      return;
  }
}

}  // namespace rr
