#include "record/recorder.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "launcher/record-stub.h"
#include "record/tree/task-state.h"
#include "ring/broken-wait.h"
#include "tracee/abi.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// What the kernel needs to look at a task for a status, at most about; while others may run it is asked no more often
// than it takes, so that many tasks do not make each switch dear. Nanoseconds.
constexpr uint64_t kLookCost = 1'000;

}  // namespace

Recorder::Recorder(RecorderOptions options, uint8_t* ring, size_t ringSize, Callbacks callbacks)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      ring_(ring, ringSize),
      writer_(ring_),
      log_({callbacks_.note, callbacks_.warning, callbacks_.fatal}, options_.debugLog, writer_),
      ticks_(options_, tracer_, log_),
      events_(ring_, writer_, options_, ticks_, privateFiles_),
      scheduler_(options_.scheduling),
      tree_(scheduler_, log_),
      forwarded_(options_, tree_, tracer_),
      waits_(options_, tree_, tracer_, events_, writer_, forwarded_, log_,
             {[this](Task& task) { stops_.considerInterrupt(task); },
              [this](Task& task) { return waitsForOthers(task); }, [this] { abandonNamespaces(); }}),
      runtime_(options_.launcher),
      filters_(tree_),
      locals_(tree_, scheduler_, sharedFiles_, privateFiles_, timeStamps_, stdio_),
      sharedMemory_(locals_),
      replacedCode_(tree_, writer_),
      mappings_(options_, writer_, tree_, waits_, tracer_, log_, sharedFiles_, privateFiles_, sharedMemory_,
                replacedCode_, vdso_, locals_),
      fileWrites_(writer_, tree_, sharedFiles_, privateFiles_, locals_),
      patcher_(writer_, runtime_, locals_, log_),
      sites_(options_, writer_, filters_, patcher_, locals_, timeStamps_, log_),
      start_(options_, waits_, filters_, vdso_, runtime_, patcher_, sites_, log_),
      callBuffer_(writer_, locals_, sites_),
      steps_(tree_, waits_),
      edge_(tree_, waits_, steps_, events_, callBuffer_, runtime_, locals_, filters_, log_),
      legalSites_(options_, tree_, waits_, steps_, edge_, runtime_, filters_),
      spinning_(tree_, steps_, runtime_, log_),
      putOff_(options_, tree_, waits_, tracer_, steps_, filters_, log_),
      points_(options_, writer_, events_, callBuffer_, ticks_, log_),
      stops_(options_, tracer_, tree_, waits_, scheduler_, ticks_, runtime_, locals_, filters_, legalSites_, spinning_,
             putOff_, edge_, points_, log_),
      tracerStops_(tree_, waits_, writer_, events_, callBuffer_, sites_, locals_, log_),
      ptraceRequests_(tree_, writer_, tracerStops_, log_),
      tracedWaits_(tree_, writer_, tracerStops_),
      scratch_(tree_, locals_),
      sending_(writer_, tree_, log_),
      seeThrough_(tree_, waits_, sharedFiles_),
      unknownEffects_(filters_),
      memoryFiles_(writer_, tree_),
      schedulingCalls_(options_, scheduler_, tree_, log_),
      personality_(options_, tree_, vdso_, log_),
      shownFiles_(writer_, tree_, schedulingCalls_, personality_),
      futexWords_(writer_, tree_, waits_),
      failedCalls_(writer_, sites_, sharedFiles_),
      dispatch_(tree_, waits_, filters_, locals_, log_),
      refusedCalls_(log_),
      memoryCalls_(dispatch_, failedCalls_, sites_, replacedCode_, fileWrites_, sharedMemory_, log_),
      programFilters_(tree_, filters_, locals_, dispatch_, log_),
      endWrites_(writer_, tree_, callBuffer_) {
  ring_.onFirstSealed = callbacks_.firstSlotFull;
}

Recorder::~Recorder() {
  terminate();
  join();
}

void Recorder::start() {
  thread_ = std::thread([this] { run(); });
}

void Recorder::terminate() { tracer_.terminate(); }

void Recorder::join() {
  if (thread_.joinable()) thread_.join();
}

void Recorder::run() {
  tracer_.begin(options_.cpu);
  forwarded_.install();
  unbound_ = options_.cpu < 0 || tracer_.bindError() != 0;
  noteWhatIsMissing();
  static thread_local Recorder* recorder = nullptr;
  recorder = this;
  brokenWait = [](const char* what) { recorder->waits_.keepUp(what, 0); };
  endedInCall = [](pid_t tid, int status) { recorder->tree_.noteStatus(tid, status); };
  waits_.noteTurn();
  if (launch(end_)) loop();
  brokenWait = nullptr;
  endedInCall = nullptr;
  timeTrap_.end();
  if (launchReport_ >= 0) close(launchReport_);
  if (tree_.isStarted()) {
    const user_regs_struct none = {};
    writer_.frame(schema::EventKind::kTraceEnd, tree_.initial().tid, tree_.initial().status, none,
                  tree_.isIncomplete() ? schema::kFrameIncomplete : uint8_t{0});
  }
  ring_.close();
  tracer_.end();
  end_.started = tree_.isStarted();
  end_.status = tree_.initial().status;
  end_.incomplete = tree_.isIncomplete();
  end_.events = writer_.event() - 1;
  end_.bytes = writer_.bytesWritten();
  end_.ringWaits = ring_.waits();
  end_.ringWaitNanoseconds = ring_.waitedNanoseconds();
  callbacks_.ended(end_);
}

// Nothing of this is required: without it a recording is slower, or may differ from a run alone in what is named.
void Recorder::noteWhatIsMissing() {
  if (tracer_.bindError() != 0) {
    log_.note("cannot bind the program to processor " + std::to_string(options_.cpu) +
              " (sched_setaffinity: " + strerror(tracer_.bindError()) +
              "): each system call costs more, and programs that ask for the processor's " +
              "number may replay differently");
  }
  if (tracer_.timerError() != 0) {
    log_.note(std::string("no timer and no thread to be had (") + strerror(tracer_.timerError()) +
              "): a program that computes is not stopped for others");
  } else if (tracer_.timerRefusal() != 0) {
    log_.note(std::string("the kernel gives no timer (timer_create: ") + strerror(tracer_.timerRefusal()) +
              "; see ulimit -i): a thread keeps the time");
  }
  if (filtersInForce(getpid())) {
    const bool dispatches = dispatchPossible();
    filters_.noteOuter(dispatches);
    log_.note(std::string("a seccomp filter is in force already, as in containers: ") +
              (dispatches ? "system calls that are not buffered stop three times, not twice"
                          : "each system call is stopped at its entry as well, and none is buffered (prctl with "
                            "PR_SET_SYSCALL_USER_DISPATCH, of Linux 5.11, is not to be had)"));
  }
}

void Recorder::loop() {
  while (!tree_.isEmpty()) {
    tree_.forgetBuried();
    waits_.housekeeping();
    if (tree_.anyLetGo()) findEnded();
    Task* task = chooseTask();
    if (!task) {
      waits_.collect(true);
    } else if (task->pending) {
      handle(*task);
    } else {
      runUserCode(*task);
    }
  }
  tree_.forgetBuried();
}

// The next task to look at: one with a status to handle, else one to run; nullptr when all wait.
Task* Recorder::chooseTask() {
  Task* const current = scheduler_.current();
  if (current && current->pending) return current;
  // Until its next event, which a forced stop may be, replay could not tell where the others came in.
  if (current && current->state == Task::State::runnable && current->stops.inMidCode) return current;
  const uint64_t now = monotonicNow();
  const bool over = !current || current->state != Task::State::runnable || scheduler_.sliceOver(now);
  const bool patient = scheduler_.anyWaits() && now - lastLook_ < tree_.size() * kLookCost;
  if (tree_.size() > 1 && (over ? !patient : scheduler_.pollDue(now))) {
    lastLook_ = now;
    waits_.collectAll();
  }
  if (Task* task = scheduler_.takeStatus()) return task;
  if (!over && !scheduler_.betterWaits()) return current;
  Task* const next = scheduler_.choose(now);
  if (next && next != current) switchTo(*next);
  // Held back by chaos: the wait for others must end in time.
  if (const uint64_t end = next ? 0 : scheduler_.heldUntil()) {
    tracer_.setTick(std::min<uint64_t>(end - std::min(end, now), kIdleTick));
  }
  return next;
}

// The one place where another task than the last one is about to run user code.
void Recorder::switchTo(Task& next) {
  log_.debug(next, "its turn");
  next.stops.turnsSinceLook++;
  ticks_.beginSlice(next);
}

void Recorder::runUserCode(Task& task) {
  waits_.noteTurn();
  writePendingEnters(task);
  if (task.tracing.touched && goOnTraced(task)) return;
  const int signal = task.signals.resumeSignal;
  task.signals.resumeSignal = 0;
  // The runtime's own calls would stop in a task that is not dispatched yet.
  locals_.traceNextCall(*task.space, !task.signals.stashed.empty() || (filters_.outer() && !task.filters.dispatched) ||
                                         scheduler_.breakDue(task));
  task.state = Task::State::userCode;
  task.stops.inMidCode = true;
  task.stops.resumedAt = waits_.lastTurn();
  // Another stop has taken the interrupt; but one that was put off is still due.
  task.stops.looking = task.stops.looking && task.space->stops.putOff > 0;
  if (std::exchange(task.stops.again, false)) ptrace(PTRACE_INTERRUPT, task.tid, 0, 0);
  scheduler_.runs();
  locals_.limitBufferedCalls(*task.space);
  if (task.filters.dispatched && task.space->patched.allTraced && !dispatch_.set(task, false)) return tree_.lost(task);
  if (std::exchange(task.waitGoesOn, false)) tracedWaits_.haveRestarted(task);
  if (tracerStops_.stepForTracer(task, signal)) return;
  if (!resume(task, filters_.userCodeRequest(task), signal)) return tree_.lost(task);
  waits_.waitFor(task);
}

void Recorder::handle(Task& task) {
  const int status = *task.pending;
  task.pending.reset();
  // A stop of any kind takes a PTRACE_INTERRUPT with it that came before.
  const bool interrupted = status >> 16 != PTRACE_EVENT_STOP && std::exchange(task.stops.interrupted, false);
  task.stops.tookInterrupt = interrupted;
  // Nothing but its end takes a task out of a stop of its tracer's.
  if (task.tracing.stopped) {
    const pid_t tracer = task.tracing.tracer;
    const uint32_t options = task.tracing.options;
    task.tracing = {};
    task.tracing.tracer = tracer;
    task.tracing.options = options;
  }
  // What the others did up to the calls that they are in comes before whatever this one does now.
  writePendingEnters(task);
  if (!WIFSTOPPED(status)) return gone(task, status);
  const int signal = WSTOPSIG(status);
  if (task.takenFromRuntime && status >> 16 != PTRACE_EVENT_EXIT) {
    endTakenCall(task);
    // Its interrupt has come; anything else acts on the task where it stands now.
    if (task.state == Task::State::dying) return;
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8)) {
      task.stops.interrupted = false;
      return;
    }
  }
  switch (status >> 16) {
    case PTRACE_EVENT_SECCOMP:
      if (interrupted && tree_.isStarted() && stops_.takeCallBack(task)) return;
      return callEntry(task);
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      return cloned(task);
    case PTRACE_EVENT_EXEC:
      return execed(task);
    case PTRACE_EVENT_EXIT:
      return exiting(task);
    case PTRACE_EVENT_STOP:
      return groupStop(task, signal);
    default:
      if (signal == (SIGTRAP | 0x80))
        return filters_.concern(task) && !task.callEntered ? callEntry(task) : callExit(task);
      return signalStop(task, signal);
  }
}

// At the end only the first processes of pid namespaces are left, which have ended but for their wait: for zombies
// whose parents, outside of the recording, never ask for them (a container whose process 1 is no init).
void Recorder::abandonNamespaces() {
  if (!std::all_of(tree_.all().begin(), tree_.all().end(),
                   [](const auto& each) { return each.second->end.as.has_value(); }))
    return;
  while (!tree_.isEmpty()) gone(*tree_.all().begin()->second, *tree_.all().begin()->second->end.as);
}

// Before a task runs user code or has an event, the calls that others are in become events of their own: they were
// entered before.
void Recorder::writePendingEnters(const Task& runs) {
  size_t kept = 0;
  for (const pid_t tid : inCalls_) {
    Task* const found = tree_.find(tid);
    if (!found) continue;
    Task& task = *found;
    if (!task.callEntered || task.enterWritten) continue;
    if (&task == &runs) {
      inCalls_[kept++] = tid;
    } else {
      writeEnter(task);
    }
  }
  inCalls_.resize(kept);
}

void Recorder::writeEnter(Task& task) {
  if (task.enterWritten || !tree_.isStarted()) return;
  sending_.recordAtEntry(task);
  task.enterWritten = true;
  futexWords_.recordMark(task);
  events_.frame(schema::EventKind::kSyscallEnter, task, static_cast<int>(task.call), task.entry);
}

}  // namespace rr
