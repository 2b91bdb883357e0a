#include "record/calls/scheduling-calls.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "record/as-task.h"

namespace rr {

namespace {

constexpr int kDeadline = 6;  // SCHED_DEADLINE
constexpr int kMostRealTime = 99;
// What sched_rr_get_interval(2) tells of SCHED_RR (RR_TIMESLICE in the kernel). Nanoseconds.
constexpr long kRoundRobinInterval = 100'000'000;
// Offsets in struct sched_attr (linux/sched/types.h).
constexpr uint64_t kAttributePolicy = 4;
constexpr uint64_t kAttributePriority = 20;

bool isRealTime(int policy) { return policy == SCHED_FIFO || policy == SCHED_RR || policy == kDeadline; }

// To the kernel.
bool isRealTime(const Task& task) {
  const int policy = sched_getscheduler(task.tid);
  return policy >= 0 && isRealTime(policy & ~SCHED_RESET_ON_FORK);
}

bool setsPolicy(long call) {
  return call == SYS_sched_setscheduler || call == SYS_sched_setparam || call == SYS_sched_setattr;
}

// Level of a task by what the kernel knows: its nice value; SCHED_IDLE comes behind them all.
int kernelLevel(pid_t tid) {
  constexpr int kIdleLevel = 40;
  if ((sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK) == SCHED_IDLE) return kIdleLevel;
  errno = 0;
  const int nice = getpriority(PRIO_PROCESS, static_cast<id_t>(tid));
  return errno == 0 ? nice : 0;
}

// For as long as a call takes that changes it: the kernel has the task's real-time policy again. It refuses that only
// for SCHED_DEADLINE, of which more is to be told.
void givePolicyBack(const Task& task) {
  if (!task.realTime) return;
  const sched_param parameter = {.sched_priority = task.realTime->priority};
  const int reset = task.realTime->resetOnFork ? SCHED_RESET_ON_FORK : 0;
  sched_setscheduler(task.tid, task.realTime->policy | reset, &parameter);
}

// Real-time policies come before all nice values.
int realTimeLevel(const RealTimePolicy& policy) {
  constexpr int kFirst = -100;
  return policy.policy == kDeadline ? kFirst - kMostRealTime - 1 : kFirst - policy.priority;
}

}  // namespace

void SchedulingCalls::add(Task& task, const Task* maker) {
  if (maker) {
    task.affinity = maker->affinity;
    if (maker->realTime && !maker->realTime->resetOnFork) task.realTime = maker->realTime;
  }
  scheduler_.add(task, task.realTime ? realTimeLevel(*task.realTime) : kernelLevel(task.tid));
}

void SchedulingCalls::refreshLevel(Task& task) {
  const int level = task.realTime ? realTimeLevel(*task.realTime) : kernelLevel(task.tid);
  if (level == task.scheduling.ownLevel) return;
  log_.debug(task, "level %d", level);
  scheduler_.setLevel(task, level);
}

Task* SchedulingCalls::namedTask(Task& caller, uint64_t argument) {
  const pid_t tid = static_cast<pid_t>(argument);
  if (tid == 0) return &caller;
  return tree_.find(tid);
}

std::vector<int> SchedulingCalls::toldProcessors() const {
  const int own = std::max(options_.cpu, 0);
  std::vector<int> processors = {own};
  for (int next = 0; processors.size() < static_cast<size_t>(options_.numCores); next++) {
    if (next != own) processors.push_back(next);
  }
  return processors;
}

long SchedulingCalls::setAffinity(Task& task) {
  // As in the kernel the mask is read first.
  std::vector<uint8_t> mask(std::min<uint64_t>(static_cast<uint32_t>(task.arguments[1]), sizeof(cpu_set_t)));
  if (!mask.empty() && !readAsTask(task, task.arguments[2], mask.data(), mask.size())) return -EFAULT;
  Task* target = namedTask(task, task.arguments[0]);
  if (!target) {
    cpu_set_t set;
    return sched_getaffinity(static_cast<pid_t>(task.arguments[0]), sizeof set, &set) == 0 ? -EPERM : -errno;
  }
  const auto isAsked = [&](int processor) {
    const size_t byte = static_cast<size_t>(processor) / 8;
    return byte < mask.size() && (mask[byte] >> (processor % 8) & 1) != 0;
  };
  std::vector<int> wanted;
  for (const int processor : toldProcessors()) {
    if (isAsked(processor)) wanted.push_back(processor);
  }
  // Programs bind themselves to a processor that they have not asked for, mostly the first one: the machine has it.
  for (int processor = 0; wanted.empty() && processor < sysconf(_SC_NPROCESSORS_CONF); processor++) {
    if (isAsked(processor)) wanted.push_back(processor);
  }
  if (wanted.empty()) return -EINVAL;
  target->affinity = std::move(wanted);
  return 0;
}

EntryAnswer SchedulingCalls::enter(Task& task) {
  switch (task.call) {
    case SYS_sched_setaffinity:
      return EntryAnswer::of(setAffinity(task));
    case SYS_sched_setscheduler:
    case SYS_sched_setparam:
    case SYS_sched_setattr:
      // The kernel judges by the policy that the task has, and by what it was allowed to set before.
      if (const Task* target = namedTask(task, task.arguments[0])) givePolicyBack(*target);
      return {};
    default:
      return {};
  }
}

void SchedulingCalls::exit(Task& task, user_regs_struct& registers) {
  const int64_t result = static_cast<int64_t>(registers.rax);
  if (result < 0 && !setsPolicy(task.call)) return;
  const TraceeMemory& memory = task.space->memory;
  switch (task.call) {
    case SYS_sched_yield:
      return scheduler_.yielded(task);
    case SYS_setpriority:
      if (static_cast<int>(task.arguments[0]) != PRIO_PROCESS) {
        for (auto& [tid, other] : tree_.all()) refreshLevel(*other);
      } else if (Task* target = namedTask(task, task.arguments[1])) {
        refreshLevel(*target);
      }
      return;
    case SYS_sched_setscheduler:
    case SYS_sched_setparam:
    case SYS_sched_setattr:
      if (Task* target = namedTask(task, task.arguments[0]); target && (result >= 0 || isRealTime(*target))) {
        policySet(*target);
      }
      return;
    case SYS_sched_getscheduler: {
      const Task* target = namedTask(task, task.arguments[0]);
      if (!target || !target->realTime) return;
      registers.rax = static_cast<uint64_t>(target->realTime->policy) |
                      (target->realTime->resetOnFork ? static_cast<uint64_t>(SCHED_RESET_ON_FORK) : 0);
      if (!setRegisters(task.tid, registers)) tree_.lost(task);
      return;
    }
    case SYS_sched_getparam:
      if (const Task* target = namedTask(task, task.arguments[0]); target && target->realTime) {
        memory.writeAll(task.arguments[1], &target->realTime->priority, sizeof(int));
      }
      return;
    case SYS_sched_getattr:
      if (const Task* target = namedTask(task, task.arguments[0]); target && target->realTime) {
        memory.writeAll(task.arguments[1] + kAttributePolicy, &target->realTime->policy, sizeof(int));
        memory.writeAll(task.arguments[1] + kAttributePriority, &target->realTime->priority, sizeof(int));
      }
      return;
    case SYS_sched_rr_get_interval:
      if (const Task* target = namedTask(task, task.arguments[0]); target && target->realTime) {
        const timespec interval = {0, target->realTime->policy == SCHED_RR ? kRoundRobinInterval : 0};
        memory.writeAll(task.arguments[1], &interval, sizeof interval);
      }
      return;
    case SYS_sched_getaffinity: {
      const Task* target = namedTask(task, task.arguments[0]);
      if (!target) return;
      std::vector<uint8_t> mask(static_cast<size_t>(result), 0);
      for (const int processor : target->affinity.empty() ? toldProcessors() : target->affinity) {
        const size_t byte = static_cast<size_t>(processor) / 8;
        if (byte < mask.size()) mask[byte] = static_cast<uint8_t>(mask[byte] | (1U << (processor % 8)));
      }
      memory.writeAll(task.arguments[2], mask.data(), mask.size());
      return;
    }
    case SYS_getcpu:
      if (task.arguments[0] != 0) {
        const uint32_t processor = static_cast<uint32_t>(ownProcessor(task));
        memory.writeAll(task.arguments[0], &processor, sizeof processor);
      }
      return;
    default:
      return;
  }
}

int SchedulingCalls::ownProcessor(const Task& task) const {
  const int own = std::max(options_.cpu, 0);
  const std::vector<int>& allowed = task.affinity;
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), own) != allowed.end() ? own : allowed.front();
}

void SchedulingCalls::policySet(Task& task) {
  const int policy = sched_getscheduler(task.tid);
  task.realTime.reset();
  if (policy >= 0 && isRealTime(policy & ~SCHED_RESET_ON_FORK)) {
    sched_param parameter = {};
    sched_getparam(task.tid, &parameter);
    task.realTime = {policy & ~SCHED_RESET_ON_FORK, parameter.sched_priority, (policy & SCHED_RESET_ON_FORK) != 0};
    const sched_param none = {};
    if (sched_setscheduler(task.tid, SCHED_OTHER, &none) != 0) {
      log_.warnOnce("real time", "task " + std::to_string(task.tid) + " keeps its real-time policy (" +
                                     strerror(errno) + "): while it computes, the recorder may not run");
    }
  }
  refreshLevel(task);
}

}  // namespace rr
