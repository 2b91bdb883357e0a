#include "record/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "launcher/record-stub.h"
#include "record/program-maps.h"
#include "record/task-state.h"
#include "ring/broken-wait.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// What the kernel needs to look at a task for a status, at most about; while others may run it is asked no more often
// than it takes, so that many tasks do not make each switch dear. Nanoseconds.
constexpr uint64_t kLookCost = 1'000;
// Without --wait: how long what the first process left behind may go on.
constexpr uint64_t kGraceAfterInitial = 1'000'000'000;

// The tick also comes where no waitpid is there to break.
std::atomic<bool> tickCame = false;

void noteTick(int) { tickCame = true; }

// Binds the calling thread to one CPU, and the other threads of this process to the rest. Returns 0, or the errno for
// the calling thread.
int bindThreads(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(cpu), &one);
  cpu_set_t others;
  if (sched_getaffinity(0, sizeof others, &others) != 0) return errno;
  CPU_CLR(static_cast<size_t>(cpu), &others);
  const pid_t self = gettid();
  if (CPU_COUNT(&others) > 0) {
    if (DIR* threads = opendir("/proc/self/task")) {
      while (const dirent* entry = readdir(threads)) {
        const pid_t tid = atoi(entry->d_name);
        if (tid > 0 && tid != self) sched_setaffinity(tid, sizeof others, &others);
      }
      closedir(threads);
    }
  }
  return sched_setaffinity(0, sizeof one, &one) == 0 ? 0 : errno;
}

}  // namespace

bool ticked() { return tickCame; }

uint64_t monotonicNow() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(time.tv_nsec);
}

Recorder::Recorder(RecorderOptions options, uint8_t* ring, size_t ringSize, Callbacks callbacks)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      ring_(ring, ringSize),
      writer_(ring_),
      store_(options_.storeDirectory),
      runtime_(options_.launcher),
      scheduler_(options_.scheduling) {
  ring_.onFirstSealed = callbacks_.firstSlotFull;
}

Recorder::~Recorder() {
  terminate();
  join();
}

void Recorder::start() {
  thread_ = std::thread([this] { run(); });
}

void Recorder::terminate() {
  terminate_ = true;
  if (const pid_t tid = tracerTid_) syscall(SYS_tgkill, getpid(), tid, BreakTimer::signal());
}

void Recorder::join() {
  if (thread_.joinable()) thread_.join();
}

void Recorder::run() {
  tracerTid_ = gettid();
  const int unbound = options_.cpu >= 0 ? bindThreads(options_.cpu) : 0;
  // The tick breaks waitpid.
  timed_ = timer_.start(std::chrono::nanoseconds(kIdleTick), noteTick);
  outer_.install(BreakTimer::signal());
  unbound_ = options_.cpu < 0 || unbound != 0;
  noteWhatIsMissing(unbound);
  setTick(kIdleTick);
  lastSeal_ = monotonicNow();
  static thread_local Recorder* recorder = nullptr;
  recorder = this;
  brokenWait = [](const char* what) { recorder->keepUp(what, 0); };
  noteTurn();
  if (launch(end_)) loop();
  brokenWait = nullptr;
  timer_.stop();
  timeTrap_.end();
  if (launchReport_ >= 0) close(launchReport_);
  if (started_) {
    const user_regs_struct none = {};
    writer_.frame(schema::EventKind::kTraceEnd, initialTid_, end_.status, none,
                  end_.incomplete ? schema::kFrameIncomplete : uint8_t{0});
  }
  ring_.close();
  tracerTid_ = 0;
  end_.started = started_;
  end_.events = writer_.event() - 1;
  end_.bytes = writer_.bytesWritten();
  end_.ringWaits = ring_.waits();
  callbacks_.ended(end_);
}

// Nothing of this is required: without it a recording is slower, or may differ from a run alone in what is named.
void Recorder::noteWhatIsMissing(int unbound) {
  if (unbound != 0) {
    callbacks_.note("cannot bind the program to processor " + std::to_string(options_.cpu) + " (sched_setaffinity: " +
                    strerror(unbound) + "): each system call costs more, and programs that ask for the processor's " +
                    "number may replay differently");
  }
  if (!timed_) {
    callbacks_.note(std::string("no timer and no thread to be had (") + strerror(errno) +
                    "): a program that computes is not stopped for others");
  } else if (timer_.refusal() != 0) {
    callbacks_.note(std::string("the kernel gives no timer (timer_create: ") + strerror(timer_.refusal()) +
                    "; see ulimit -i): a thread keeps the time");
  }
  outerFilter_ = filtersInForce(getpid());
  if (outerFilter_) {
    dispatches_ = dispatchPossible();
    callbacks_.note(std::string("a seccomp filter is in force already, as in containers: ") +
                    (dispatches_ ? "system calls that are not buffered stop three times, not twice"
                                 : "each system call is stopped at its entry as well, and none is buffered (prctl with "
                                   "PR_SET_SYSCALL_USER_DISPATCH, of Linux 5.11, is not to be had)"));
  }
}

void Recorder::loop() {
  while (!tasks_.empty()) {
    buried_.clear();
    housekeeping();
    if (letGo_ > 0) findEnded();
    Task* task = chooseTask();
    if (!task) {
      collect(true);
    } else if (task->pending) {
      handle(*task);
    } else {
      runUserCode(*task);
    }
  }
  buried_.clear();
}

// The next task to look at: one with a status to handle, else one to run; nullptr when all wait.
Task* Recorder::chooseTask() {
  Task* const current = scheduler_.current();
  if (current && current->pending) return current;
  // Until its next event, which a forced stop may be, replay could not tell where the others came in.
  if (current && current->state == Task::State::runnable && current->inMidCode) return current;
  const uint64_t now = monotonicNow();
  const bool over = !current || current->state != Task::State::runnable || scheduler_.sliceOver(now);
  const bool patient = scheduler_.anyWaits() && now - lastLook_ < tasks_.size() * kLookCost;
  if (tasks_.size() > 1 && (over ? !patient : scheduler_.pollDue(now))) {
    lastLook_ = now;
    collectAll();
  }
  if (Task* task = scheduler_.takeStatus()) return task;
  if (!over && !scheduler_.betterWaits()) return current;
  Task* const next = scheduler_.choose(now);
  if (next && next != current) switchTo(*next);
  // Held back by chaos: the wait for others must end in time.
  if (const uint64_t end = next ? 0 : scheduler_.heldUntil()) {
    setTick(std::clamp<uint64_t>(end - std::min(end, now), kShortestTick, kIdleTick));
  }
  return next;
}

// The one place where another task than the last one is about to run user code.
void Recorder::switchTo(Task& next) {
  debug(next, "its turn");
  next.turnsSinceLook++;
  beginTickSlice(next);
}

void Recorder::runUserCode(Task& task) {
  noteTurn();
  writePendingEnters(task);
  if (task.tracing.touched && goOnTraced(task)) return;
  const int signal = task.resumeSignal;
  task.resumeSignal = 0;
  // The runtime's own calls would stop in a task that is not dispatched yet.
  traceNextCall(*task.space, !task.stashed.empty() || (outerFilter_ && !task.dispatched) || scheduler_.breakDue(task));
  task.state = Task::State::userCode;
  task.inMidCode = true;
  task.resumedAt = lastTurn_;
  // Another stop has taken the interrupt; but one that was put off is still due.
  task.looking = task.looking && task.space->putOff > 0;
  if (std::exchange(task.stopAgain, false)) ptrace(PTRACE_INTERRUPT, task.tid, 0, 0);
  scheduler_.runs();
  limitBufferedCalls(*task.space);
  if (task.dispatched && task.space->patched.allTraced && !setDispatch(task, false)) return lost(task);
  if (std::exchange(task.waitGoesOn, false)) haveRestarted(task);
  if (stepForTracer(task, signal)) return;
  if (!resume(task, userCodeRequest(task), signal)) return lost(task);
  waitFor(task);
}

void Recorder::cameFrom(Task& task, int status) {
  task.pending = status;
  scheduler_.statusCame(task);
}

// Waits for one status of any tracee and files it with its task. With `block` false only what is there already; false
// when there was nothing.
bool Recorder::collect(bool block) {
  int status;
  const pid_t tid = waitpid(-1, &status, __WALL | __WNOTHREAD | (block ? 0 : WNOHANG));
  if (tid < 0 && errno == EINTR) return false;
  if (tid < 0 && errno == ECHILD && letGo_ > 0) {
    if (block) usleep(1000);
    return false;
  }
  if (tid < 0 && errno == ECHILD) {
    // Nothing of ours is left, whatever the list says.
    for (auto& [each, task] : tasks_) {
      scheduler_.remove(*task);
      buried_.push_back(std::move(task));
    }
    tasks_.clear();
    return false;
  }
  if (tid <= 0) return false;
  auto found = tasks_.find(tid);
  if (found == tasks_.end()) {
    unknownStops_[tid] = status;
    return true;
  }
  cameFrom(*found->second, status);
  return true;
}

void Recorder::collectAll() {
  while (collect(false)) {
  }
}

// Waits until the task has a status. For this task alone: a wait for any costs the kernel a look at each of them. What
// has come from others is filed at each tick. `interruptAt`: processor time of the process at which the task is
// interrupted, nanoseconds; 0: never.
void Recorder::waitFor(Task& task, uint64_t interruptAt) {
  const pid_t tid = task.tid;
  while (!task.pending) {
    keepUp("a stop", tid);
    housekeeping();
    if (task.state == Task::State::userCode) considerInterrupt(task);
    if (task.pending) return;
    if (interruptAt != 0 && !task.interrupted && processorTime(task.threadGroup) >= interruptAt &&
        ptrace(PTRACE_INTERRUPT, tid, 0, 0) == 0) {
      task.interrupted = true;
    }
    int status;
    if (waitpid(tid, &status, __WALL | __WNOTHREAD) == tid) return cameFrom(task, status);
    if (errno == EINTR) {
      if (tasks_.size() > 1) collectAll();
      if (!task.pending && tasks_.contains(tid) && waitsForOthers(task)) return;
    } else {
      collect(true);
    }
    if (!tasks_.contains(tid)) return;
  }
}

void Recorder::handle(Task& task) {
  const int status = *task.pending;
  task.pending.reset();
  // A stop of any kind takes a PTRACE_INTERRUPT with it that came before.
  const bool interrupted = status >> 16 != PTRACE_EVENT_STOP && std::exchange(task.interrupted, false);
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
      task.interrupted = false;
      return;
    }
  }
  switch (status >> 16) {
    case PTRACE_EVENT_SECCOMP:
      return interrupted && started_ ? repeatCallEntry(task) : callEntry(task);
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
      if (signal == (SIGTRAP | 0x80)) return judged(task) && !task.callEntered ? callEntry(task) : callExit(task);
      return signalStop(task, signal);
  }
}

bool Recorder::resume(Task& task, int request, int signal) {
  return ptrace(static_cast<__ptrace_request>(request), task.tid, 0, signal) == 0;
}

// A ptrace call failed because the task was killed meanwhile: its exit status will come.
void Recorder::lost(Task& task) {
  const int error = errno;
  debug(task, "gone while stopped: %s", strerror(error));
  const bool again = task.state == Task::State::dying;
  task.state = Task::State::dying;
  if (again || error != EIO || end_.incomplete) return;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return;
  // Registers that cannot be set: it is not gone, and nothing would make it go on.
  refuse(task, "task " + std::to_string(task.tid) +
                   " cannot be recorded any further: the kernel refuses to let its tracer " + "work on it (" +
                   strerror(error) + ")");
}

void Recorder::killAll() {
  for (auto& [tid, task] : tasks_) {
    kill(task->threadGroup, SIGKILL);
    task->stashed.clear();
  }
}

// At the end only the first processes of pid namespaces are left, which have ended but for their wait: for zombies
// whose parents, outside of the recording, never ask for them (a container whose process 1 is no init).
void Recorder::abandonNamespaces() {
  if (!std::all_of(tasks_.begin(), tasks_.end(), [](const auto& each) { return each.second->endsAs.has_value(); }))
    return;
  while (!tasks_.empty()) gone(*tasks_.begin()->second, *tasks_.begin()->second->endsAs);
}

// What is due at each tick; nothing in between.
void Recorder::housekeeping() {
  if (!ticked()) return;
  keepUp("any", 0);
  tickCame = false;
  const uint64_t now = monotonicNow();
  const bool graceOver = initialGone_ && !options_.waitForAll && now - initialGoneAt_ > kGraceAfterInitial;
  // Again at each tick: a task may have been made meanwhile.
  if (graceOver) killAll();
  if (graceOver || terminate_) abandonNamespaces();
}

// Before a task runs user code or has an event, the calls that others are in become events of their own: they were
// entered before.
void Recorder::writePendingEnters(const Task& runs) {
  size_t kept = 0;
  for (const pid_t tid : inCalls_) {
    auto found = tasks_.find(tid);
    if (found == tasks_.end()) continue;
    Task& task = *found->second;
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
  if (task.enterWritten || !started_) return;
  recordSentAtEntry(task);
  task.enterWritten = true;
  recordFutexMark(task);
  frame(schema::EventKind::kSyscallEnter, task, static_cast<int>(task.call), task.entry);
}

void Recorder::frame(schema::EventKind kind, Task& task, int number, const user_regs_struct& registers, uint8_t flags,
                     uint8_t stdio) {
  if (options_.checksum != RecorderOptions::Checksum::never) writeChecksums(task, kind, registers);
  writeFrame(kind, task, number, registers, flags, stdio);
}

void Recorder::writeFrame(schema::EventKind kind, Task& task, int number, const user_regs_struct& registers,
                          uint8_t flags, uint8_t stdio) {
  task.atEvent = registers;
  task.inMidCode = false;
  task.answeredAtEntry = false;
  task.space->putOff = 0;
  if (task.bufferTaken) flags |= schema::kFrameBuffered;
  task.bufferTaken = false;
  writer_.frame(kind, task.tid, number, registers, flags, stdio, ticksOf(task));
}

void Recorder::writeChecksums(const Task& task, schema::EventKind kind, const user_regs_struct& registers) {
  using Checksum = RecorderOptions::Checksum;
  // At a syscallEnter the kernel may have written already (a clone), or be about to: the end of the call tells.
  if (kind == schema::EventKind::kExit || kind == schema::EventKind::kSyscallEnter) return;
  const uint64_t event = writer_.event();
  if (event == 1) return;  // the first task's start: its memory is the launcher's
  const bool endsCall = kind == schema::EventKind::kSyscall || kind == schema::EventKind::kSyscallExit;
  const bool due = options_.checksum == Checksum::allEvents || (options_.checksum == Checksum::syscalls && endsCall) ||
                   (options_.checksum == Checksum::every && event % options_.checksumNumber == 0) ||
                   (options_.checksum == Checksum::from && event >= options_.checksumNumber);
  if (!due) return;
  writeMemoryChecksums(task, registers);
}

void Recorder::writeMemoryChecksums(const Task& task, const user_regs_struct& registers) {
  std::vector<ChecksumEntry> entries;
  const std::vector<MapLine> maps = readProgramMaps(task.tid, *task.space);
  const AddressRange dead = deadStack(maps, registers);
  for (const MapLine& line : maps) {
    if (!line.readable || line.shared) continue;
    uint64_t end = line.end;
    if (line.inode != 0) {
      // Replay has pages behind the end of a file that was cut; the program would get a SIGBUS.
      const uint64_t size = privateFiles_.size(makedev(line.deviceMajor, line.deviceMinor), line.inode);
      const uint64_t pages = size > ~4095ULL ? size : (size + 4095) & ~4095ULL;
      end = line.start + std::min(line.end - line.start, pages > line.offset ? pages - line.offset : 0);
    }
    const PageRun whole = {line.start, end};
    for (const PageRun& run : differenceOf(std::span(&whole, 1), {dead.start, dead.end})) {
      const uint64_t length = run.end - run.start;
      if (length == 0) continue;
      const bool sparse = line.inode == 0;
      entries.push_back({run.start, length, memoryChecksum(task.tid, task.space->memory, run.start, length, sparse)});
    }
  }
  writer_.data(task.tid, schema::DataSpace::kChecksum, 0, entries.data(), entries.size() * sizeof(ChecksumEntry));
}

void Recorder::warnOnce(const std::string& key, const std::string& text) {
  if (warned_.insert(key).second) callbacks_.warning(text);
}

void Recorder::debug(const Task& task, const char* format, ...) {
  if (!options_.debugLog) return;
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "rr: debug record: event %llu task %d: %s\n", static_cast<unsigned long long>(writer_.event()),
          task.tid, text);
}

}  // namespace rr
