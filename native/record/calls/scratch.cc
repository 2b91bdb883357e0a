#include "record/calls/scratch.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "generated/syscalls.h"
#include "record/call-result.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
// In-out values of this size (socklen_t, loff_t, timeval, msghdr) are copied back before the ranges are found, which
// may depend on them; as do those of recvmmsg on its array of any size.
constexpr uint64_t kSmall = 64;

unsigned long long& argumentRegister(user_regs_struct& registers, int argument) {
  switch (argument) {
    case 0:
      return registers.rdi;
    case 1:
      return registers.rsi;
    case 2:
      return registers.rdx;
    case 3:
      return registers.r10;
    case 4:
      return registers.r8;
    default:
      return registers.r9;
  }
}

// By the protection of its mappings.
bool isMappedWritable(pid_t tid, uint64_t start, uint64_t end) {
  for (const MapLine& line : readMaps(tid)) {
    if (line.start <= start && start < line.end && line.writable) start = line.end;
    if (start >= end) return true;
  }
  return false;
}

// True when each page of the range can be written by the task itself: one byte a page is written back as it is.
// /proc/TID/mem would write to read-only pages too.
bool isWritable(pid_t tid, const TraceeMemory& memory, uint64_t address, uint64_t length) {
  const uint64_t end = address + length;
  if (end < address) return false;
  for (uint64_t at = address; at < end; at = (at & ~(kPage - 1)) + kPage) {
    uint8_t byte;
    if (!memory.readAll(at, &byte, 1)) return false;
    const iovec local = {&byte, 1};
    const iovec remote = {reinterpret_cast<void*>(at), 1};
    if (process_vm_writev(tid, &local, 1, &remote, 1, 0) == 1) continue;
    // A container's profile may forbid the call.
    return (errno == EPERM || errno == ENOSYS) && isMappedWritable(tid, at, end);
  }
  return true;
}

// Regions that the kernel would fill one after the other, in their order: what was copied back would be in another.
bool anyOverlap(const std::vector<OutRegion>& regions) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const OutRegion& region : regions) {
    if (region.address != 0) ranges.emplace_back(region.address, region.address + region.maximumLength);
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); i++) {
    if (ranges[i].first < ranges[i - 1].second) return true;
  }
  return false;
}

}  // namespace

void Scratch::provide(Task& thread, Task& maker) {
  for (Task* task : {&thread, &maker}) {
    if (task->scratch != 0 || task->space != thread.space) continue;
    std::vector<uint64_t>& unused = thread.space->unusedScratch;
    if (!unused.empty()) {
      task->scratch = unused.back();
      unused.pop_back();
      continue;
    }
    const uint64_t arguments[6] = {
        0, kScratchSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, ~0ULL, 0};
    const long result = syscallByStops(thread.tid, SYS_mmap, arguments);
    if (result <= 0) continue;
    task->scratch = static_cast<uint64_t>(result);
    thread.space->scratch.push_back(task->scratch);
    locals_.update(*thread.space);
  }
}

void Scratch::redirect(Task& task) {
  if (task.call == SYS_restart_syscall) return;  // the kernel goes on with the pointers of the first time
  if (task.call == SYS_futex) return;            // futex-words.cc
  if (task.call == SYS_vmsplice) return;
  if (task.scratch == 0 || !tree_.sharesMemory(task) || anyOverlap(task.out.regions())) return;
  const TraceeMemory& memory = task.space->memory;
  uint64_t used = 0;
  user_regs_struct registers = task.entry;
  for (const OutRegion& region : task.out.regions()) {
    if (region.address == 0 || region.maximumLength == 0) continue;
    std::optional<uint64_t> pointer;  // in scratch memory
    for (const Task::Redirection& structure : task.redirections) {
      const uint64_t offset = region.pointerLocation - structure.original;
      if (region.argument < 0 && offset < structure.length) pointer = structure.scratch + offset;
    }
    if (region.argument < 0 && !pointer) continue;
    const uint64_t room = (region.maximumLength + 15) & ~15ULL;
    if (room < region.maximumLength || room > kScratchSize - used) continue;
    if (!region.readOnly && !isWritable(task.tid, memory, region.address, region.maximumLength)) continue;
    const uint64_t scratch = task.scratch + used;
    std::vector<uint8_t> bytes(region.maximumLength);
    if (!memory.readAll(region.address, bytes.data(), bytes.size())) continue;
    if (!memory.writeAll(scratch, bytes.data(), bytes.size())) continue;
    if (pointer && !memory.writeAll(*pointer, &scratch, sizeof scratch)) continue;
    used += room;
    if (pointer) {
      task.changedPointers.push_back({*pointer, region.address});
    } else {
      argumentRegister(registers, region.argument) = scratch;
    }
    task.redirections.push_back(
        {region.argument, region.address, scratch, region.maximumLength, region.inOut, region.readOnly});
  }
  if (!task.redirections.empty()) setRegisters(task.tid, registers);
}

void Scratch::restore(Task& task, user_regs_struct& registers, std::vector<OutRange>& ranges) {
  const auto copyBack = [&task](uint64_t from, uint64_t to, uint64_t length) {
    std::vector<uint8_t> bytes(length);
    if (task.space->memory.readAll(from, bytes.data(), length)) task.space->memory.writeAll(to, bytes.data(), length);
  };
  for (const Task::ChangedPointer& pointer : task.changedPointers) {
    task.space->memory.writeAll(pointer.location, &pointer.original, sizeof pointer.original);
  }
  task.changedPointers.clear();
  for (const Task::Redirection& redirection : task.redirections) {
    if (task.call != SYS_restart_syscall && redirection.argument >= 0) {
      argumentRegister(registers, redirection.argument) = redirection.original;
    }
    if (redirection.inOut && !redirection.readOnly && (redirection.length <= kSmall || task.call == SYS_recvmmsg)) {
      copyBack(redirection.scratch, redirection.original, redirection.length);
    }
  }
  if (!task.redirections.empty()) setRegisters(task.tid, registers);
  const int64_t result = static_cast<int64_t>(registers.rax);
  task.out.exit(result, task.space->memory, ranges);
  for (const OutRange& range : ranges) {
    for (const Task::Redirection& redirection : task.redirections) {
      if (redirection.readOnly) continue;
      const uint64_t from = std::max(range.address, redirection.original);
      const uint64_t to = std::min(range.address + range.length, redirection.original + redirection.length);
      if (from < to) copyBack(redirection.scratch + (from - redirection.original), from, to - from);
    }
  }
  // An interrupted call may go on by restart_syscall, with the kernel still pointing at scratch memory.
  if (result != kRestartBlock) task.redirections.clear();
}

}  // namespace rr
