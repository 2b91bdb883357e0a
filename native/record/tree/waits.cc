#include "record/tree/waits.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include <string>

#include "generated/syscalls.h"
#include "record/signal-state/signal-kinds.h"
#include "record/tree/task-state.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// A wait that has lasted so long without a turn for anybody is told of. Nanoseconds.
constexpr uint64_t kTellAfter = 1'000'000'000;
// While no task can run, as in a server without work, that is told ever more rarely: at most this far apart.
constexpr uint64_t kTellIdle = 60'000'000'000;
// A signal that was to end the program has so long to do so while the tracer waits for one task.
constexpr uint64_t kEndAfter = 1'000'000'000;
// What a task that computes may take to stop once more when the recording is ended; nanoseconds.
constexpr uint64_t kLastStop = 500'000'000;
// Tasks that are named at most.
constexpr size_t kMostTold = 24;
// Without --wait: how long what the first process left behind may go on.
constexpr uint64_t kGraceAfterInitial = 1'000'000'000;

const char* nameOf(Task::State state) {
  switch (state) {
    case Task::State::runnable:
      return "may run";
    case Task::State::userCode:
      return "computes";
    case Task::State::inCall:
      return "in a call";
    case Task::State::groupStopped:
      return "stopped";
    case Task::State::traceStopped:
      return "stopped for its tracer";
    case Task::State::dying:
      return "ends";
  }
  return "";
}

// Of the kernel, "R" or "S" and so on, and the function that it sleeps in.
std::string kernelState(pid_t tid) {
  const char state = taskState(tid);
  if (state == 0) return "gone";
  std::string text(1, state);
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/wchan", tid);
  FILE* file = fopen(path, "re");
  if (!file) return text;
  char name[64] = "";
  const size_t length = fread(name, 1, sizeof name - 1, file);
  fclose(file);
  name[length] = 0;
  if (length > 0 && name[0] != '0') text += std::string(" ") + name;
  return text;
}

}  // namespace

Waits::Waits(const RecorderOptions& options, TaskTree& tree, TracerThread& tracer, EventWriter& events,
             const FrameWriter& writer, ForwardedSignals& forwarded, RecordingLog& log, WaitDuties duties)
    : options_(options),
      tree_(tree),
      tracer_(tracer),
      events_(events),
      writer_(writer),
      forwarded_(forwarded),
      log_(log),
      duties_(std::move(duties)) {}

bool Waits::awaitStatus(pid_t tid, int& status, const char* what) {
  while (waitpid(tid, &status, __WALL) != tid) {
    if (errno != EINTR) return false;
    keepUp(what, tid);
  }
  return true;
}

void Waits::keepUp(const char* what, pid_t tid) {
  if (!tracer_.ticked()) return;
  const uint64_t now = monotonicNow();
  if (tracer_.isTerminating() && endingSince_ == 0) endingSince_ = now;
  if (tracer_.isTerminating() && !awaitsLastStop(now)) tree_.terminate();
  forwarded_.forward(now);
  events_.sealWhenOld(now);
  tellOfWait(what, tid, now);
}

// A task that computes is stopped once more (ForcedStops), if that does not take long: the trace tells how far it came.
bool Waits::awaitsLastStop(uint64_t now) const {
  if (now - endingSince_ >= kLastStop || !tree_.isStarted()) return false;
  return std::ranges::any_of(tree_.all(), [this](const auto& each) {
    return each.second->state == Task::State::userCode && isLastStopDue(*each.second);
  });
}

bool Waits::isLastStopDue(const Task& task) const { return task.space->stops.stoppedAt < endingSince_; }

void Waits::noteTurn() {
  lastTurn_ = monotonicNow();
  tellAgain_ = lastTurn_ + kTellAfter;
  tellInterval_ = kTellAfter;
}

// Each second in which nobody was handed a turn: for what the tracer waits, and what the tasks do.
void Waits::tellOfWait(const char* what, pid_t tid, uint64_t now) {
  if (now < tellAgain_) return;
  const Task* const waited = tree_.find(tid);
  if (waited && waited->state == Task::State::userCode) {
    // It has the turn, and uses it.
    const uint64_t used = processorTime(waited->threadGroup);
    if (used - std::exchange(usedAtTick_, used) > (now - lastTurn_) / 20) return noteTurn();
  }
  tellAgain_ = now + tellInterval_;
  if (tid == 0) tellInterval_ = std::min(2 * tellInterval_, kTellIdle);
  char text[160];
  snprintf(text, sizeof text,
           "no turn for %.1f s, at event %llu, waiting for %s%s%s:", static_cast<double>(now - lastTurn_) / 1e9,
           static_cast<unsigned long long>(writer_.event()), what, tid == 0 ? "" : " of task ",
           tid == 0 ? "" : std::to_string(tid).c_str());
  std::string line = text;
  size_t told = 0;
  for (const auto& [each, task] : tree_.all()) {
    if (told++ == kMostTold) {
      line += " and " + std::to_string(tree_.size() - kMostTold) + " more";
      break;
    }
    line += " " + std::to_string(each) + " " + nameOf(task->state);
    if (task->state == Task::State::inCall && task->callEntered)
      line += std::string(" ") + syscallModel(task->call).name;
    if (task->pending) line += ", has stopped";
    line += " (" + kernelState(each) + ");";
  }
  log_.note(line);
  // The program cannot end by itself while one of its tasks is not let go on.
  const bool stuck = waited && waited->state != Task::State::userCode;
  if (stuck && forwarded_.endAskedAt() != 0 && now - forwarded_.endAskedAt() > kEndAfter) tracer_.terminate();
}

bool Waits::collect(bool block) {
  int status;
  const pid_t tid = waitpid(-1, &status, __WALL | __WNOTHREAD | (block ? 0 : WNOHANG));
  if (tid < 0 && errno == EINTR) return false;
  if (tid < 0 && errno == ECHILD && tree_.anyLetGo()) {
    if (block) usleep(1000);
    return false;
  }
  if (tid < 0 && errno == ECHILD) {
    // Nothing of ours is left, whatever the list says.
    tree_.buryAll();
    return false;
  }
  if (tid <= 0) return false;
  tree_.noteStatus(tid, status);
  return true;
}

void Waits::collectAll() {
  while (collect(false)) {
  }
}

Waits::Masked Waits::runMasked(Task& task, const user_regs_struct& registers, int request, int stop, const char* what) {
  constexpr uint64_t kEverySignal = ~0ULL;
  const auto mask = signalMask(task.tid);
  if (!mask || !setRegisters(task.tid, registers) || !setSignalMask(task.tid, kEverySignal)) return Masked::lost;
  bool sentStop = false;
  for (;;) {
    int status;
    if (!resume(task, request) || !awaitStatus(task.tid, status, what)) return Masked::lost;
    if (WIFSTOPPED(status) && status >> 8 == stop) break;
    if (isEventStop(status)) {
      // Its group is stopped, or an interrupt came too late.
      task.stops.again |= isGroupStop(status);
    } else if (WIFSTOPPED(status) && status >> 8 == SIGSTOP) {
      sentStop = true;
    } else {
      tree_.cameFrom(task, status);
      return Masked::elsewhere;
    }
  }
  if (!setSignalMask(task.tid, *mask)) return Masked::lost;
  if (sentStop) kill(task.threadGroup, SIGSTOP);
  return Masked::arrived;
}

void Waits::waitFor(Task& task, uint64_t interruptAt) {
  const pid_t tid = task.tid;
  while (!task.pending) {
    keepUp("a stop", tid);
    housekeeping();
    if (task.state == Task::State::userCode) duties_.whileComputing(task);
    if (task.pending) return;
    if (interruptAt != 0 && !task.stops.interrupted && processorTime(task.threadGroup) >= interruptAt &&
        ptrace(PTRACE_INTERRUPT, tid, 0, 0) == 0) {
      task.stops.interrupted = true;
    }
    int status;
    if (waitpid(tid, &status, __WALL | __WNOTHREAD) == tid) return tree_.cameFrom(task, status);
    if (errno == EINTR) {
      if (tree_.size() > 1) collectAll();
      if (!task.pending && tree_.contains(tid) && duties_.letsOthersRun(task)) return;
    } else {
      collect(true);
    }
    if (!tree_.contains(tid)) return;
  }
}

void Waits::housekeeping() {
  if (!tracer_.ticked()) return;
  keepUp("any", 0);
  tracer_.takeTick();
  const uint64_t now = monotonicNow();
  const bool graceOver =
      tree_.initial().goneAt && !options_.waitForAll && now - *tree_.initial().goneAt > kGraceAfterInitial;
  // Again at each tick: a task may have been made meanwhile.
  if (graceOver) tree_.killAll();
  if (graceOver || tracer_.isTerminating()) duties_.abandonNamespaces();
}

}  // namespace rr
