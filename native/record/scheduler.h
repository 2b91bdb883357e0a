// Who runs next: priorities, round robin, time slices. It knows of a task whether it may run, its level and whether a
// status of it waits to be handled; what runs a task, and what it does then, is the recorder's. Every step but
// setLevel of many tasks and chaos's redrawing costs the same however many tasks there are.
//
// A task of a lower level (nice value) goes first; those of one level take turns. Nobody waits for ever: while better
// ones compute, the task that has waited longest gets a slice of its own each kPatience.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "record/chaos.h"

namespace rr {

struct Task;

// A task that makes no blocking call gives way to others at the first event after this long. Nanoseconds.
inline constexpr uint64_t kTimeSlice = 10'000'000;
// A task that has computed for so long while another one waits is looked at: it may only wait for that one.
// Nanoseconds.
inline constexpr uint64_t kLookAfter = 1'000'000;
// With many that wait, slices that end at events are shorter, so that a round takes about this long; but not shorter
// than kShortestSlice. Nanoseconds.
inline constexpr uint64_t kRound = 100'000'000;
inline constexpr uint64_t kShortestSlice = 2'000'000;
// How long tasks wait while better ones run all the time, before one of them gets a slice. Nanoseconds.
inline constexpr uint64_t kPatience = 100'000'000;
// Where priorities differ: how often a running task's events are used to see whether a better one woke. Nanoseconds.
inline constexpr uint64_t kPollInterval = 1'000'000;
// A task that has waited so often for others gives way at any of its next kBreaks calls: else one that wakes others,
// takes their turn back before they have had it and waits for them starves them for ever, as a collector does that
// stops the world again and again. That it gave way elsewhere does not count: it may have done so while they could do
// nothing.
inline constexpr uint32_t kUnbroken = 256;
inline constexpr uint32_t kBreaks = 16;

// The scheduler's part of a task.
struct SchedulingEntry {
  int level = 0;             // queue it stands in: 0 for nice 0, lower is better
  int ownLevel = 0;          // without what others lend it
  uint64_t ordinal = 0;      // counts tasks in the order in which they were made, from 1
  bool queued = false;       // may run, and waits for it
  bool hasStatus = false;    // stands in the list of statuses
  uint64_t queuedSince = 0;  // nanoseconds of CLOCK_MONOTONIC
  uint32_t unbroken = 0;     // how often it has waited, and its runs of user code from kUnbroken on
  std::list<Task*>::iterator position;
};

class Scheduler {
 public:
  struct Settings {
    uint64_t slice = 0;         // the longest slice, nanoseconds; 0: kTimeSlice
    bool alwaysSwitch = false;  // slices of one event
    std::optional<uint64_t> chaosSeed;
  };
  explicit Scheduler(const Settings& settings);

  // A new task, already in a state; from now on its states are watched.
  void add(Task& task, int level);
  // It is gone, or goes on as another object (takeOver).
  void remove(Task& task);
  // Called by Task::state itself.
  void stateChanged(Task& task);
  // The level by the program's own will: nice value, policy. Chaos has its own.
  void setLevel(Task& task, int level);

  // A wait status has come for the task.
  void statusCame(Task& task);
  // The task whose status has waited longest; nullptr when there is none.
  Task* takeStatus();

  // Who runs, or ran last; it may be blocked meanwhile. nullptr at the start, and when it is gone.
  Task* current() const { return current_; }
  // The current task's run of user code begins.
  void runs();
  // It has made so many calls that were buffered.
  void ranCalls(uint64_t calls) { runs_ += calls; }
  // Slices may end after some events (chaos), and after how many more this one does.
  bool countsRuns() const { return chaos_ != nullptr; }
  uint64_t runsLeft() const { return sliceRuns_ - std::min(runs_, sliceRuns_); }
  // The task is to give way soon (kUnbroken): none of its calls should be buffered.
  bool breakDue(const Task& task) const;
  // The current task ought to give way at this event, if anybody waits.
  bool sliceOver(uint64_t now) const;
  // A better task waits than the current one.
  bool betterWaits() const;
  // Some task may run, besides the current one.
  bool anyWaits() const { return bestLevel().has_value(); }
  // It is time to look for tasks that have woken although the slice goes on; then it is not, for a while.
  bool pollDue(uint64_t now);
  // Makes the next task current, with a new slice. nullptr when none may run.
  Task* choose(uint64_t now);
  // The slice ends here; the others of its level have their turn.
  void endSlice() { ended_ = true; }
  // The current task lets another one, which may run, have its turn, and goes on when that one returns it, can run no
  // further or has used up a slice. In chaos and with slices of one event just others have theirs.
  void lendTurn(Task& target);
  // The task has done what it was lent the turn for, if it was.
  void returnTurn(const Task& task) {
    if (lender_ && &task == current_) ended_ = true;
  }
  // sched_yield: all others of its level have theirs before it runs again; when there are none, the one of a lesser
  // level that has waited longest.
  void yielded(const Task& task);

  // The running task has computed past its slice, and others wait: it is to be stopped in mid-code.
  bool overran(const Task& running, uint64_t now);
  // Whether it does any good to know that the running task only waits for others.
  bool mayLook(const Task& running, uint64_t now) { return !chaos_ && !lender_ && othersWait(running, now); }
  // Somebody else should run after the slice of this one.
  bool othersWait(const Task& running, uint64_t now);
  // How long the tracer may wait without looking at the slice of a running task. Nanoseconds; `shared` when the slice
  // itself does not ask for less.
  uint64_t tick(uint64_t shared, uint64_t now) const;
  // Tasks that may run are held back (chaos): until when; 0 when none is.
  uint64_t heldUntil() const { return chaos_ && !queues_.empty() ? chaos_->holdEnd() : 0; }

 private:
  using Queue = std::list<Task*>;
  void enqueue(Task& task, bool atFront = false);
  void dequeue(Task& task);
  void moveTo(Task& task, int level);
  void advanceChaos(uint64_t now);
  Task* chaosChoice(const Task* former);
  void beginSlice(uint64_t now);
  Task* takeReturned(Task* former, uint64_t now);
  bool held(int level) const { return chaos_ && chaos_->holds(level); }
  // The level of the best that may run; nothing when none may.
  std::optional<int> bestLevel() const;
  // The one of a worse level than this that has waited longest; nullptr without one.
  Task* longestWaiting(int worseThan) const;
  bool patienceOver(int level, uint64_t now) const;

  Settings settings_;
  std::unique_ptr<Chaos> chaos_;
  std::map<int, Queue> queues_;    // none is empty
  std::map<int, int> population_;  // tasks by level, those that wait for something else included
  std::vector<Task*> candidates_;  // of chaosChoice
  std::deque<pid_t> statuses_;
  std::map<pid_t, Task*> tasks_;
  size_t waiting_ = 0;  // tasks in queues
  uint64_t nextOrdinal_ = 1;

  Task* current_ = nullptr;
  uint64_t sliceStart_ = 0;
  uint64_t sliceLength_ = kTimeSlice;
  uint64_t sliceRuns_ = ~0ULL;
  uint64_t runs_ = 0;  // events and buffered calls of the slice
  bool ended_ = false;
  bool yielding_ = false;
  bool favoured_ = false;  // the current task runs although better ones wait
  uint64_t lastFavour_ = 0;
  Task* borrower_ = nullptr;  // is to be lent the turn of the current task
  Task* lender_ = nullptr;    // whose turn the current task has
  uint64_t lenderSlice_ = 0;  // how long that one's slice has lasted
  uint64_t lenderRuns_ = 0;
  uint64_t lastPoll_ = 0;
};

}  // namespace rr
