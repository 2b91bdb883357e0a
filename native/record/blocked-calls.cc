// Calls that "cannot block", and wait for another process all the same: which answers a permission event (fanotify(7)),
// serves a file system (FUSE), or holds a lease. If that process is of this recording it must have its turn.
//
// A traced call is then in the same state as one that may block. A call that the in-tracee runtime makes is taken from
// it: from then on it is one that has been entered, and when the kernel is done with it the task stops, by an interrupt
// that waits for it, before it is back in the runtime.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "record/recorder.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// At so many ticks in a row a task sleeps in its call before others have their turn: a disk may be slow, and to take a
// call from the runtime is dear.
constexpr int kTracedAsleep = 2;
constexpr int kBufferedAsleep = 10;
// After so many calls that were taken from the runtime, those of that memory are all traced.
constexpr int kMostTaken = 3;
// How long a call that an interrupt ends has to end. Nanoseconds, and how often.
constexpr long kEndsWithin = 200'000;
constexpr int kEndLooks = 10;

// Registers that the runtime's entry pushes: struct rr_hook_frame of preload/runtime.h.
struct HookFrame {
  uint64_t r9, r8, r10, rdx, rsi, rdi;
  uint64_t r15, r14, r13, r12, rbp, rbx;
  uint64_t rax, returnAddress, flags;
};
static_assert(sizeof(HookFrame) == RR_HOOK_FRAME_SIZE);

struct KernelCall {
  long number;
  uint64_t rip;
};

// The call that a task sleeps in (proc_pid_syscall(5)); nothing when it sleeps elsewhere, in a page fault perhaps.
std::optional<KernelCall> callOf(pid_t tid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/syscall", tid);
  FILE* file = fopen(path, "re");
  if (!file) return std::nullopt;
  KernelCall call{};
  const int read = fscanf(file, "%ld %*x %*x %*x %*x %*x %*x %*x %" SCNx64, &call.number, &call.rip);
  fclose(file);
  return read == 2 ? std::optional(call) : std::nullopt;
}

}  // namespace

// Called each time the wait for a task is broken: true when it is to go on without the wait.
bool Recorder::waitsForOthers(Task& task) {
  const bool buffered = task.state == Task::State::userCode;
  if (!tree_.isStarted() || tree_.size() < 2 || !(buffered || task.awaited)) return false;
  if (!sleeps(task.tid)) return task.asleep = 0, false;
  tracer_.setTick(kSharedTick);
  if (++task.asleep < (buffered ? kBufferedAsleep : kTracedAsleep)) return false;
  task.asleep = 0;
  if (buffered) return takeFromRuntime(task);
  if (waitingCalls_.insert(task.call).second) log_.debug(task, "call %ld waits for others", task.call);
  return true;
}

// A call that the runtime makes for the task, and that blocks. False when it is none.
bool Recorder::takeFromRuntime(Task& task) {
  const auto call = callOf(task.tid);
  const TraceeMemory& memory = task.space->memory;
  const auto frame = memory.readValue<HookFrame>(RR_STACK_TOP - RR_HOOK_FRAME_SIZE);
  const auto stack = memory.readValue<uint64_t>(RR_LOCALS + RR_LOCALS_SAVED_STACK);
  if (!call || call->rip != RR_UNTRACED_RETURNING + kSyscallLength || !frame || !stack) return false;
  if (static_cast<uint64_t>(call->number) != frame->rax) return false;
  if (!task.stops.interrupted && ptrace(PTRACE_INTERRUPT, task.tid, 0, 0) != 0) return false;
  task.stops.interrupted = true;
  // Most sleeps end by it: the call has done nothing then, and is made traced.
  for (int i = 0; i < kEndLooks; i++) {
    int status;
    if (waitpid(task.tid, &status, __WALL | WNOHANG) == task.tid) return tree_.cameFrom(task, status), true;
    const timespec pause = {0, kEndsWithin};
    nanosleep(&pause, nullptr);
  }
  callBuffer_.take(task);
  user_regs_struct registers = task.atEvent;
  registers.r15 = frame->r15;
  registers.r14 = frame->r14;
  registers.r13 = frame->r13;
  registers.r12 = frame->r12;
  registers.rbp = frame->rbp;
  registers.rbx = frame->rbx;
  registers.rdi = frame->rdi;
  registers.rsi = frame->rsi;
  registers.rdx = frame->rdx;
  registers.r10 = frame->r10;
  registers.r8 = frame->r8;
  registers.r9 = frame->r9;
  registers.rsp = *stack;
  registers.rip = registers.rcx = frame->returnAddress;
  registers.eflags = registers.r11 = frame->flags;
  registers.rax = static_cast<unsigned long long>(-ENOSYS);
  registers.orig_rax = frame->rax;
  task.entry = registers;
  task.call = task.modelCall = static_cast<long>(frame->rax);
  task.callEntered = true;
  task.enterWritten = false;
  inCalls_.push_back(task.tid);
  task.stdio = 0;
  takeArguments(task);
  task.redirections.clear();
  task.changedPointers.clear();
  task.out.enter(task.call, task.arguments, memory);
  task.comparing = false;
  task.stops.inMidCode = false;
  task.takenFromRuntime = true;
  task.state = Task::State::inCall;
  log_.debug(task, "call %ld, which is buffered, waits for others", task.call);
  PatchedSites& patched = task.space->patched;
  if (++patched.callsTaken == kMostTaken) {
    patched.allTraced = true;
    locals_.update(*task.space);
  }
  return true;
}

// At the first stop of a task behind such a call: it goes on behind the program's own instruction, and the call ends
// like any other.
void Recorder::endTakenCall(Task& task) {
  task.takenFromRuntime = false;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return tree_.lost(task);
  user_regs_struct own = task.entry;
  own.rax = registers.rax;
  own.orig_rax = registers.orig_rax;
  own.fs_base = registers.fs_base;
  own.gs_base = registers.gs_base;
  if (!setRegisters(task.tid, own)) return tree_.lost(task);
  callExit(task);
}

}  // namespace rr
