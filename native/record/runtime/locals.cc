#include "record/runtime/locals.h"

#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <utility>

#include "record/files/shared-files.h"
#include "record/program-maps.h"

namespace rr {

void RuntimeLocals::fill(const AddressSpace& space, rr_locals& locals) const {
  if (space.patched.allTraced || space.patched.tracedForNow) locals.flags |= RR_ALL_TRACED;
  if (timeTraced_) locals.flags |= RR_TIME_TRACED;
  if (stopsUntold_) locals.flags |= RR_STOPS_UNTOLD;
  locals.timeScale = timeStamps_.scale();
  if (space.patched.foreignDescriptors > 0) locals.flags |= RR_OWN_DESCRIPTORS;
  for (int i = 0; i < 2; i++) {
    const StdioMonitor::Identity identity = stdio_.identity(i + 1);
    locals.stdio[i] = {identity.device, identity.inode};
    if (identity.singular) locals.flags |= i == 0 ? RR_STDIO_IS_NULL_1 : RR_STDIO_IS_NULL_2;
  }
  for (const auto& [device, inode] : sharedFiles_.identities()) {
    if (locals.sharedFileCount == RR_SHARED_FILES) {
      locals.flags |= RR_WRITES_TRACED;
      break;
    }
    locals.sharedFiles[locals.sharedFileCount++] = {device, inode};
  }
  if (space.sharedMemory.size() > RR_SHARED_RANGES) {
    locals.flags |= RR_SENT_UNKNOWN;
  } else {
    for (const AddressRange& range : space.sharedMemory) {
      locals.sharedRanges[locals.sharedRangeCount++] = {range.start, range.end};
    }
  }
  privateFiles_.fill(locals.privateFiles);
  const std::vector<AddressRange> own = ownMemoryBesideRuntime(space);
  if (own.size() > RR_OWN_RANGES) {
    locals.flags |= RR_MEMORY_TRACED;
  } else {
    for (const AddressRange& range : own) locals.ownRanges[locals.ownRangeCount++] = {range.start, range.end};
  }
}

void RuntimeLocals::update(const AddressSpace& space) const {
  if (space.patched.runtime != PatchedSites::Runtime::installed) return;
  rr_locals locals = {};
  fill(space, locals);
  constexpr size_t kFrom = offsetof(rr_locals, flags);
  space.memory.writeAll(RR_LOCALS + kFrom, reinterpret_cast<const uint8_t*>(&locals) + kFrom, sizeof locals - kFrom);
}

void RuntimeLocals::updateAll() const {
  const AddressSpace* last = nullptr;
  for (auto& [tid, task] : tree_.all()) {
    if (task->space.get() != last) update(*task->space);
    last = task->space.get();
  }
}

void RuntimeLocals::traceNextCall(AddressSpace& space, bool traced) const {
  if (space.patched.tracedForNow == traced) return;
  space.patched.tracedForNow = traced;
  if (space.patched.runtime != PatchedSites::Runtime::installed || space.patched.allTraced) return;
  constexpr uint64_t kFlags = RR_LOCALS + offsetof(rr_locals, flags);
  const uint64_t others = space.memory.readValue<uint64_t>(kFlags).value_or(0) & ~uint64_t{RR_ALL_TRACED};
  const uint64_t flags = others | (traced ? RR_ALL_TRACED : 0);
  space.memory.writeAll(kFlags, &flags, sizeof flags);
}

void RuntimeLocals::limitBufferedCalls(const AddressSpace& space) const {
  if (!scheduler_.countsRuns() || space.patched.runtime != PatchedSites::Runtime::installed) return;
  const uint64_t left = scheduler_.runsLeft();
  space.memory.writeAll(RR_LOCALS + offsetof(rr_locals, callsLeft), &left, sizeof left);
}

void RuntimeLocals::countBufferedCalls(const AddressSpace& space) const {
  if (!scheduler_.countsRuns()) return;
  const uint64_t before = scheduler_.runsLeft();
  const auto left = space.memory.readValue<uint64_t>(RR_LOCALS + offsetof(rr_locals, callsLeft));
  if (left && *left < before) scheduler_.ranCalls(before - *left);
}

void RuntimeLocals::noteTimeTraced(const Task& task) {
  constexpr uint64_t kNewTime = 0x80;  // CLONE_NEWTIME
  const uint64_t(&arguments)[6] = task.arguments;
  const bool otherClock = (task.call == SYS_unshare && (arguments[0] & kNewTime)) ||
                          (task.call == SYS_setns && (arguments[1] == 0 || (arguments[1] & kNewTime))) ||
                          (task.call == SYS_clone3 && task.making.newTime);
  const bool ownTrap = task.call == SYS_prctl && static_cast<int>(arguments[0]) == PR_SET_TSC &&
                       static_cast<int>(arguments[1]) == PR_TSC_SIGSEGV;
  if (otherClock || ownTrap) traceTime();
}

void RuntimeLocals::forgetDescriptors(Task& task) const {
  PatchedSites& patched = task.space->patched;
  if (task.call == SYS_unshare && (task.arguments[0] & CLONE_FILES)) patched.foreignDescriptors++;
  switch (task.call) {
    case SYS_close:
    case SYS_close_range:
    case SYS_dup2:
    case SYS_dup3:
    case SYS_unshare:
      update(*task.space);
  }
}

void RuntimeLocals::noteBufferedMask(Task& task, uint64_t change) {
  if (change == 0) return;
  task.signals.sysBlocked = (change & RR_SYS_BLOCKED) != 0;
  task.signals.faultBlocked = (change & RR_FAULT_BLOCKED) != 0;
  const uint64_t none = 0;
  task.space->memory.writeAll(RR_LOCALS + offsetof(rr_locals, maskChange), &none, sizeof none);
}

void RuntimeLocals::traceTime() {
  if (!std::exchange(timeTraced_, true)) updateAll();
}

void RuntimeLocals::noteStopsUntold() {
  if (!std::exchange(stopsUntold_, true)) updateAll();
}

}  // namespace rr
