// Waits for tracees: none of them keeps events from the disk, a signal from the program, or the reason from the log.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include <string>

#include "generated/syscalls.h"
#include "record/recorder.h"
#include "record/task-state.h"

namespace rr {

namespace {

// A wait that has lasted so long without a turn for anybody is told of. Nanoseconds.
constexpr uint64_t kTellAfter = 1'000'000'000;
// While no task can run, as in a server without work, that is told ever more rarely: at most this far apart.
constexpr uint64_t kTellIdle = 60'000'000'000;
// A signal that was to end the program has so long to do so while the tracer waits for one task.
constexpr uint64_t kEndAfter = 1'000'000'000;
// Tasks that are named at most.
constexpr size_t kMostTold = 24;

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

// Waits for the status of one task where nothing else may come in between. False when there is none to be had, with
// errno set.
bool Recorder::awaitStatus(pid_t tid, int& status, const char* what) {
  while (waitpid(tid, &status, __WALL) != tid) {
    if (errno != EINTR) return false;
    keepUp(what, tid);
  }
  return true;
}

// What is due at each tick, wherever the tracer waits: called each time a wait was broken. `tid`: the task that is
// waited for, 0 for any.
void Recorder::keepUp(const char* what, pid_t tid) {
  if (!ticked()) return;
  const uint64_t now = monotonicNow();
  if (terminate_) end_.incomplete = true;
  if (terminate_) killAll();
  forwardOuterSignals(now);
  if (!ring_.hasUnsealed()) {
    lastSeal_ = now;
  } else if (now - lastSeal_ > kSealAfter) {
    ring_.seal();
    lastSeal_ = now;
  }
  tellOfWait(what, tid, now);
}

// Somebody has the turn, or an event.
void Recorder::noteTurn() {
  lastTurn_ = monotonicNow();
  tellAgain_ = lastTurn_ + kTellAfter;
  tellInterval_ = kTellAfter;
}

// Each second in which nobody was handed a turn: for what the tracer waits, and what the tasks do.
void Recorder::tellOfWait(const char* what, pid_t tid, uint64_t now) {
  if (now < tellAgain_) return;
  const auto waited = tasks_.find(tid);
  if (waited != tasks_.end() && waited->second->state == Task::State::userCode) {
    // It has the turn, and uses it.
    const uint64_t used = processorTime(waited->second->threadGroup);
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
  for (const auto& [each, task] : tasks_) {
    if (told++ == kMostTold) {
      line += " and " + std::to_string(tasks_.size() - kMostTold) + " more";
      break;
    }
    line += " " + std::to_string(each) + " " + nameOf(task->state);
    if (task->state == Task::State::inCall && task->callEntered)
      line += std::string(" ") + syscallModel(task->call).name;
    if (task->pending) line += ", has stopped";
    line += " (" + kernelState(each) + ");";
  }
  callbacks_.note(line);
  // The program cannot end by itself while one of its tasks is not let go on.
  const bool stuck = waited != tasks_.end() && waited->second->state != Task::State::userCode;
  if (stuck && endAskedAt_ != 0 && now - endAskedAt_ > kEndAfter) terminate_ = true;
}

}  // namespace rr
