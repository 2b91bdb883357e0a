#include "record/stops/put-off.h"

#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "record/program-maps.h"
#include "record/stops/execution-point.h"
#include "record/tree/task-state.h"
#include "tracee/execution-breakpoint.h"

namespace rr {

namespace {

// How often a stop is put off at most.
constexpr int kMostPutOff = 8;
// How long a task must have run since its memory is watched before what it has written says something. Nanoseconds.
constexpr uint64_t kLeastWatched = 50'000;
// How long it may then take to come round to where it stands. Nanoseconds of processor time.
constexpr uint64_t kLongestTurn = 200'000;
constexpr uint64_t kResumeFlag = 1 << 16;  // RF: the breakpoint at rip does not act on the next instruction

}  // namespace

// Lets a task that stands at a legal site go on until it comes there again: what a loop writes, it has then written.
// False when it came elsewhere: an event is pending, or it was stopped since that took too long.
bool PutOff::comeRound(Task& task, user_regs_struct& registers) {
  const pid_t tid = task.tid;
  // The kernel would force the trap, and reset its disposition.
  const SignalSets sets = readSignalSets(tid);
  if (contains(sets.blocked | sets.ignored, SIGTRAP)) return true;
  const uint64_t site = registers.rip;
  const auto space = task.space;  // also when the task ends
  if (ExecutionBreakpoint::standsInWay()) {
    // One that is elsewhere after a step may come round; a loop of one instruction has come round.
    if (!steps_.stepOnce(task, 0)) return false;
    if (!getRegisters(tid, registers)) return tree_.lost(task), false;
    if (registers.rip == site) return true;
  } else {
    user_regs_struct next = registers;
    next.eflags |= kResumeFlag;
    if (!setRegisters(tid, next)) return tree_.lost(task), false;
  }
  ExecutionBreakpoint breakpoint;
  if (!breakpoint.set(tid, space->memory, site)) {
    // An int3 cannot be written to code that is mapped shared and read-only.
    if (ExecutionBreakpoint::standsInWay()) return false;
    return tree_.lost(task), false;
  }
  const uint64_t start = processorTime(task.threadGroup);
  tracer_.setTick(kPutOffTick);
  task.state = Task::State::inCall;  // no interrupt but this one
  if (!resume(task, filters_.userCodeRequest(task))) return tree_.lost(task), false;
  waits_.waitFor(task, start + kLongestTurn);
  const bool arrived = steps_.arriveAtBreakpoint(tid, breakpoint);
  if (!tree_.contains(tid)) return false;
  task.state = Task::State::runnable;
  if (!arrived) {
    // The interrupt of this turn.
    const bool broken = task.pending && *task.pending >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8);
    if (std::exchange(task.stops.interrupted, false) && broken) task.pending.reset();
    return false;
  }
  if (!getRegisters(tid, registers)) return tree_.lost(task), false;
  registers.eflags &= ~kResumeFlag;
  return true;
}

bool PutOff::putOff(Task& task, user_regs_struct& registers) {
  AddressSpace& space = *task.space;
  WrittenPages& written = space.stops.written;
  if (options_.weakStops) return false;
  const bool begins = !written.begun();
  // Another filter might end it for our calls.
  if (begins && (filters_.concern(task) || !written.watch(task.tid, task.threadGroup))) return false;
  const uint64_t now = processorTime(task.threadGroup);
  if (space.stops.putOff > 0 && now - std::min(now, space.stops.watchedFrom) < kLeastWatched) return true;
  if (space.stops.putOff == kMostPutOff) return false;
  // On a busy machine the next tick may come before the task has run at all, whatever the kernel counts as its time.
  if (space.stops.putOff > 0 && !comeRound(task, registers)) {
    space.stops.putOff++;
    return true;
  }
  const std::vector<MapLine> maps = readProgramMaps(task.tid, space);
  const auto recent = written.find(task.tid, maps, begins ? WrittenPages::Since::ever : WrittenPages::Since::restart);
  if (!recent || (!begins && space.stops.copies.tellAll(*recent))) return false;
  if (!begins) space.stops.putOffPages = unionOf(space.stops.putOffPages, *recent);
  // What changes until the next tick can then be told.
  if (!begins) space.stops.copies.changed(space.memory, *recent);
  written.restart(maps, *recent);
  if (!written.begun()) return false;
  space.stops.watchedFrom = now;
  space.stops.putOff++;
  log_.debug(task, "forced stop put off, the %dth time", space.stops.putOff);
  return true;
}

}  // namespace rr
