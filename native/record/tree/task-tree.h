// All tasks of the recording: the first process, its descendants, and their threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "record/recording-log.h"
#include "record/scheduler.h"
#include "record/task.h"

namespace rr {

// Tracer thread only.
class TaskTree {
 public:
  TaskTree(Scheduler& scheduler, const RecordingLog& log) : scheduler_(scheduler), log_(log) {}
  TaskTree(const TaskTree&) = delete;
  TaskTree& operator=(const TaskTree&) = delete;

  // nullptr without one of that id.
  Task* find(pid_t tid) const;
  bool contains(pid_t tid) const { return tasks_.contains(tid); }
  size_t size() const { return tasks_.size(); }
  bool isEmpty() const { return tasks_.empty(); }
  bool isAlone() const { return tasks_.size() == 1; }
  // By id. A task may be taken away while others are looked at.
  const std::map<pid_t, std::unique_ptr<Task>>& all() const { return tasks_; }

  // Whether another task runs in the same memory.
  bool sharesMemory(const Task& task) const;

  Task& add(std::unique_ptr<Task> task);
  // It is no task of the recording's any more, and has had its last event. The object lives until forgetBuried(), for
  // the handler that holds it.
  void bury(Task& task);
  void buryAll();
  void forgetBuried() { buried_.clear(); }
  Task& lastBuried() const { return *buried_.back(); }
  // `leader` has the exec stop of a program that the thread `former` has executed, which has taken over its id. Gives
  // the thread, under that id; the leader is buried. Gives the leader where no such thread is known.
  Task& takeOver(Task& leader, pid_t former);

  // A wait status, as it is collected: it waits with its task to be handled.
  void cameFrom(Task& task, int status);
  // The same for a status of whom ever. The first stop of a task may come before its maker tells of it.
  void noteStatus(pid_t tid, int status);
  // Whether that first stop has come. It is told once.
  bool takeFirstStop(pid_t tid) { return firstStops_.erase(tid) > 0; }

  // A ptrace call on the task has failed, with errno, since it was killed meanwhile: its exit status will come. Where
  // it was not killed the recording ends: nothing would make it go on.
  void lost(Task& task);
  // The recording ends here, and the program with it: it cannot go on unseen. `why`: for the user.
  void refuse(Task& task, const std::string& why);
  void killAll();
  // They are killed, and the trace ends before the program.
  void terminate();
  bool isIncomplete() const { return incomplete_; }

  // The program was executed: what its tasks do is recorded.
  bool isStarted() const { return started_; }
  void start() { started_ = true; }
  // The process that the recording began with.
  struct Initial {
    pid_t tid = 0;
    int status = 0;                  // its wait status, when it is gone
    std::optional<uint64_t> goneAt;  // nanoseconds of CLOCK_MONOTONIC
  };
  const Initial& initial() const { return initial_; }
  void setInitial(pid_t tid) { initial_.tid = tid; }
  void initialGone(int status);

  // It is to end without the tracer.
  void letGo(Task& task);
  // Some task was let go, and has not been buried.
  bool anyLetGo() const { return letGo_ > 0; }

 private:
  Scheduler& scheduler_;
  const RecordingLog& log_;
  std::map<pid_t, std::unique_ptr<Task>> tasks_;
  std::vector<std::unique_ptr<Task>> buried_;
  std::map<pid_t, int> firstStops_;  // of tasks whose makers have not told of them yet
  Initial initial_;
  size_t letGo_ = 0;
  bool started_ = false;
  bool incomplete_ = false;
};

}  // namespace rr
