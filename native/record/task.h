// What the recorder knows of one tracee.
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "counter/tick-counter.h"
#include "record/memory-compare.h"
#include "record/out-parameters.h"
#include "record/page-copies.h"
#include "record/patched-sites.h"
#include "record/scheduler.h"
#include "record/tracing.h"
#include "record/written-pages.h"
#include "tracee/abi.h"
#include "tracee/tracee.h"

namespace rr {

// Bytes of a thread's scratch memory.
inline constexpr uint64_t kScratchSize = 256 * 1024;

// Shared by the tasks that share memory (CLONE_VM).
struct AddressSpace {
  TraceeMemory memory;
  WrittenPages written;                 // since the last forced stop
  PageCopies copies;                    // of what was written, at the last forced stop
  uint64_t watchedFrom = 0;             // processor time of the process when `written` was restarted last
  int putOff = 0;                       // how often the forced stop that is due was put off since the last event
  std::vector<PageRun> putOffPages;     // written since the last forced stop, up to that restart
  bool pointRecorded = false;           // a forced stop has been recorded, and so the hash of all memory
  uint64_t stopCost = 0;                // of the tracer's time, what the last forced stop took, or its being put off,
  uint64_t stoppedAt = 0;               // and when that was over; nanoseconds
  bool runtimePage = false;             // our page is there
  bool cpuidTraps = false;              // recorded like rdtsc
  bool undumpable = false;              // the program has set PR_SET_DUMPABLE to 0; the kernel has not (calls.cc)
  std::vector<uint64_t> scratch;        // all scratch areas, each kScratchSize bytes
  std::vector<uint64_t> unusedScratch;  // those of threads that are gone
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

// The program's action for SIGSYS, as rt_sigaction(2) tells it, and what is known of others. Shared by the tasks that
// share actions (CLONE_SIGHAND).
struct SysAction {
  bool known = false;
  KernelSignalAction value = {};
  bool childStopsUntold = false;            // SA_NOCLDSTOP of SIGCHLD
  uint64_t faultHandler = kDefaultHandler;  // of SIGSEGV

  // What is left of them after an exec.
  std::shared_ptr<SysAction> withoutHandlers() const {
    auto left = std::make_shared<SysAction>();
    if (faultHandler == kIgnoreHandler) left->faultHandler = kIgnoreHandler;
    return left;
  }
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
  // Signal to hand over when it is resumed next.
  int resumeSignal = 0;
  // It has run user code since its last event: no other task may run, or have an event, before its next one.
  bool inMidCode = false;
  // Its group is stopped, and it had to be run on in mid-code: it stops when it is to run next.
  bool stopAgain = false;
  // Registers as the last event left them: what replay knows it to stand at.
  user_regs_struct atEvent = {};
  // The last event was a call that was answered at its entry stop, from where orig_rax cannot be set (standsAtEvent).
  bool answeredAtEntry = false;
  // The site of the call it is in has stopped often enough to be patched when the call ends.
  bool patchDue = false;
  // Whether it only waits for others to change memory is looked at in one of so many turns in which it computes; those
  // since the last look; and that it has been interrupted for one (spinning.cc).
  unsigned turnsBetweenLooks = 1;
  unsigned turnsSinceLook = 0;
  bool looking = false;
  uint64_t resumedAt = 0;  // to run user code; nanoseconds of CLOCK_MONOTONIC
  // It stands right behind its last buffered call.
  bool atEdge = false;
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
  // A filter that is not ours is in force: it has been asked about the call, and has let it pass.
  bool asked = false;
  bool passed = false;
  bool awaited = false;           // the tracer waits for its end, since it "cannot block" (blocked-calls.cc)
  int asleep = 0;                 // ticks in a row at which the task slept
  bool takenFromRuntime = false;  // the call was begun by the in-tracee runtime

  // Scratch memory of the task (scratch.cc), 0 when it has none.
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

  // Signals taken from the kernel in mid-computation, to be delivered at the next event.
  std::deque<siginfo_t> stashed;
  uint64_t stashedAt = 0;     // when the first of them came; nanoseconds of CLOCK_MONOTONIC
  bool stashBlocked = false;  // all of them are blocked, until the task makes a call that may change that
  uint64_t ownSignals = 0;    // a bit for each that was sent by us for a stop, and has not come yet
  bool hadNoRoom = false;     // for a signal's frame: the SIGSEGV that comes is the kernel's own
  bool interrupted = false;   // PTRACE_INTERRUPT was sent to stop it in mid-code
  TickCounter counter;        // open where a counter is in use (ticks.cc)
  uint64_t sliceTicks = 0;    // its count when its slice began
  uint64_t clearChildTid = 0;
  uint64_t robustList = 0;  // set_robust_list(2): address of the head, 0 without one
  struct RobustWrite {
    uint64_t address;
    uint32_t value;
  };
  bool letGo = false;         // it dies without the tracer, as endsAs says
  std::optional<int> endsAs;  // wait status of the first process of a pid namespace that waits for the others to go
  std::vector<RobustWrite> robustWrites;  // what the kernel stores into held robust futexes as it exits
  struct ExecWrite {
    pid_t tid;  // of a task that sees it
    uint64_t address;
    uint32_t value;
  };
  std::vector<ExecWrite> execWrites;  // the same at the exec that it has entered
  bool faultBlocked = false;          // the program blocks SIGSEGV
  // The program asked for its own SIGSEGV on rdtsc (prctl PR_SET_TSC).
  bool ownTscTrap = false;
  bool ownFilter = false;       // a seccomp filter of the program's is in force
  bool notifies = false;        // one that hands calls to a supervisor
  bool strict = false;          // seccomp(2) in strict mode, kept by the recorder
  bool skipped = false;         // the program's filter wants a tracer for the call it is in: the kernel skips it
  bool leavesAtExec = false;    // it has asked to be unrecorded from its next program on (RR_LEAVE_AT_EXEC)
  bool installsFilter = false;  // the call it is in installs one, unless it fails

  Tracing tracing;                 // its tracer in the recording, if it has one
  bool tracedFromOutside = false;  // PTRACE_TRACEME, and whoever started the recording is its parent
  bool waitPaused = false;         // its wait4 or waitid is in pause() for the kernel (traced-waits.cc)
  bool waitGoesOn = false;         // the one that has just ended is to be made again, which the kernel may not know

  // Under a filter from outside (dispatch.cc).
  bool dispatched = false;       // its calls come as signals
  bool atDispatch = false;       // the call that it has entered did: the kernel has not begun it
  bool callByOurs = false;       // the call it is in is made by our instruction
  uint64_t dispatchAddress = 0;  // of the instruction that was dispatched
  bool sysBlocked = false;       // the program blocks SIGSYS
  std::shared_ptr<SysAction> sysAction = std::make_shared<SysAction>();
};

}  // namespace rr
