// What the recorder knows of one tracee.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "counter/tick-counter.h"
#include "record/calls/memory-compare.h"
#include "record/filters/task-filters.h"
#include "record/out-parameters.h"
#include "record/runtime/patched-sites.h"
#include "record/scheduler.h"
#include "record/signal-state/task-signals.h"
#include "record/stops/stop-state.h"
#include "record/tracing/tracing.h"
#include "record/tree/task-end.h"
#include "tracee/abi.h"
#include "tracee/tracee.h"

namespace rr {

// Bytes of a thread's scratch memory.
inline constexpr uint64_t kScratchSize = 256 * 1024;

// Shared by the tasks that share memory (CLONE_VM).
struct AddressSpace {
  TraceeMemory memory;
  SpaceStops stops;
  bool runtimePage = false;                // our page is there
  bool cpuidTraps = false;                 // recorded like rdtsc
  bool undumpable = false;                 // the program has set PR_SET_DUMPABLE to 0; the kernel has not (calls.cc)
  std::vector<uint64_t> scratch;           // all scratch areas, each kScratchSize bytes
  std::vector<uint64_t> unusedScratch;     // those of threads that are gone
  std::vector<AddressRange> sharedMemory;  // that others may change (MAP_SHARED), ascending
  std::map<uint64_t, uint8_t> replaced;    // bytes of code, by address: what they have become (mappings.cc)
  PatchedSites patched;                    // system call sites that jump to the in-tracee runtime
};

// A real-time policy (sched(7)) that the program set for a task.
struct RealTimePolicy {
  int policy;    // SCHED_FIFO, SCHED_RR, SCHED_DEADLINE
  int priority;  // 1 to 99; 0 for SCHED_DEADLINE
  bool resetOnFork;
};

// What fork, vfork, clone and clone3 were asked for.
struct MakingArguments {
  uint64_t flags = 0;    // CLONE_*, the exit signal in the low byte
  uint64_t childId = 0;  // where CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID store
  uint64_t parentId = 0;
  uint64_t pidfd = 0;
  bool newTime = false;  // CLONE_NEWTIME, which has the exit signal's place in the flags
};

struct Task {
  enum class State {
    runnable,      // stopped; may run user code
    userCode,      // running user code; at most one task is
    inCall,        // resumed inside a system call; stops when it ends
    groupStopped,  // stopped by job control, PTRACE_LISTEN
    traceStopped,  // stopped for a tracer of the recording's (tracing.h)
    dying,         // resumed after its exit stop, or killed
  };

  // A state whose scheduler hears of each change, wherever it is made: a task that may run is never forgotten.
  class ObservedState {
   public:
    explicit ObservedState(Task& owner) : owner_(owner) {}
    ObservedState(const ObservedState&) = delete;
    ObservedState& operator=(const ObservedState&) = delete;
    ObservedState& operator=(State next);
    operator State() const { return value_; }  // NOLINT: compared and switched over as the state that it is

   private:
    Task& owner_;
    State value_ = State::runnable;
  };

  pid_t tid = 0;
  pid_t threadGroup = 0;
  pid_t parent = 0;       // the task that the kernel takes for its parent, as it was made; 0: none of the recording
  pid_t parentGroup = 0;  // its process
  std::shared_ptr<AddressSpace> space;
  Scheduler* scheduler = nullptr;
  SchedulingEntry scheduling;
  std::optional<RealTimePolicy> realTime;
  std::vector<int> affinity;  // the processors that it is told it may run on; empty: all that there are for it
  ObservedState state{*this};
  // A wait status that was collected and not handled yet.
  std::optional<int> pending;
  TaskStops stops;
  TaskSignals signals;
  TaskFilters filters;
  TaskEnd end;
  // Registers as the last event left them: what replay knows it to stand at.
  user_regs_struct atEvent = {};
  // The last event was a call that was answered at its entry stop, from where orig_rax cannot be set (standsAtEvent).
  bool answeredAtEntry = false;
  // The site of the call it is in has stopped often enough to be patched when the call ends.
  bool patchDue = false;
  // Entries of the syscall buffer have been written to the trace, for the next frame.
  bool bufferTaken = false;

  // The system call it is in.
  bool callEntered = false;   // between entry and exit
  bool enterWritten = false;  // its syscallEnter frame is in the trace
  MakingArguments making;     // of the call that makes a task
  bool madeTask = false;      // the call has made one
  long call = -1;             // number
  long modelCall = -1;        // that of the call restarted, for restart_syscall
  uint64_t arguments[6] = {};
  user_regs_struct entry = {};
  OutParameters out;
  MemoryCompare compare;
  bool comparing = false;
  uint8_t stdio = 0;         // 1, 2: the call writes to our standard output or error
  uint64_t outputStart = 0;  // sendfile, copy_file_range to stdio: where the input is read
  uint32_t sentAtEntry = 0;  // the hash of what the call was to send, when it was entered; 0: unknown
  // A register as the program gave it, when it was changed for the kernel.
  struct ChangedArgument {
    unsigned long long user_regs_struct::*place;
    uint64_t value;
  };
  std::optional<ChangedArgument> changedArgument;
  bool awaited = false;           // the tracer waits for its end, since it "cannot block" (blocked-calls.cc)
  int asleep = 0;                 // ticks in a row at which the task slept
  bool takenFromRuntime = false;  // the call was begun by the in-tracee runtime

  // Scratch memory of the task (calls/scratch.h), 0 when it has none.
  uint64_t scratch = 0;
  struct Redirection {
    int argument;  // index of the register that points to the buffer; -1: a structure in scratch memory does
    uint64_t original, scratch, length;
    bool inOut;
    bool readOnly;
  };
  std::vector<Redirection> redirections;
  // Where the kernel has the buffer that the program has at `address`.
  uint64_t placeOf(uint64_t address) const {
    for (const Redirection& redirection : redirections) {
      if (redirection.original == address) return redirection.scratch;
    }
    return address;
  }
  // Pointers in structures in scratch memory that were changed, and the program's values.
  struct ChangedPointer {
    uint64_t location, original;
  };
  std::vector<ChangedPointer> changedPointers;

  TickCounter counter;      // open where a counter is in use (ticks.cc)
  uint64_t sliceTicks = 0;  // its count when its slice began
  // The program asked for its own SIGSEGV on rdtsc (prctl PR_SET_TSC).
  bool ownTscTrap = false;
  bool fixedAddresses = false;  // ADDR_NO_RANDOMIZE is ours, not the program's (personality.cc)
  bool leavesAtExec = false;    // it has asked to be unrecorded from its next program on (RR_LEAVE_AT_EXEC)

  Tracing tracing;                 // its tracer in the recording, if it has one
  bool tracedFromOutside = false;  // PTRACE_TRACEME, and whoever started the recording is its parent
  bool waitPaused = false;         // its wait4 or waitid is in pause() for the kernel (traced-waits.cc)
  bool waitGoesOn = false;         // the one that has just ended is to be made again, which the kernel may not know
};

// Resumes a stopped task by one of ptrace(2)'s requests; `signal` is handed over. False with errno set.
bool resume(const Task& task, int request, int signal = 0);

// Takes the arguments of the call that it enters from its registers (`entry`).
void takeArguments(Task& task);

}  // namespace rr
