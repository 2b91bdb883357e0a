#include "record/calls/failed-calls.h"

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <algorithm>
#include <iterator>

#include "record/call-result.h"
#include "record/named-pages.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// Behind the last address of a program (TASK_SIZE_MAX in arch/x86/include/asm/page_64_types.h).
constexpr uint64_t kUserEnd = (1ULL << 47) - 4096;

// Advice that changes what memory holds, or who has it (asm-generic/mman-common.h): the kernel works from mapping to
// mapping, and stops at the first that it does not suit. To do it again changes nothing.
bool isRepeatable(int advice) {
  switch (advice) {
    case MADV_DONTNEED:
    case MADV_REMOVE:
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
    case 24:   // MADV_DONTNEED_LOCKED
    case 102:  // MADV_GUARD_INSTALL
    case 103:  // MADV_GUARD_REMOVE
      return true;
    default:
      return false;
  }
}

uint64_t protectionOf(const MapLine& line) {
  return (line.readable ? PROT_READ : 0U) | (line.writable ? PROT_WRITE : 0U) | (line.executable ? PROT_EXEC : 0U);
}

}  // namespace

std::vector<AddressRange> FailedCalls::workedOn(const Task& task, const std::optional<AddressRange>& range) const {
  std::vector<AddressRange> parts;
  if (!range) return parts;
  const bool advises = task.call == SYS_madvise;
  const int advice = static_cast<int>(task.changedArgument ? MADV_DONTNEED : task.arguments[2]);
  // A supervisor would have to be asked again.
  if (advises && (!isRepeatable(advice) || task.filters.notifies)) return parts;
  uint64_t reached = range->start;
  for (const MapLine& line : readMaps(task.tid)) {
    const AddressRange part = {std::max(line.start, range->start), std::min(line.end, range->end)};
    if (part.start >= part.end) continue;
    if (advises) {
      const uint64_t arguments[6] = {part.start, part.end - part.start, static_cast<uint64_t>(advice), 0, 0, 0};
      if (syscallByStops(task.tid, SYS_madvise, arguments) != 0) break;
    } else if (part.start != reached ||
               protectionOf(line) != (task.arguments[2] & (PROT_READ | PROT_WRITE | PROT_EXEC))) {
      break;  // it stops at a hole
    }
    reached = part.end;
    parts.push_back(part);
  }
  return parts;
}

std::vector<AddressRange> FailedCalls::madeRoom(const Task& task) const {
  const uint64_t(&arguments)[6] = task.arguments;
  std::optional<AddressRange> room;
  if (task.call == SYS_mmap && (arguments[3] & MAP_FIXED)) room = namedPages(arguments[0], arguments[1]);
  if (task.call == SYS_mremap && (arguments[3] & MREMAP_FIXED)) room = namedPages(arguments[4], arguments[2]);
  // What reaches beyond the program's half of the addresses is refused before anything is unmapped.
  if (!room || room->end > kUserEnd) return {};
  std::vector<AddressRange> mapped;
  for (const MapLine& line : readMaps(task.tid)) mapped.push_back({line.start, line.end});
  return subtract({&*room, 1}, mapped);
}

bool FailedCalls::recordDoneParts(Task& task) {
  std::vector<AddressRange> parts;
  switch (task.call) {
    case SYS_madvise:
    case SYS_mprotect:
    case SYS_pkey_mprotect:
      parts = workedOn(task, namedPages(task.arguments[0], task.arguments[1]));
      break;
    case SYS_mmap:
    case SYS_mremap:
      parts = madeRoom(task);
      for (const AddressRange& part : parts) {
        sites_.forgetSites(task, part);
        sharedFiles_.gone(task.space, part.start, part.end - part.start);
      }
      break;
    default:
      return true;
  }
  for (const AddressRange& part : parts) recordPart(task, part);
  return !parts.empty();
}

void FailedCalls::recordPart(const Task& task, const AddressRange& part) {
  MappingFacts facts;
  facts.address = part.start;
  facts.length = part.end - part.start;
  writer_.mapping(task.tid, facts);
}

}  // namespace rr
