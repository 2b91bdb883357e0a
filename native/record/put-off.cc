// Forced stops that are put off until it is known what the task's loop writes (docs/execution-points.md).
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "record/execution-point.h"
#include "record/program-maps.h"
#include "record/recorder.h"
#include "record/task-state.h"
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
bool Recorder::comeRound(Task& task, user_regs_struct& registers) {
  const pid_t tid = task.tid;
  // The kernel would force the trap, and reset its disposition.
  const SignalSets sets = readSignalSets(tid);
  if (contains(sets.blocked | sets.ignored, SIGTRAP)) return true;
  const uint64_t site = registers.rip;
  const auto space = task.space;  // also when the task ends
  if (ExecutionBreakpoint::standsInWay()) {
    // One that is elsewhere after a step may come round; a loop of one instruction has come round.
    if (!stepOnce(task, 0)) return false;
    if (!getRegisters(tid, registers)) return lost(task), false;
    if (registers.rip == site) return true;
  } else {
    user_regs_struct next = registers;
    next.eflags |= kResumeFlag;
    if (!setRegisters(tid, next)) return lost(task), false;
  }
  ExecutionBreakpoint breakpoint;
  if (!breakpoint.set(tid, space->memory, site)) {
    // An int3 cannot be written to code that is mapped shared and read-only.
    if (ExecutionBreakpoint::standsInWay()) return false;
    return lost(task), false;
  }
  const uint64_t start = processorTime(task.threadGroup);
  setTick(kPutOffTick);
  task.state = Task::State::inCall;  // no interrupt but this one
  if (!resume(task, userCodeRequest(task))) return lost(task), false;
  waitFor(task, start + kLongestTurn);
  const bool arrived = arriveAtBreakpoint(tid, breakpoint);
  if (!tasks_.contains(tid)) return false;
  task.state = Task::State::runnable;
  if (!arrived) {
    // The interrupt of this turn.
    const bool broken = task.pending && *task.pending >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8);
    if (std::exchange(task.interrupted, false) && broken) task.pending.reset();
    return false;
  }
  if (!getRegisters(tid, registers)) return lost(task), false;
  registers.eflags &= ~kResumeFlag;
  return true;
}

// Whether the forced stop that is due waits for a later one: from the first in an address space on, the kernel watches
// what is written; and where much was written since the last one, it is not known what of it the task's loop has
// written now, which may show its progress nowhere else. The task goes on for a short while, until what has changed in
// that can be told. The pages that were written until then are kept for the hash.
bool Recorder::putOff(Task& task, user_regs_struct& registers) {
  AddressSpace& space = *task.space;
  WrittenPages& written = space.written;
  if (options_.weakStops) return false;
  const bool begins = !written.begun();
  // Another filter might end it for our calls.
  if (begins && (judged(task) || !written.watch(task.tid, task.threadGroup))) return false;
  const uint64_t now = processorTime(task.threadGroup);
  if (space.putOff > 0 && now - std::min(now, space.watchedFrom) < kLeastWatched) return true;
  if (space.putOff == kMostPutOff) return false;
  // On a busy machine the next tick may come before the task has run at all, whatever the kernel counts as its time.
  if (space.putOff > 0 && !comeRound(task, registers)) {
    space.putOff++;
    return true;
  }
  const std::vector<MapLine> maps = readProgramMaps(task.tid, space);
  const auto recent = written.find(task.tid, maps, begins ? WrittenPages::Since::ever : WrittenPages::Since::restart);
  if (!recent || (!begins && space.copies.tellAll(*recent))) return false;
  if (!begins) space.putOffPages = unionOf(space.putOffPages, *recent);
  // What changes until the next tick can then be told.
  if (!begins) space.copies.changed(space.memory, *recent);
  written.restart(maps, *recent);
  if (!written.begun()) return false;
  space.watchedFrom = now;
  space.putOff++;
  debug(task, "forced stop put off, the %dth time", space.putOff);
  return true;
}

}  // namespace rr
