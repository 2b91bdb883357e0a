#include "record/files/shared-memory.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <vector>

#include "record/call-result.h"

namespace rr {

void SharedMemory::note(const Task& task, int64_t result) const {
  if (isFailure(result)) return;
  constexpr uint64_t kPage = 4096;
  const auto pages = [](uint64_t length) { return (length + kPage - 1) & ~(kPage - 1); };
  const uint64_t(&arguments)[6] = task.arguments;
  const uint64_t mapped = static_cast<uint64_t>(result);
  std::vector<AddressRange>& shared = task.space->sharedMemory;
  const bool maps = task.call == SYS_mmap && (arguments[3] & MAP_TYPE) != MAP_PRIVATE;
  if (shared.empty() && !maps) return;
  const auto remove = [&](uint64_t start, uint64_t length) {
    const AddressRange gone = {start, start + pages(length)};
    const bool known = overlapsAny(gone, shared);
    if (known) shared = subtract(shared, {&gone, 1});
    return known;
  };
  const auto add = [&](uint64_t start, uint64_t length) { insertSorted(shared, {start, start + pages(length)}); };
  bool changed = false;
  switch (task.call) {
    case SYS_munmap:
      changed = remove(arguments[0], arguments[1]);
      break;
    case SYS_mmap:
      changed = remove(mapped, arguments[1]) || maps;
      if (maps) add(mapped, arguments[1]);
      break;
    case SYS_mremap:
      changed = remove(arguments[0], std::max<uint64_t>(arguments[1], 1));
      if (!changed && !overlapsAny({mapped, mapped + pages(arguments[2])}, shared)) return;
      remove(mapped, arguments[2]);
      if (changed) add(mapped, arguments[2]);
      changed = true;
      break;
    default:
      return;
  }
  if (changed) locals_.update(*task.space);
}

void SharedMemory::add(AddressSpace& space, const AddressRange& range) const {
  space.sharedMemory = subtract(space.sharedMemory, {&range, 1});
  insertSorted(space.sharedMemory, range);
  locals_.update(space);
}

}  // namespace rr
