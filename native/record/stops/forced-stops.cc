#include "record/stops/forced-stops.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "record/signal-state/stashed-signals.h"
#include "record/stops/at-event.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// How long a task may compute while a signal waits for it. Nanoseconds. For its slice: scheduler.h.
constexpr uint64_t kSignalDelay = 1'500'000;
// And after a stop it computes for so many times what that has cost, before it is stopped for a signal, or its slice.
constexpr uint64_t kSignalCosts = 1;
constexpr uint64_t kSliceCosts = 4;

// Tells the address space what the stop of its task costs, from here on to the end of the scope.
class StopCost {
 public:
  explicit StopCost(std::shared_ptr<AddressSpace> space) : space_(std::move(space)), begun_(own()) {}
  ~StopCost() {
    space_->stops.cost = own() - begun_;
    space_->stops.stoppedAt = monotonicNow();
  }
  StopCost(const StopCost&) = delete;
  StopCost& operator=(const StopCost&) = delete;

 private:
  // The tracer's processor time: what others take from it is no reason for rarer stops.
  static uint64_t own() {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(time.tv_nsec);
  }

  std::shared_ptr<AddressSpace> space_;
  uint64_t begun_;
};

}  // namespace

ForcedStops::ForcedStops(const RecorderOptions& options, TracerThread& tracer, TaskTree& tree, Waits& waits,
                         Scheduler& scheduler, Ticks& ticks, const Runtime& runtime, const RuntimeLocals& locals,
                         const ForeignFilters& filters, LegalSites& legalSites, Spinning& spinning, PutOff& putOff,
                         Edge& edge, PointWriter& points, const RecordingLog& log)
    : options_(options),
      tracer_(tracer),
      tree_(tree),
      waits_(waits),
      scheduler_(scheduler),
      ticks_(ticks),
      runtime_(runtime),
      locals_(locals),
      filters_(filters),
      legalSites_(legalSites),
      spinning_(spinning),
      putOff_(putOff),
      edge_(edge),
      points_(points),
      log_(log) {}

void ForcedStops::considerInterrupt(Task& task) {
  const bool random = options_.forceStopMaximum > 0;
  if (random && nextForcedStop_ == 0) {
    std::uniform_int_distribution<uint64_t> period(options_.forceStopMinimum, options_.forceStopMaximum);
    const uint64_t wait = period(random_);
    nextForcedStop_ = monotonicNow() + wait;
    tracer_.setTick(wait);
  }
  const uint64_t now = monotonicNow();
  const bool looks = !random && tree_.size() > 1 && task.stops.turnsSinceLook >= task.stops.turnsBetweenLooks;
  if (!random) {
    uint64_t shared = tree_.size() > 1 ? scheduler_.tick(kSharedTick, now) : kIdleTick;
    if (looks && now - task.stops.resumedAt < kLookAfter && scheduler_.anyWaits())
      shared = std::min(shared, kLookAfter);
    const uint64_t usual =
        !task.signals.stashed.empty() && !task.signals.stashBlocked ? std::min(kSignalTick, shared) : shared;
    tracer_.setTick(task.space->stops.putOff > 0 ? std::min(kPutOffTick, usual) : usual);
  }
  if (task.stops.interrupted || !tree_.isStarted()) return;
  // It is there soon, unless its call blocks; and it was stopped for what is due. An interrupt that comes before it has
  // run takes it no further, however often.
  if (task.stops.leavesHook && !sleeps(task.tid)) return;
  // A call is a better place than mid-code.
  if (tree_.size() > 1 && scheduler_.sliceOver(now) && scheduler_.othersWait(task, now)) {
    locals_.traceNextCall(*task.space, true);
  }
  // Where a process has thousands of mappings, or much memory, stops in mid-code are rarer: the program goes on, too.
  const uint64_t sinceStop = now - task.space->stops.stoppedAt;
  const bool signalDue = !task.signals.stashed.empty() && !task.signals.stashBlocked &&
                         now - task.signals.stashedAt > kSignalDelay &&
                         sinceStop >= task.space->stops.cost * kSignalCosts;
  const bool sliceDue = tree_.size() > 1 && sinceStop >= task.space->stops.cost * kSliceCosts &&
                        (scheduler_.overran(task, now) || (ticks_.sliceOver(task) && scheduler_.othersWait(task, now)));
  const bool forced = random && now >= nextForcedStop_;
  const bool lookDue = looks && (task.stops.looking || now - task.stops.resumedAt >= kLookAfter) &&
                       sinceStop >= task.space->stops.cost * kSliceCosts && scheduler_.mayLook(task, now);
  if (!signalDue && !sliceDue && !forced && !lookDue && !waits_.isLastStopDue(task)) return;
  // It may have stopped by itself already.
  waits_.collectAll();
  if (task.pending) return;
  if (ptrace(PTRACE_INTERRUPT, task.tid, 0, 0) != 0) return;
  task.stops.interrupted = true;
  task.stops.looking = lookDue && !signalDue && !sliceDue;
}

bool ForcedStops::takeCallBack(Task& task) {
  user_regs_struct entry;
  if (!getRegisters(task.tid, entry)) return tree_.lost(task), true;
  // With another filter in force (calls.cc), or through the vsyscall page, it cannot be taken back.
  if (filters_.concern(task) || static_cast<int64_t>(entry.rip) < 0) return false;
  user_regs_struct skipped = entry;
  skipped.orig_rax = ~0ULL;
  task.state = Task::State::inCall;
  if (!setRegisters(task.tid, skipped) || !resume(task, PTRACE_SYSCALL)) return tree_.lost(task), true;
  waits_.waitFor(task);
  if (!task.pending || !WIFSTOPPED(*task.pending) || WSTOPSIG(*task.pending) != (SIGTRAP | 0x80)) return true;
  task.pending.reset();
  user_regs_struct again = entry;
  again.rip -= kSyscallLength;
  again.rax = entry.orig_rax;
  again.orig_rax = ~0ULL;
  task.state = Task::State::runnable;
  if (!setRegisters(task.tid, again)) return tree_.lost(task), true;
  log_.debug(task, "call %lld made again, for an interrupt", entry.orig_rax);
  return true;
}

std::optional<user_regs_struct> ForcedStops::forcedStop(Task& task) {
  task.stops.interrupted = false;
  task.state = Task::State::runnable;
  task.stops.atEdge = false;
  const uint64_t stoppedAt = options_.debugLog ? processorTime(task.threadGroup) : 0;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return tree_.lost(task), std::nullopt;
  // Still on its way out of a call, with its restart perhaps to come: it stands where that event left it.
  const bool atEvent = static_cast<int64_t>(registers.orig_rax) >= 0 && !runtime_.inHook(task, registers.rip) &&
                       !runtime_.isDispatchedCall(task, registers, nullptr);
  // Found to spin where the stop was put off.
  const bool looking = std::exchange(task.stops.looking, false);
  if (looking && !atEvent && task.space->stops.putOff == 0 && !spinning_.spins(task)) {
    task.stops.turnsSinceLook = 0;
    return std::nullopt;
  }
  if (!atEvent && !legalSites_.goToLegalSite(task, registers)) return std::nullopt;
  const bool forSignal = !task.signals.stashed.empty() && bringDeliverableForward(task);
  const bool random = nextForcedStop_ != 0 && monotonicNow() >= nextForcedStop_;
  if (random) nextForcedStop_ = 0;
  if (atEvent) {
    task.stops.inMidCode = false;
  } else {
    const bool othersWait = scheduler_.othersWait(task, monotonicNow());
    if (!forSignal && !random && !othersWait && !waits_.isLastStopDue(task)) return std::nullopt;
    registers.orig_rax = ~0ULL;
    const StopCost cost(task.space);
    if (task.stops.atEdge) {
      edge_.recordEdge(task, registers);
    } else if (!waits_.isLastStopDue(task) && putOff_.putOff(task, registers)) {
      if (random) nextForcedStop_ = monotonicNow() + kPutOffTick;
      task.stops.looking = looking;
      tracer_.setTick(kPutOffTick);
      return std::nullopt;
    } else {
      points_.recordPoint(task, registers, stoppedAt);
    }
    if (looking || ticks_.sliceOver(task)) scheduler_.endSlice();
    // A signal that comes before it goes on acts here.
    if (!forSignal && !leaveAtEvent(task, registers)) return tree_.lost(task), std::nullopt;
  }
  return forSignal ? std::optional(registers) : std::nullopt;
}

bool ForcedStops::leaveMidCode(Task& task) {
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return tree_.lost(task), false;
  const bool leavesCall = static_cast<int64_t>(registers.orig_rax) >= 0 && !runtime_.inHook(task, registers.rip) &&
                          !runtime_.isDispatchedCall(task, registers, nullptr);
  if (leavesCall || standsAtEvent(task, registers)) {
    task.stops.inMidCode = false;
    return true;
  }
  task.state = Task::State::runnable;
  task.stops.again = true;
  task.stops.atEdge = false;
  if (!legalSites_.goToLegalSite(task, registers)) return false;
  registers.orig_rax = ~0ULL;
  if (task.stops.atEdge) {
    edge_.recordEdge(task, registers);
  } else {
    points_.recordPoint(task, registers);
  }
  if (!leaveAtEvent(task, registers)) tree_.lost(task);
  return false;
}

}  // namespace rr
