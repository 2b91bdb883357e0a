#include "record/stops/legal-sites.h"

#include <signal.h>
#include <sys/ptrace.h>

#include <algorithm>

#include "record/signal-state/trap-disposition.h"
#include "record/stops/execution-point.h"
#include "record/stops/searchable-site.h"
#include "record/stops/stepping.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

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

}  // namespace

// Runs a task whose next instruction, or the signal that waits, is an event of its own, which serves as well as a
// forced stop: until its status is pending.
void LegalSites::goToOwnEvent(Task& task) {
  task.state = Task::State::inCall;  // no further interrupt
  if (!resume(task, filters_.userCodeRequest(task))) return tree_.lost(task);
  waits_.waitFor(task);
}

bool LegalSites::goToLegalSite(Task& task, user_regs_struct& registers) {
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
    const bool dispatched = runtime_.isDispatchedCall(task, registers, nullptr);
    if (!dispatched && runtime_.inHook(task, registers.rip)) return edge_.runToEdge(task, registers);
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
        if (task.space->patched.isNear(registers.rip)) break;
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
    if (!steps_.stepOnce(task, breakpoint)) return false;
    if (!disposition.restore()) return tree_.lost(task), false;
  }
  return true;
}

}  // namespace rr
