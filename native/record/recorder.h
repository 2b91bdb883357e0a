// The recorder: a scheduler thread that owns every tracee of a recording and writes what they meet into the ring.
// docs/events.md is the contract with the replayer.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "record/calls/dispatch.h"
#include "record/calls/entry-answer.h"
#include "record/calls/failed-calls.h"
#include "record/calls/futex-words.h"
#include "record/calls/memory-calls.h"
#include "record/calls/memory-files.h"
#include "record/calls/personality.h"
#include "record/calls/refused-calls.h"
#include "record/calls/scheduling-calls.h"
#include "record/calls/scratch.h"
#include "record/calls/see-through.h"
#include "record/calls/sending.h"
#include "record/calls/shown-files.h"
#include "record/calls/unknown-effects.h"
#include "record/ends/end-writes.h"
#include "record/events/event-writer.h"
#include "record/events/frame-writer.h"
#include "record/files/file-writes.h"
#include "record/files/mappings.h"
#include "record/filters/program-filters.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/runtime/call-buffer.h"
#include "record/runtime/program-start.h"
#include "record/scheduler.h"
#include "record/stops/forced-stops.h"
#include "record/task.h"
#include "record/ticks.h"
#include "record/tracer-thread.h"
#include "record/tracing/ptrace-requests.h"
#include "record/tracing/traced-waits.h"
#include "record/tree/namespaces.h"
#include "record/tree/waits.h"
#include "ring/ring.h"
#include "tracee/execution-breakpoint.h"
#include "tracee/time-trap.h"

namespace rr {

class Recorder {
 public:
  struct Callbacks {
    // All are called on the scheduler thread.
    std::function<void()> firstSlotFull;
    std::function<void(const std::string&)> note;  // what the machine does not allow, and what is done without it
    std::function<void(const std::string&)> warning;
    std::function<void(const std::string&)> fatal;  // the recording cannot go on; the tracees are killed
    std::function<void(const RecordingEnd&)> ended;
  };

  Recorder(RecorderOptions options, uint8_t* ring, size_t ringSize, Callbacks callbacks);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Starts the scheduler thread.
  void start();
  // Kills the tracees and ends the trace, marked incomplete. Any thread; returns at once.
  void terminate();
  void join();

 private:
  // launch.cc
  bool launch(RecordingEnd& end);
  // recorder.cc
  void run();
  void noteWhatIsMissing();
  void loop();
  Task* chooseTask();
  void runUserCode(Task& task);
  void switchTo(Task& next);
  void handle(Task& task);
  // leaving.cc
  bool leaves(const Task& task) const;
  void leaveRecording(Task& task, pid_t former);
  // blocked-calls.cc
  bool waitsForOthers(Task& task);
  bool takeFromRuntime(Task& task);
  void endTakenCall(Task& task);
  // namespace-faults.cc
  void letDie(Task& task, int signal, user_regs_struct registers);
  void findEnded();
  void writePendingEnters(const Task& runs);
  void writeEnter(Task& task);
  // calls.cc
  void callEntry(Task& task);
  void enterCall(Task& task, user_regs_struct& registers, bool foreign);
  void beginCall(Task& task);
  void askFilters(Task& task);
  void behindFilters(Task& task);
  void performCall(Task& task);
  void callExit(Task& task);
  void noteUnknownCall(const Task& task, int64_t result);
  bool enterSpecial(Task& task);
  bool isAnswered(Task& task, const EntryAnswer& answer);
  void exitSpecial(Task& task, user_regs_struct& registers);
  void answerCall(Task& task, int64_t result, uint8_t flags);
  void refuseCall(Task& task, long result);
  void madeCall(Task& task, int64_t result);
  void madeMemoryCall(Task& task, int64_t result);
  bool enterOutput(Task& task);
  void recordOutput(Task& task, int64_t result);
  void recordRemoteWrites(Task& task, uint64_t bytes);
  bool resumeInCall(Task& task);
  void runCall(Task& task, bool mayBlock);
  void awaitCall(Task& task, bool mayBlock);
  void vsyscall(Task& task);
  // sent-signals.cc
  void letSignalAct(Task& sender);
  // signals.cc
  void signalStop(Task& task, int signal);
  bool hasBadFrame(const Task& task, const siginfo_t& info, const user_regs_struct& registers) const;
  void passOwnTrap(Task& task, const siginfo_t& info, const user_regs_struct& registers);
  bool emulateTrapped(Task& task, const siginfo_t& info, user_regs_struct& registers);
  void deliver(Task& task, const siginfo_t& info, const user_regs_struct& registers, uint8_t flags);
  void deliverStashedAtEntry(Task& task);
  void injectStashed(Task& task, const user_regs_struct& registers, uint8_t flags, bool approved = false);
  void stepOverStub(Task& task, user_regs_struct& registers);
  void signalInHook(Task& task, const siginfo_t& info, user_regs_struct& registers);
  void stashStep(Task& task, int kind, const user_regs_struct& registers);
  void groupStop(Task& task, int signal);
  // traced-tasks.cc
  bool goOnTraced(Task& task);
  void injectForTracer(Task& task, const siginfo_t& info);
  void ptraceCall(Task& task);
  bool enterWait(Task& task);
  // tasks.cc
  void noteMaking(Task& task) const;
  void bury(Task& task);
  void cloned(Task& task);
  void endMaking(Task& task);
  void returnedFromMaking(Task& task);
  void exiting(Task& task);
  void exitForGood(Task& task);
  template <typename Condition>
  bool awaitExit(Task& task, Condition waitsForOthers);
  void abandonNamespaces();
  void recordZombie(Task& task);
  void gone(Task& task, int status);
  // exec.cc
  void execed(Task& task);
  void recordExec(Task& task, pid_t former);
  void trapCpuid(Task& task, uint64_t vdsoStart);

  RecorderOptions options_;
  Callbacks callbacks_;
  RingWriter ring_;
  FrameWriter writer_;
  RecordingLog log_;
  TracerThread tracer_;
  Ticks ticks_;
  SharedFiles sharedFiles_;
  PrivateFiles privateFiles_;
  EventWriter events_;
  Scheduler scheduler_;
  TaskTree tree_;
  PidNamespaces namespaces_;
  ForwardedSignals forwarded_;
  Waits waits_;
  StdioMonitor stdio_;
  TimeStamps timeStamps_;
  Runtime runtime_;
  ForeignFilters filters_;
  RuntimeLocals locals_;
  SharedMemory sharedMemory_;
  ReplacedCode replacedCode_;
  Vdso vdso_;
  Mappings mappings_;
  FileWrites fileWrites_;
  SitePatcher patcher_;
  Sites sites_;
  ProgramStart start_;
  CallBuffer callBuffer_;
  Steps steps_;
  Edge edge_;
  LegalSites legalSites_;
  Spinning spinning_;
  PutOff putOff_;
  PointWriter points_;
  ForcedStops stops_;
  TracerStops tracerStops_;
  PtraceRequests ptraceRequests_;
  TracedWaits tracedWaits_;
  Scratch scratch_;
  Sending sending_;
  SeeThrough seeThrough_;
  UnknownEffects unknownEffects_;
  MemoryFiles memoryFiles_;
  SchedulingCalls schedulingCalls_;
  Personality personality_;
  ShownFiles shownFiles_;
  FutexWords futexWords_;
  FailedCalls failedCalls_;
  Dispatch dispatch_;
  RefusedCalls refusedCalls_;
  MemoryCalls memoryCalls_;
  ProgramFilters programFilters_;
  EndWrites endWrites_;
  TimeTrap timeTrap_;  // of the tracer's thread
  std::thread thread_;

  std::vector<pid_t> inCalls_;   // tasks that entered a call, which may not be in the trace yet
  uint64_t lastLook_ = 0;        // when all statuses were last collected; nanoseconds of CLOCK_MONOTONIC
  bool execSeen_ = false;        // the launcher is in the exec of the program, and no longer in its own
  bool unbound_ = false;         // the program may run on any processor
  std::set<long> waitingCalls_;  // that "cannot block", and have waited for others
  int launchReport_ = -1;
  RecordingEnd end_;
  std::set<long> unknownCalls_;  // numbers that the kernel does not know, as it has said
};

}  // namespace rr
