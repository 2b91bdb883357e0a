#include "record/scheduler.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "record/recorder.h"
#include "record/task.h"
#include "tracee/clock.h"

namespace rr {

Task::ObservedState& Task::ObservedState::operator=(State next) {
  value_ = next;
  if (owner_.scheduler) owner_.scheduler->stateChanged(owner_);
  return *this;
}

Scheduler::Scheduler(const Settings& settings) : settings_(settings) {
  if (settings_.slice == 0) settings_.slice = kTimeSlice;
  if (settings_.chaosSeed) chaos_ = std::make_unique<Chaos>(*settings_.chaosSeed);
}

void Scheduler::add(Task& task, int level) {
  SchedulingEntry& entry = task.scheduling;
  entry.ordinal = nextOrdinal_++;
  entry.ownLevel = level;
  entry.level = chaos_ ? chaos_->level(entry.ordinal) : level;
  population_[entry.level]++;
  tasks_[task.tid] = &task;
  task.scheduler = this;
  if (chaos_) {
    const uint64_t now = monotonicNow();
    chaos_->added(entry.level, now);
    ended_ = chaos_->newTaskFirst();
    // What happened before has used up nothing of what the two do now.
    beginSlice(now);
  }
  stateChanged(task);
}

void Scheduler::remove(Task& task) {
  if (task.scheduler != this) return;
  dequeue(task);
  if (--population_[task.scheduling.level] == 0) population_.erase(task.scheduling.level);
  auto found = tasks_.find(task.tid);
  if (found != tasks_.end() && found->second == &task) tasks_.erase(found);
  task.scheduler = nullptr;
  if (current_ == &task) current_ = nullptr;
  if (borrower_ == &task) borrower_ = nullptr;
  if (lender_ == &task) lender_ = nullptr;
}

void Scheduler::stateChanged(Task& task) {
  if (&task == current_) return;  // it has its place when the next one is chosen
  if (task.state == Task::State::runnable) {
    enqueue(task);
  } else {
    dequeue(task);
  }
}

void Scheduler::setLevel(Task& task, int level) {
  task.scheduling.ownLevel = level;
  if (!chaos_) moveTo(task, level);
}

void Scheduler::moveTo(Task& task, int level) {
  SchedulingEntry& entry = task.scheduling;
  if (entry.level == level) return;
  const bool queued = entry.queued;
  const uint64_t since = entry.queuedSince;
  dequeue(task);
  if (--population_[entry.level] == 0) population_.erase(entry.level);
  entry.level = level;
  population_[level]++;
  if (!queued) return;
  enqueue(task);
  entry.queuedSince = since;
}

void Scheduler::enqueue(Task& task, bool atFront) {
  SchedulingEntry& entry = task.scheduling;
  if (entry.queued) return;
  Queue& queue = queues_[entry.level];
  entry.position = queue.insert(atFront ? queue.begin() : queue.end(), &task);
  entry.queued = true;
  entry.queuedSince = monotonicNow();
  waiting_++;
}

void Scheduler::dequeue(Task& task) {
  SchedulingEntry& entry = task.scheduling;
  if (!entry.queued) return;
  auto queue = queues_.find(entry.level);
  queue->second.erase(entry.position);
  if (queue->second.empty()) queues_.erase(queue);
  entry.queued = false;
  waiting_--;
}

void Scheduler::statusCame(Task& task) {
  if (task.scheduling.hasStatus) return;
  task.scheduling.hasStatus = true;
  statuses_.push_back(task.tid);
}

Task* Scheduler::takeStatus() {
  while (!statuses_.empty()) {
    auto found = tasks_.find(statuses_.front());
    statuses_.pop_front();
    if (found == tasks_.end()) continue;
    found->second->scheduling.hasStatus = false;
    if (found->second->pending) return found->second;
  }
  return nullptr;
}

void Scheduler::runs() {
  runs_++;
  if (!current_ || !breakDue(*current_)) return;
  uint32_t& unbroken = current_->scheduling.unbroken;
  if (++unbroken >= kUnbroken + kBreaks) unbroken = 0;
}

// In chaos slices of a few events do this.
bool Scheduler::breakDue(const Task& task) const { return !chaos_ && task.scheduling.unbroken >= kUnbroken; }

bool Scheduler::sliceOver(uint64_t now) const {
  if (ended_ || settings_.alwaysSwitch || runs_ >= sliceRuns_) return true;
  if (current_ && (held(current_->scheduling.level) || breakDue(*current_))) return true;
  uint64_t length = sliceLength_;
  if (!chaos_) length = std::min(length, std::max(kShortestSlice, kRound / (waiting_ + 1)));
  return now - sliceStart_ >= length;
}

bool Scheduler::betterWaits() const {
  if (favoured_ || !current_) return false;
  const auto best = bestLevel();
  return best && *best < current_->scheduling.level;
}

bool Scheduler::pollDue(uint64_t now) {
  if (population_.size() < 2 || now - lastPoll_ < kPollInterval) return false;
  lastPoll_ = now;
  return true;
}

std::optional<int> Scheduler::bestLevel() const {
  if (queues_.empty()) return std::nullopt;
  const int level = queues_.begin()->first;
  return held(level) ? std::nullopt : std::optional<int>(level);
}

Task* Scheduler::longestWaiting(int worseThan) const {
  Task* longest = nullptr;
  for (auto queue = queues_.upper_bound(worseThan); queue != queues_.end() && !held(queue->first); ++queue) {
    Task* first = queue->second.front();
    if (!longest || first->scheduling.queuedSince < longest->scheduling.queuedSince) longest = first;
  }
  return longest;
}

// Chaos starves on purpose, until priorities are drawn again.
bool Scheduler::patienceOver(int level, uint64_t now) const {
  if (chaos_ || now - lastFavour_ < kPatience) return false;
  const Task* longest = longestWaiting(level);
  // One that gives way at this event waits since after `now`.
  return longest && now >= longest->scheduling.queuedSince + kPatience;
}

void Scheduler::advanceChaos(uint64_t now) {
  const bool bothKinds = !population_.empty() && population_.begin()->first < Chaos::kLowLevel &&
                         population_.rbegin()->first >= Chaos::kLowLevel;
  if (!chaos_->advance(now, bothKinds)) return;
  for (auto& [tid, task] : tasks_) moveTo(*task, chaos_->level(task->scheduling.ordinal));
}

// Any other task that may run, in chaos; nullptr when priorities decide.
Task* Scheduler::chaosChoice(const Task* former) {
  if (!chaos_) return nullptr;
  candidates_.clear();
  for (auto& [level, queue] : queues_) {
    if (held(level)) continue;
    std::copy_if(queue.begin(), queue.end(), std::back_inserter(candidates_),
                 [former](const Task* each) { return each != former; });
  }
  const auto index = chaos_->anyOf(candidates_.size());
  return index ? candidates_[*index] : nullptr;
}

void Scheduler::beginSlice(uint64_t now) {
  sliceStart_ = now;
  runs_ = 0;
  if (chaos_) {
    const Chaos::Slice slice = chaos_->drawSlice();
    sliceLength_ = std::min(slice.length, settings_.slice * 10);
    sliceRuns_ = slice.runs;
  } else {
    sliceLength_ = settings_.slice;
  }
}

void Scheduler::lendTurn(Task& target) {
  ended_ = true;
  if (!chaos_ && !settings_.alwaysSwitch && !lender_) borrower_ = &target;
}

// Who lent its turn goes on with its slice; nullptr when it cannot, or that is over. What the other has used counts for
// it only where third ones wait.
Task* Scheduler::takeReturned(Task* former, uint64_t now) {
  Task* const lender = std::exchange(lender_, nullptr);
  if (!lender || !lender->scheduling.queued) return nullptr;
  dequeue(*lender);
  const bool othersWait = waiting_ > 0;
  if (former && former->state == Task::State::runnable) enqueue(*former, true);
  current_ = lender;
  ended_ = yielding_ = favoured_ = false;
  runs_ = lenderRuns_;
  sliceLength_ = settings_.slice;
  sliceStart_ = othersWait ? std::min(sliceStart_, now) - lenderSlice_ : now - lenderSlice_;
  return sliceOver(now) ? nullptr : lender;
}

Task* Scheduler::choose(uint64_t now) {
  if (chaos_) advanceChaos(now);
  if (Task* lender = takeReturned(current_, now)) return lender;
  Task* const former = current_;
  Task* const borrower = std::exchange(borrower_, nullptr);
  if (former && former->state == Task::State::runnable && borrower && borrower->scheduling.queued) {
    lender_ = former;
    lenderSlice_ = now - sliceStart_;
    lenderRuns_ = runs_;
    enqueue(*former, true);
    dequeue(*borrower);
    current_ = borrower;
    ended_ = yielding_ = false;
    favoured_ = true;
    beginSlice(now);
    return borrower;
  }
  const bool preempted = former && !sliceOver(now) && betterWaits();
  if (former && former->state == Task::State::runnable) enqueue(*former, preempted);
  const auto best = bestLevel();
  if (!best) {
    // Blocked with nobody else to run: its slice goes on when it wakes.
    if (former && former->scheduling.queued) current_ = nullptr;
    return nullptr;
  }
  Task* next = queues_.begin()->second.front();
  favoured_ = false;
  if (Task* any = chaosChoice(former)) {
    next = any;
    favoured_ = true;
  } else if (patienceOver(*best, now) || (yielding_ && next == former)) {
    if (Task* other = longestWaiting(*best)) {
      next = other;
      favoured_ = true;
      lastFavour_ = now;
    }
  }
  dequeue(*next);
  if (former && former->state != Task::State::runnable) former->scheduling.unbroken++;
  current_ = next;
  ended_ = yielding_ = false;
  beginSlice(now);
  return next;
}

void Scheduler::yielded(const Task& task) {
  if (&task == current_) ended_ = yielding_ = true;
}

bool Scheduler::overran(const Task& running, uint64_t now) {
  if (chaos_) {
    advanceChaos(now);
    if (held(running.scheduling.level)) return true;
  }
  // A stop in mid-code costs more than one at an event: half a slice is left for one to come.
  const uint64_t length = chaos_ ? sliceLength_ : sliceLength_ + sliceLength_ / 2;
  return now - sliceStart_ >= length && othersWait(running, now);
}

bool Scheduler::othersWait(const Task& running, uint64_t now) {
  if (held(running.scheduling.level)) return true;
  for (const pid_t tid : statuses_) {
    auto found = tasks_.find(tid);
    if (found == tasks_.end() || !found->second->pending || found->second == &running) continue;
    if (found->second->scheduling.level <= running.scheduling.level || chaos_) return true;
    if (now - sliceStart_ >= kPatience) return true;
  }
  const auto best = bestLevel();
  return best && (*best <= running.scheduling.level || patienceOver(running.scheduling.level, now));
}

uint64_t Scheduler::tick(uint64_t shared, uint64_t now) const {
  const uint64_t length = chaos_ ? sliceLength_ : sliceLength_ + sliceLength_ / 2;
  // Past its end nobody waits: no more hurry than usual.
  return now - sliceStart_ >= length ? shared : std::min(shared, length);
}

}  // namespace rr
