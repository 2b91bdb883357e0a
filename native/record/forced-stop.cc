// Forced stops: a task that computes past its slice while others wait, or past a signal, is stopped in mid-code, at an
// execution point that replay can find again without a counter (docs/execution-points.md).
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "record/execution-point.h"
#include "record/program-maps.h"
#include "record/recorder.h"
#include "record/searchable-site.h"
#include "record/stepping.h"
#include "record/task-state.h"
#include "record/trap-disposition.h"
#include "tracee/abi.h"
#include "tracee/breakpoint.h"
#include "tracee/execution-breakpoint.h"

namespace rr {

namespace {

// How long a task may compute while a signal waits for it. Nanoseconds. For its slice: scheduler.h.
constexpr uint64_t kSignalDelay = 1'500'000;
// And after a stop it computes for so many times what that has cost, before it is stopped for a signal, or its slice.
constexpr uint64_t kSignalCosts = 1;
constexpr uint64_t kSliceCosts = 4;
// Steps at most from where an interrupt landed to a legal site.
constexpr int kMaximumSteps = 1000;
// Over a shorter instruction replay's jump has few places where it can lead, all taken perhaps in a program that
// reserves much of its address space. So many legal ones are passed, at most, for one that is long enough. Bytes.
constexpr uint8_t kJumpLength = 5;
constexpr int kShortSites = 16;
// So many that could be taken are passed for one where replay's stub may change the status flags.
constexpr int kFlagSites = 8;
// And so many for one without a constant: in code that is no file's, replay must not replace those
// (patch/instruction.h).
constexpr int kConstantSites = 16;
// And so many more for a short one over which the jump leads somewhere.
constexpr int kUnreachableSites = 50;
// A stop at which more than this is to be hashed is not certain: 0.5 ms for each MB. Bytes.
constexpr uint64_t kHashLimit = 32 << 20;
// Of more, so much is hashed, the pages that were written last first. Bytes.
constexpr uint64_t kPartialHash = 4 << 20;
// The same where nobody tells which pages were written, so that it would be all of them at each stop.
constexpr uint64_t kUnwatchedHashLimit = 16 << 20;

// Whether a signal of its own instruction's waits for the task, which has stopped before it came. Behind a trap the
// task stands at the next instruction already: where it would be stopped is behind the signal in replay.
bool ownSignalWaits(pid_t tid) {
  constexpr uint64_t kOwn = 1ULL << (SIGTRAP - 1) | 1ULL << (SIGSEGV - 1) | 1ULL << (SIGBUS - 1) |
                            1ULL << (SIGFPE - 1) | 1ULL << (SIGILL - 1);
  const SignalSets sets = readSignalSets(tid);
  if ((sets.pending & ~sets.blocked & kOwn) == 0) return false;
  // Not a breakpoint of the tracer's.
  __ptrace_peeksiginfo_args first = {0, 0, 8};
  siginfo_t infos[8];
  const long count = ptrace(PTRACE_PEEKSIGINFO, tid, &first, infos);
  return std::none_of(infos, infos + std::max(count, 0L),
                      [](const siginfo_t& each) { return each.si_signo == SIGTRAP && each.si_code == TRAP_HWBKPT; });
}

// Tells the address space what the stop of its task costs, from here on to the end of the scope.
class StopCost {
 public:
  explicit StopCost(std::shared_ptr<AddressSpace> space) : space_(std::move(space)), begun_(own()) {}
  ~StopCost() {
    space_->stopCost = own() - begun_;
    space_->stoppedAt = monotonicNow();
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

uint64_t residentBytes(pid_t tid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/statm", tid);
  FILE* file = fopen(path, "re");
  if (!file) return ~0ULL;
  unsigned long total = 0;
  unsigned long resident = 0;
  const bool read = fscanf(file, "%lu %lu", &total, &resident) == 2;
  fclose(file);
  return read ? uint64_t{resident} * 4096 : ~0ULL;
}

bool isTrap(int status) { return WIFSTOPPED(status) && (status >> 16) == 0 && WSTOPSIG(status) == SIGTRAP; }

}  // namespace

void Recorder::setTick(uint64_t period) {
  if (!timed_ || period == tickPeriod_) return;
  tickPeriod_ = period;
  timer_.setPeriod(std::chrono::nanoseconds(period));
}

// Called each time the wait for a computing task is broken.
void Recorder::considerInterrupt(Task& task) {
  const bool random = options_.forceStopMaximum > 0;
  if (random && nextForcedStop_ == 0) {
    std::uniform_int_distribution<uint64_t> period(options_.forceStopMinimum, options_.forceStopMaximum);
    const uint64_t wait = period(random_);
    nextForcedStop_ = monotonicNow() + wait;
    setTick(wait);
  }
  const uint64_t now = monotonicNow();
  const bool looks = !random && tasks_.size() > 1 && task.turnsSinceLook >= task.turnsBetweenLooks;
  if (!random) {
    uint64_t shared = tasks_.size() > 1 ? scheduler_.tick(kSharedTick, now) : kIdleTick;
    if (looks && now - task.resumedAt < kLookAfter && scheduler_.anyWaits()) shared = std::min(shared, kLookAfter);
    const uint64_t usual = !task.stashed.empty() && !task.stashBlocked ? std::min(kSignalTick, shared) : shared;
    setTick(task.space->putOff > 0 ? std::min(kPutOffTick, usual) : usual);
  }
  if (task.interrupted || !started_) return;
  // A call is a better place than mid-code.
  if (tasks_.size() > 1 && scheduler_.sliceOver(now) && scheduler_.othersWait(task, now)) {
    traceNextCall(*task.space, true);
  }
  // Where a process has thousands of mappings, or much memory, stops in mid-code are rarer: the program goes on, too.
  const uint64_t sinceStop = now - task.space->stoppedAt;
  const bool signalDue = !task.stashed.empty() && !task.stashBlocked && now - task.stashedAt > kSignalDelay &&
                         sinceStop >= task.space->stopCost * kSignalCosts;
  const bool sliceDue = tasks_.size() > 1 && sinceStop >= task.space->stopCost * kSliceCosts &&
                        (scheduler_.overran(task, now) || (tickSliceOver(task) && scheduler_.othersWait(task, now)));
  const bool forced = random && now >= nextForcedStop_;
  const bool lookDue = looks && (task.looking || now - task.resumedAt >= kLookAfter) &&
                       sinceStop >= task.space->stopCost * kSliceCosts && scheduler_.mayLook(task, now);
  if (!signalDue && !sliceDue && !forced && !lookDue) return;
  // It may have stopped by itself already.
  collectAll();
  if (task.pending) return;
  if (ptrace(PTRACE_INTERRUPT, task.tid, 0, 0) != 0) return;
  task.interrupted = true;
  task.looking = lookDue && !signalDue && !sliceDue;
}

// One step, or a run to `breakpoint` (0: none). False when something else stopped the task: its status is pending.
bool Recorder::stepOnce(Task& task, uint64_t breakpoint) {
  const pid_t tid = task.tid;
  const auto space = task.space;  // also when the task ends
  ExecutionBreakpoint behind;
  if (breakpoint != 0 && !behind.set(tid, space->memory, breakpoint)) {
    // An int3 cannot be written to code that is mapped shared and read-only: one step, then.
    if (!ExecutionBreakpoint::standsInWay()) return false;
    breakpoint = 0;
  }
  task.state = Task::State::inCall;  // no further interrupt
  const bool resumed = resume(task, breakpoint != 0 ? PTRACE_CONT : PTRACE_SINGLESTEP);
  if (resumed) waitFor(task);
  const bool arrived = arriveAtBreakpoint(tid, behind);
  if (!resumed) {
    lost(task);
    return false;
  }
  if (!tasks_.contains(tid)) return false;
  task.state = Task::State::runnable;
  if (arrived) return true;
  if (!task.pending) return false;
  siginfo_t info = {};
  if (!isTrap(*task.pending) || ptrace(PTRACE_GETSIGINFO, tid, 0, &info) != 0) return false;
  if (breakpoint != 0 || (info.si_code != TRAP_TRACE && info.si_code != TRAP_HWBKPT && info.si_code != TRAP_BRKPT)) {
    return false;
  }
  if (metWatch(task, info)) return false;
  task.pending.reset();
  return true;
}

// Whether the stop that is pending is a hit of a breakpoint of ours, which is cleared in any case: the stop is taken
// then, and the task, if it still is there, stands at the address.
bool Recorder::arriveAtBreakpoint(pid_t tid, ExecutionBreakpoint& breakpoint) {
  const auto found = tasks_.find(tid);
  bool arrived = false;
  if (breakpoint && found != tasks_.end() && found->second->pending) {
    Task& task = *found->second;
    if (*task.pending >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8) && task.interrupted &&
        contains(readSignalSets(tid).pending, SIGTRAP)) {
      // It was interrupted as it met the breakpoint: that stop comes before its next instruction.
      task.interrupted = false;
      task.pending.reset();
      if (resume(task, PTRACE_CONT)) waitFor(task);
    }
    if (tasks_.contains(tid) && task.pending && isTrap(*task.pending)) {
      user_regs_struct registers;
      siginfo_t info = {};
      arrived = ptrace(PTRACE_GETSIGINFO, tid, 0, &info) == 0 && getRegisters(tid, registers) &&
                breakpoint.isHit(tid, info, registers) && !metWatch(task, info);
      if (arrived) task.pending.reset();
    }
  }
  breakpoint.clear(tid);
  return arrived;
}

// Runs a task whose next instruction, or the signal that waits, is an event of its own, which serves as well as a
// forced stop: until its status is pending.
void Recorder::goToOwnEvent(Task& task) {
  task.state = Task::State::inCall;  // no further interrupt
  if (!resume(task, userCodeRequest(task))) return lost(task);
  waitFor(task);
}

// Whether a step or a run of ours has ended at a breakpoint or watchpoint of the program's tracer: the stop is then
// what it would be without us.
bool Recorder::metWatch(Task& task, siginfo_t& info) {
  if (!task.tracing.watches() || (statusForTracer(readDebugRegister(task.tid, 6)) & 0x7) == 0) return false;
  info.si_code = TRAP_HWBKPT;
  return ptrace(PTRACE_SETSIGINFO, task.tid, 0, &info) == 0;
}

// Moves the task to an instruction where replay can stop it. False when it came to an event on its way, whose status is
// pending.
bool Recorder::goToLegalSite(Task& task, user_regs_struct& registers) {
  if (ownSignalWaits(task.tid)) return goToOwnEvent(task), false;
  const TrapUnblocked unblocked(task.tid);
  int shortSites = 0;
  int flagSites = 0;
  int constantSites = 0;
  SearchableSites sites(task.tid);
  const TrapDisposition disposition(task);
  for (int steps = 0; steps < kMaximumSteps; steps++) {
    if (!getRegisters(task.tid, registers)) return false;
    // The program steps itself: a step of ours would take its trap away.
    if (registers.eflags & kTrapFlag) return goToOwnEvent(task), false;
    const bool dispatched = isDispatchedCall(task, registers, nullptr);
    if (!dispatched && inHook(task, registers.rip)) return runToEdge(task, registers);
    uint8_t code[15] = {};
    const ssize_t got = task.space->memory.read(registers.rip, code, sizeof code);
    if (!dispatched && got <= 0) return true;  // faults at once
    SiteFacts site;
    if (dispatched) {
      site.kind = SiteKind::traps;
    } else {
      site = examineSite({code, static_cast<size_t>(got)});
    }
    uint64_t breakpoint = 0;
    switch (site.kind) {
      case SiteKind::traps:
        return goToOwnEvent(task), false;
      case SiteKind::runOver:
        breakpoint = registers.rip + site.length;
        break;
      case SiteKind::stepOver:
        break;
      case SiteKind::legal:
        // Replay's search may replace the instruction; what a jump to the runtime borrows must stay.
        if (nearPatchedSite(task, registers.rip)) break;
        if (options_.counter && options_.counter->isAmbiguousAt(registers.rip)) break;
        if (site.length == 0) return true;
        if (site.holdsConstant && ++constantSites <= kConstantSites) break;
        if (site.length < kJumpLength) {
          shortSites++;
          if (shortSites > kUnreachableSites) return true;
          if (shortSites <= kShortSites || !sites.contains(registers.rip, {code, static_cast<size_t>(got)})) break;
        }
        if (SearchableSites::leavesFlags(task.space->memory, registers.rip)) return true;
        flagSites++;
        if (flagSites > kFlagSites) return true;
        break;
    }
    if (!stepOnce(task, breakpoint)) return false;
    if (!disposition.restore()) return lost(task), false;
  }
  return true;
}

// At the entry of a call, when an interrupt was sent: it may have come after the stop, and would break the call off. So
// the call is taken back, which ends in a stop that takes the interrupt with it, and made again.
void Recorder::repeatCallEntry(Task& task) {
  user_regs_struct entry;
  if (!getRegisters(task.tid, entry)) return lost(task);
  // With another filter in force (calls.cc), or through the vsyscall page, it cannot be taken back.
  if (judged(task) || static_cast<int64_t>(entry.rip) < 0) return callEntry(task);
  user_regs_struct skipped = entry;
  skipped.orig_rax = ~0ULL;
  task.state = Task::State::inCall;
  if (!setRegisters(task.tid, skipped) || !resume(task, PTRACE_SYSCALL)) return lost(task);
  waitFor(task);
  if (!task.pending || !WIFSTOPPED(*task.pending) || WSTOPSIG(*task.pending) != (SIGTRAP | 0x80)) return;
  task.pending.reset();
  user_regs_struct again = entry;
  again.rip -= kSyscallLength;
  again.rax = entry.orig_rax;
  again.orig_rax = ~0ULL;
  task.state = Task::State::runnable;
  if (!setRegisters(task.tid, again)) return lost(task);
  debug(task, "call %lld made again, for an interrupt", entry.orig_rax);
}

void Recorder::forcedStop(Task& task) {
  task.interrupted = false;
  task.state = Task::State::runnable;
  task.atEdge = false;
  const uint64_t stoppedAt = options_.debugLog ? processorTime(task.threadGroup) : 0;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return lost(task);
  // Still on its way out of a call, with its restart perhaps to come: it stands where that event left it.
  const bool atEvent = static_cast<int64_t>(registers.orig_rax) >= 0 && !inHook(task, registers.rip) &&
                       !isDispatchedCall(task, registers, nullptr);
  // Found to spin where the stop was put off.
  const bool looking = std::exchange(task.looking, false);
  if (looking && !atEvent && task.space->putOff == 0 && !spins(task)) {
    task.turnsSinceLook = 0;
    return;
  }
  if (!atEvent && !goToLegalSite(task, registers)) return;
  const bool forSignal = !task.stashed.empty() && bringDeliverableForward(task);
  const bool random = nextForcedStop_ != 0 && monotonicNow() >= nextForcedStop_;
  if (random) nextForcedStop_ = 0;
  if (atEvent) {
    task.inMidCode = false;
  } else {
    if (!forSignal && !random && !scheduler_.othersWait(task, monotonicNow())) return;
    registers.orig_rax = ~0ULL;
    const StopCost cost(task.space);
    if (task.atEdge) {
      recordEdge(task, registers);
    } else if (putOff(task, registers)) {
      if (random) nextForcedStop_ = monotonicNow() + kPutOffTick;
      task.looking = looking;
      setTick(kPutOffTick);
      return;
    } else {
      recordPoint(task, registers, stoppedAt);
    }
    if (looking || tickSliceOver(task)) scheduler_.endSlice();
    // A signal that comes before it goes on acts here.
    if (!forSignal && !leaveAtEvent(task, registers)) return lost(task);
  }
  if (forSignal) injectStashed(task, registers, 0);
}

// `stoppedAt`: the process's own time when the stop came, for the log. Nanoseconds.
void Recorder::recordPoint(Task& task, const user_regs_struct& registers, uint64_t stoppedAt) {
  takeBuffer(task);
  std::vector<uint8_t> area;
  if (getXsave(task.tid, area)) {
    // Most of it belongs to registers that hardly a program uses, and is zero.
    while (!area.empty() && area.back() == 0) area.pop_back();
    writer_.data(task.tid, schema::DataSpace::kPointXsave, 0, area.data(), area.size());
  }
  const std::vector<MapLine> maps = readProgramMaps(task.tid, *task.space);
  std::vector<PointMemory> pieces = pointMemory(maps, task.space->memory, registers);
  const bool watched = task.space->written.begun();
  const bool weak = options_.weakStops ||
                    !writePointChecksums(task, maps, registers, watched ? kHashLimit : kUnwatchedHashLimit, pieces);
  writePointMemory(task, pieces);
  debug(task, "forced stop at %llx, %llu ticks%s, %llu to %llu us of processor time", registers.rip,
        static_cast<unsigned long long>(ticksOf(task)), weak ? ", weak" : "",
        static_cast<unsigned long long>(stoppedAt / 1000),
        static_cast<unsigned long long>(processorTime(task.threadGroup) / 1000));
  writeFrame(schema::EventKind::kSched, task, 0, registers, weak ? schema::kFrameWeak : uint8_t{0});
}

// All pieces as one record: to write, encode and read a hundred small ones would cost more than what they hold.
void Recorder::writePointMemory(Task& task, std::span<const PointMemory> pieces) {
  std::vector<uint8_t> packed;
  for (const PointMemory& piece : pieces) {
    const uint64_t header[2] = {piece.address, piece.bytes.size()};
    const auto* bytes = reinterpret_cast<const uint8_t*>(header);
    packed.insert(packed.end(), bytes, bytes + sizeof header);
    packed.insert(packed.end(), piece.bytes.begin(), piece.bytes.end());
    packed.resize((packed.size() + 7) & ~size_t{7});
  }
  writer_.data(task.tid, schema::DataSpace::kPointMemory, 0, packed.data(), packed.size());
}

// The checksums of all pages that were written since the last forced stop in this address space, which includes all
// since the task's last event: a point before this one that has them has the same memory. False when they do not tell
// all: that would be more than `limit` bytes, or there is memory of which nobody knows who has written it. Adds
// what has changed to `pieces`.
bool Recorder::writePointChecksums(Task& task, const std::vector<MapLine>& maps, const user_regs_struct& registers,
                                   uint64_t limit, std::vector<PointMemory>& pieces) {
  WrittenPages& written = task.space->written;
  // Watching began after the task's last event, perhaps: the first hash is of all.
  const bool first = !std::exchange(task.space->pointRecorded, true);
  const std::vector<PageRun> putOff = std::exchange(task.space->putOffPages, {});
  const bool unknown = std::ranges::any_of(maps, [&](const MapLine& line) {
    const Sharing sharing = sharingOf(line);
    return line.writable &&
           (sharing == Sharing::unknown || (sharing == Sharing::withFile && (first || !written.begun())));
  });
  const auto recent = written.find(task.tid, maps);
  const auto ever = first || !putOff.empty() ? written.find(task.tid, maps, WrittenPages::Since::ever) : recent;
  if (!ever || !recent) {
    if (residentBytes(task.tid) > kUnwatchedHashLimit) return false;
    writeMemoryChecksums(task, registers);
    return std::ranges::none_of(maps, [](const MapLine& line) { return line.shared && line.writable; });
  }
  // Of those before the stop was put off, some may be gone.
  std::vector<PageRun> still = *ever;
  for (const MapLine& line : maps) {
    const PageRun whole = {line.start, line.end};
    if (line.writable && sharingOf(line) == Sharing::withFile) still = unionOf(still, std::span(&whole, 1));
  }
  std::vector<PageRun> runs = unionOf(*recent, intersectionOf(putOff, still));
  if (first) runs = unionOf(runs, *ever);
  const AddressRange below = deadStack(maps, registers);
  const PageRun dead = {below.start, below.end};
  const std::vector<PageRun> live = differenceOf(*recent, dead);
  if (written.begun()) addChanges(task, live, pieces);
  written.restart(maps, runs);
  std::vector<PageRun> hashed = differenceOf(runs, dead);
  const bool all = totalOf(hashed) <= limit;
  if (!all) hashed = unionOf(firstOf(live, kPartialHash), firstOf(hashed, kPartialHash));
  std::vector<ChecksumEntry> entries;
  for (const PageRun& run : hashed) {
    const uint64_t length = run.end - run.start;
    entries.push_back({run.start, length, 0});
  }
  sumUp(task.tid, task.space->memory, entries);
  writer_.data(task.tid, schema::DataSpace::kChecksum, 0, entries.data(), entries.size() * sizeof(ChecksumEntry));
  return all && !unknown;
}

// Adds what has changed since the last forced stop: a loop or a recursion that shows its progress far from all that
// registers and stack point to is then found by it. Replay tells the words that move from those that do not.
void Recorder::addChanges(Task& task, const std::vector<PageRun>& recent, std::vector<PointMemory>& pieces) {
  std::ranges::move(task.space->copies.changed(task.space->memory, recent), std::back_inserter(pieces));
}

}  // namespace rr
