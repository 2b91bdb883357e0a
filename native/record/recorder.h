// The recorder: a scheduler thread that owns every tracee of a recording and writes what they meet into the ring.
// docs/events.md is the contract with the replayer.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "counter/tick-counter.h"
#include "record/file-store.h"
#include "record/frame-writer.h"
#include "record/known-sites.h"
#include "record/outer-signals.h"
#include "record/private-files.h"
#include "record/random-instructions.h"
#include "record/scheduler.h"
#include "record/shared-files.h"
#include "record/stdio-monitor.h"
#include "record/task.h"
#include "record/time-stamps.h"
#include "record/vdso.h"
#include "ring/ring.h"
#include "tracee/break-timer.h"
#include "tracee/execution-breakpoint.h"
#include "tracee/runtime-image.h"
#include "tracee/time-trap.h"

namespace rr {

// Bits that cpuid does not show the program: of its answer to a leaf, eax to edx.
struct HiddenFeatures {
  uint32_t leaf;
  uint32_t subleaf;
  std::array<uint32_t, 4> bits;
};

struct RecorderOptions {
  std::string launcher;                  // path of rr-launch
  std::string program;                   // path to execute, byte for byte
  std::vector<std::string> arguments;    // argv, the program's name first
  std::vector<std::string> environment;  // NAME=VALUE
  std::string storeDirectory;
  uint64_t ignoredSignals = 0;  // what the program inherits; bit N - 1 is signal N
  uint64_t blockedSignals = 0;
  uint64_t softFileLimit = 0;
  uint64_t hardFileLimit = 0;
  unsigned umask = 0;                     // what the program inherits, and this process has changed
  unsigned closedDescriptors = 0;         // bit N: descriptor N is closed
  std::vector<int> inheritedDescriptors;  // those that the program inherits
  int cpu = -1;                           // bound to this one; -1: unbound
  int numCores = 1;                       // that the program is told of
  bool waitForAll = false;
  Scheduler::Settings scheduling;
  int continueThroughSignal = 0;
  int ignoreSignal = 0;
  // Memory checksums: never, after system calls, after all events, every Nth, from event N on.
  enum class Checksum { never, syscalls, allEvents, every, from } checksum = Checksum::never;
  uint64_t checksumNumber = 0;
  // Stops the running task after a random time between these, again and again: for tests of execution points.
  // Nanoseconds; 0: never.
  uint64_t forceStopMinimum = 0;
  uint64_t forceStopMaximum = 0;
  // Counts each task's ticks; nothing: none are counted.
  std::optional<CounterSpec> counter;
  uint64_t sliceTicks = 0;        // the longest slice in ticks; 0: time alone ends slices
  bool syscallBuffer = true;      // record what can be without a stop
  std::vector<std::string> skip;  // patterns of executables that are left unrecorded (fnmatch(3))
  std::vector<HiddenFeatures> hiddenFeatures;
  bool weakStops = false;  // no hash of memory at forced stops: for tests
  // At which of its calls a site is patched, whatever that costs: for tests. 0: when it pays.
  unsigned patchAfter = 0;
  // Does without the trap of rdtsc, as where there is none: for tests.
  bool replaceTime = false;
  bool markStdio = false;  // `[rr PID EVENT]` before what the program writes to standard output and error
  bool debugLog = false;
};

// How a recording ended.
struct RecordingEnd {
  bool started = false;  // the program was executed
  int launchStep = 0;    // else: enum LaunchStep, 0 when the launcher itself failed
  int launchError = 0;   // and errno
  int status = 0;        // wait status of the first process
  bool incomplete = false;
  uint64_t events = 0;
  uint64_t bytes = 0;  // raw records
  uint64_t ringWaits = 0;
};

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
  void noteWhatIsMissing(int unbound);
  void loop();
  Task* chooseTask();
  void runUserCode(Task& task);
  void switchTo(Task& next);
  bool collect(bool block);
  void collectAll();
  void cameFrom(Task& task, int status);
  void waitFor(Task& task, uint64_t interruptAt = 0);
  void handle(Task& task);
  bool resume(Task& task, int request, int signal = 0);
  // leaving.cc
  bool leaves(const Task& task) const;
  void leaveRecording(Task& task, pid_t former);
  // waits.cc
  bool awaitStatus(pid_t tid, int& status, const char* what);
  void keepUp(const char* what, pid_t tid);
  void noteTurn();
  void tellOfWait(const char* what, pid_t tid, uint64_t now);
  // blocked-calls.cc
  bool waitsForOthers(Task& task);
  bool takeFromRuntime(Task& task);
  void endTakenCall(Task& task);
  // failed-calls.cc
  std::vector<AddressRange> workedOn(Task& task, const std::optional<AddressRange>& range);
  std::vector<AddressRange> madeRoom(const Task& task) const;
  bool recordDoneParts(Task& task);
  void recordPart(const Task& task, const AddressRange& part);
  // namespace-faults.cc
  void letDie(Task& task, int signal, user_regs_struct registers);
  void findEnded();
  void lost(Task& task);
  void killAll();
  void housekeeping();
  void writePendingEnters(const Task& runs);
  void writeEnter(Task& task);
  void frame(schema::EventKind kind, Task& task, int number, const user_regs_struct& registers, uint8_t flags = 0,
             uint8_t stdio = 0);
  void writeFrame(schema::EventKind kind, Task& task, int number, const user_regs_struct& registers, uint8_t flags,
                  uint8_t stdio = 0);
  void writeMemoryChecksums(const Task& task, const user_regs_struct& registers);
  void writeChecksums(const Task& task, schema::EventKind kind, const user_regs_struct& registers);
  void warnOnce(const std::string& key, const std::string& text);
  void debug(const Task& task, const char* format, ...) __attribute__((format(printf, 3, 4)));
  bool aloneInRecording() const { return tasks_.size() == 1; }
  // calls.cc
  void callEntry(Task& task);
  void enterCall(Task& task, user_regs_struct& registers, bool foreign);
  void takeArguments(Task& task) const;
  void beginCall(Task& task);
  void askFilters(Task& task);
  void performCall(Task& task);
  void callExit(Task& task);
  void noteUnknownCall(const Task& task, int64_t result);
  bool enterSpecial(Task& task);
  bool enterSecurityCall(Task& task);
  void exitSpecial(Task& task, user_regs_struct& registers);
  void answerCall(Task& task, int64_t result, uint8_t flags);
  void refuseCall(Task& task, long result);
  void madeCall(Task& task, int64_t result);
  bool enterOutput(Task& task);
  void recordOutput(Task& task, int64_t result);
  void recordMmap(Task& task, const user_regs_struct& registers);
  void recordShmat(Task& task, const user_regs_struct& registers);
  void recordRemoteWrites(Task& task, uint64_t bytes);
  bool resumeInCall(Task& task);
  void runCall(Task& task, bool mayBlock);
  void awaitCall(Task& task, bool mayBlock);
  void vsyscall(Task& task);
  // own-filters.cc
  bool enterFilterCall(Task& task);
  bool wasTakenBack(const Task& task, const user_regs_struct& registers) const;
  bool wasFaked(const Task& task) const;
  void behindFilters(Task& task);
  void noteFilter(Task& task, bool failed);
  // dispatch.cc
  bool judged(const Task& task) const;
  int userCodeRequest(const Task& task) const;
  bool setDispatch(Task& task, bool on);
  void beginDispatch(Task& task, const user_regs_struct& registers);
  void learnSysAction(Task& task);
  void noteSysChange(Task& task);
  bool isDispatchedCall(const Task& task, const user_regs_struct& registers, const siginfo_t* signal) const;
  void dispatchedCall(Task& task, const siginfo_t& signal, bool own, user_regs_struct& registers);
  bool undoForcedSignal(Task& task);
  bool beginDispatchedCall(Task& task);
  bool leaveDispatchedCall(Task& task, user_regs_struct& registers);
  // sent.cc
  void recordStrings(Task& task);
  void recordSent(Task& task, int64_t result);
  void recordSentAtEntry(Task& task);
  uint32_t sentHash(const Task& task, int64_t result) const;
  void noteSharedMemory(const Task& task, int64_t result);
  void addSharedMemory(AddressSpace& space, const AddressRange& range) const;
  // compare.cc
  bool restartWatch(Task& task);
  void beginComparing(Task& task);
  void endComparing(Task& task, int64_t result, std::vector<OutRange>& ranges);
  // see-through.cc
  bool movesMuch(const Task& task) const;
  void seeThrough(Task& task);
  // forced-fault.cc
  void noteMask(Task& task);
  void noteBufferedMask(Task& task, uint64_t change) const;
  void noteFaultHandler(Task& task);
  bool losesFaultHandler(const Task& task) const;
  bool undoForcedFault(Task& task);
  // status-file.cc
  void showProgramState(const Task& task, int64_t result) const;
  // processor-files.cc
  void showToldProcessors(Task& task, user_regs_struct& registers);
  // memory-files.cc
  Task* memoryFileTarget(const Task& task) const;
  bool enterMemoryFileWrite(Task& task);
  bool enterRemoteWrite(Task& task);
  void recordMemoryFileWrites(Task& task, int64_t result);
  // file-reads.cc
  uint8_t readFlags(const Task& task, int64_t result) const;
  // scratch.cc
  void provideScratch(Task& thread, Task& maker);
  void redirectOutParameters(Task& task);
  void restoreOutParameters(Task& task, user_regs_struct& registers, std::vector<OutRange>& ranges);
  bool sharesMemory(const Task& task) const;
  // futex.cc
  bool futexEndsAtOnce(const Task& task) const;
  void settleFutex(Task& task);
  void recordFutexMark(const Task& task);
  // forced-stop.cc
  void setTick(uint64_t period);
  void considerInterrupt(Task& task);
  void forcedStop(Task& task);
  void repeatCallEntry(Task& task);
  void goToOwnEvent(Task& task);
  bool goToLegalSite(Task& task, user_regs_struct& registers);
  bool stepOnce(Task& task, uint64_t breakpoint);
  bool arriveAtBreakpoint(pid_t tid, ExecutionBreakpoint& breakpoint);
  bool metWatch(Task& task, siginfo_t& info);
  // spinning.cc
  bool spins(Task& task);
  bool comeRound(Task& task, user_regs_struct& registers);
  bool putOff(Task& task, user_regs_struct& registers);
  void addChanges(Task& task, const std::vector<PageRun>& recent, std::vector<PointMemory>& pieces);
  void writePointMemory(Task& task, std::span<const PointMemory> pieces);
  void recordPoint(Task& task, const user_regs_struct& registers, uint64_t stoppedAt = 0);
  bool writePointChecksums(Task& task, const std::vector<MapLine>& maps, const user_regs_struct& registers,
                           uint64_t limit, std::vector<PointMemory>& pieces);
  // ticks.cc
  void openCounter(Task& task);
  uint64_t ticksOf(const Task& task) const;
  void beginTickSlice(Task& task);
  bool tickSliceOver(const Task& task) const;
  // hot-sites.cc
  void noteProgram(Task& task, const std::vector<MapLine>& maps, uint64_t entry);
  void noteText(Task& task, const MappingFacts& facts);
  bool settleTime(const Task& task, uint64_t least);
  uint64_t timeStamp(const Task& task);
  bool worthPatching(const PatchedSites& patched, const PatchedSites::Text& text) const;
  void countTrap(Task& task);
  bool judgedWithoutDispatch(const Task& task) const;
  void addText(PatchedSites& patched, PatchedSites::Text text) const;
  void patchSites(Task& task);
  void addDueSites(Task& task, const std::vector<MapLine>& maps, std::set<uint64_t>& due);
  void addKnownSites(const Task& task, const MapLine& line, PatchedSites::Text& text, std::set<uint64_t>& due);
  void patchTimeSite(Task& task, PatchedInstruction instruction, const user_regs_struct& registers);
  const SiteCodes& commonSitesOf(const Task& task, const MapLine& line, const FileIdentity& file);
  void noteBufferedStart(Task& task, std::span<const uint8_t> entries);
  void noteBufferedSites(Task& task, const std::vector<uint8_t>& entries);
  // syscall-buffer.cc
  bool installRuntime(Task& task);
  bool patchSite(Task& task, uint64_t site, PatchedInstruction instruction, std::vector<AddressRange>& unused);
  bool mapStubArea(Task& task, uint64_t target, std::vector<AddressRange>& unused);
  void updateLocals(const AddressSpace& space) const;
  void updateAllLocals() const;
  void traceNextCall(AddressSpace& space, bool traced) const;
  void limitBufferedCalls(const AddressSpace& space) const;
  void countBufferedCalls(const AddressSpace& space);
  bool inHook(const Task& task, uint64_t rip) const;
  bool nearPatchedSite(const Task& task, uint64_t rip) const;
  std::optional<int64_t> showProgramAddress(Task& task, user_regs_struct& registers) const;
  void showProgramTime(Task& task, user_regs_struct& registers) const;
  void noteTimeTraced(const Task& task);
  void forgetDescriptors(Task& task) const;
  bool bufferIsEmpty(const Task& task) const;
  void takeBuffer(Task& task);
  bool runToEdge(Task& task, user_regs_struct& registers);
  void recordEdge(Task& task, const user_regs_struct& registers);
  void signalInHook(Task& task, const siginfo_t& info, user_regs_struct& registers);
  // sent-signals.cc
  void letSignalAct(Task& sender);
  // scheduling-calls.cc
  void addToScheduler(Task& task, const Task* maker);
  void refreshLevel(Task& task);
  Task* namedTask(Task& caller, uint64_t argument);
  std::vector<int> toldProcessors() const;
  int ownProcessor(const Task& task) const;
  long setAffinity(Task& task);
  void policySet(Task& task);
  bool enterScheduling(Task& task);
  void exitScheduling(Task& task, user_regs_struct& registers);
  // own-memory.cc
  bool enterMemoryCall(Task& task);
  void callAroundOurs(Task& task, const AddressRange& range);
  void noteChangedCode(Task& task, const user_regs_struct& registers);
  void forgetSites(Task& task, const std::optional<AddressRange>& range);
  void restoreSites(Task& task, const AddressRange& range, uint64_t shift);
  // signals.cc
  void signalStop(Task& task, int signal);
  bool hasBadFrame(const Task& task, const siginfo_t& info, const user_regs_struct& registers) const;
  bool standsAtEvent(const Task& task, const user_regs_struct& registers) const;
  uint64_t markOfEvent(const Task& task, const user_regs_struct& registers) const;
  bool leaveAtEvent(const Task& task, user_regs_struct registers) const;
  void stash(Task& task, const siginfo_t& info);
  void passOwnTrap(Task& task, const siginfo_t& info, const user_regs_struct& registers);
  bool emulateTrapped(Task& task, const siginfo_t& info, user_regs_struct& registers);
  void deliver(Task& task, const siginfo_t& info, const user_regs_struct& registers, uint8_t flags);
  void deliverStashedAtEntry(Task& task);
  bool bringDeliverableForward(Task& task);
  void injectStashed(Task& task, const user_regs_struct& registers, uint8_t flags, bool approved = false);
  void stepOverStub(Task& task, user_regs_struct& registers);
  bool leaveMidCode(Task& task);
  void groupStop(Task& task, int signal);
  void forwardOuterSignals(uint64_t now);
  void noteSender(siginfo_t& info);
  // tracing.cc
  siginfo_t stopInfo(const Task& task, int code) const;
  Tracing::Stop eventStop(const Task& task, int event, uint64_t message, int signal = SIGTRAP) const;
  Tracing::Stop callStop(const Task& task, bool entry) const;
  Tracing::Stop stepStop(const Task& task, int code) const;
  bool tracerWants(const Task& task, uint32_t option) const;
  void stopForTracer(Task& task, const Tracing::Stop& stop, Tracing::Place place);
  void tellOfChild(const Task& tracer, pid_t child, int code, int status) const;
  void childSignal(siginfo_t& info) const;
  void childSignalsTaken(Task& task, int64_t result) const;
  void beginTracing(Task& tracee, Task& tracer, bool seized, uint32_t options);
  void showAsWritten(Task& tracee);
  void requestStop(Task& tracee, const Tracing::Stop& stop);
  void interruptCall(Task& task);
  int endListening(Task& task);
  void interruptTracee(Task& tracee);
  void stopAfterCall(Task& task);
  void stopAfterExec(Task& task, pid_t former);
  bool tracesOthers(const Task& task) const;
  bool signalForTracer(Task& task, const siginfo_t& info, user_regs_struct& registers, bool deterministic);
  bool goOnTraced(Task& task);
  bool recordTracerRegisters(Task& task);
  void injectForTracer(Task& task, const siginfo_t& info);
  bool stepForTracer(Task& task, int signal);
  void releaseTracee(Task& task);
  void endTracing(Task& task, int status);
  // tracing-requests.cc
  void ptraceCall(Task& task);
  int64_t emulatePtrace(Task& task);
  int64_t answerMemory(Task& task, uint64_t address, const void* bytes, size_t length);
  int64_t refuseTracing(const char* what, int error);
  int64_t traceMe(Task& task);
  int64_t attach(Task& task, pid_t pid, bool seize);
  Tracing::Stop groupStopFor(const Task& tracee, int signal) const;
  int64_t resumeTracee(Task& task, Task& tracee);
  int64_t accessWord(Task& task, Task& tracee);
  int64_t setTraceeRegisters(Task& tracee, const user_regs_struct& wanted);
  int64_t recordTraceeState(const Task& tracee);
  int64_t accessUser(Task& task, Task& tracee);
  int64_t setTraceeDebugRegister(Task& tracee, size_t index, uint64_t value);
  void recordDebugRegisters(const Task& task);
  int64_t peekSignals(Task& task, const Task& tracee);
  int64_t accessThreadBase(Task& task, Task& tracee);
  int64_t accessRegisterSet(Task& task, Task& tracee);
  int64_t tellCall(Task& task, const Task& tracee);
  int64_t accessState(Task& task, Task& tracee);
  // traced-waits.cc
  struct WaitWanted {
    bool any = true;  // false: nothing that the recorder would know
    pid_t tid = 0;    // 0: any
    pid_t group = 0;  // process group; 0: any
    int options = 0;
  };
  WaitWanted wantedBy(const Task& task) const;
  bool matches(const WaitWanted& wanted, pid_t tid, pid_t group) const;
  bool waitsFor(const Task& task, const WaitWanted& wanted, const Task& tracee) const;
  bool isRealChild(const Task& child, const Task& parent) const;
  bool enterWait(Task& task);
  void exitWait(Task& task, user_regs_struct& registers);
  void haveRestarted(Task& task);
  std::optional<int64_t> askKernel(Task& task, bool hasTracee);
  std::optional<int64_t> tellStop(Task& task, const WaitWanted& wanted);
  int64_t tellStatus(Task& task, pid_t tid, int status);
  void wakeWaiters(pid_t threadGroup);
  void wakePaused(pid_t threadGroup);
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
  void foreseeRobustWrites(Task& task);
  void foreseeExecWrites(Task& task);
  void findOtherViews(Task& task);
  void recordExecWrites(Task& task);
  void recordZombie(Task& task);
  void recordExitWrites(const Task& task);
  void gone(Task& task, int status);
  // exec.cc
  void execed(Task& task);
  void refuse(Task& task, const std::string& why);
  void recordExec(Task& task, pid_t former);
  bool installRuntimePage(Task& task, uint64_t vdsoStart);
  void trapCpuid(Task& task, uint64_t vdsoStart);
  void recordMapping(Task& task, const MapLine& line, const Descriptor& file, const user_regs_struct& registers,
                     uint64_t vdsoStart);
  void tellOfStore(std::string_view path, uint64_t nanoseconds);
  bool storeFile(const Task& task, int descriptor, MappingFacts& facts, bool fresh = false);
  // shared-writes.cc
  // A file that a call has changed.
  struct FileChange {
    std::string path;  // as the tracer sees it
    enum class Kind { written, cut, allocated } kind;
  };
  std::optional<FileChange> fileChange(const Task& task, int64_t result) const;
  std::optional<uint64_t> endOfWrite(const Task& task, int64_t result, uint64_t size) const;
  void recordFileWrites(Task& task, int64_t result);
  void recordPrivateRange(const struct stat& identity, uint64_t start, uint64_t end);
  void notePrivateFile(const MappingFacts& facts);
  void noteSharedViews(const Task& task, int64_t result);
  bool replayHasContent(int descriptor, const struct stat& identity);
  bool recordFileRange(const struct stat& identity, uint64_t start, uint64_t end);
  void replaceRandom(Task& task, int descriptor, const MappingFacts& facts);
  bool replaceAgain(const Task& task, uint64_t address, uint8_t value);
  void noteReplacedCode(Task& task, const user_regs_struct& registers);

  RecorderOptions options_;
  Callbacks callbacks_;
  RingWriter ring_;
  FrameWriter writer_;
  FileStore store_;
  RandomInstructions randomInstructions_;
  StdioMonitor stdio_;
  SharedFiles sharedFiles_;
  PrivateFiles privateFiles_;
  Vdso vdso_;
  RuntimeImage runtime_;
  TimeStamps timeStamps_;
  TimeTrap timeTrap_;         // of the scheduler thread
  bool timeTraps_ = false;    // rdtsc can be made to trap (launcher/record-stub.c tries it)
  bool timeTraced_ = false;   // every rdtsc must trap
  bool stopsUntold_ = false;  // some task has asked for SIGCHLD without stops, once
  std::vector<uint8_t> bufferBytes_;
  std::map<FileIdentity, CommonSites> commonSites_;
  std::map<FileIdentity, ProgramSites> programs_;  // by executable
  std::thread thread_;
  std::atomic<bool> terminate_ = false;
  std::atomic<pid_t> tracerTid_ = 0;

  std::map<pid_t, std::unique_ptr<Task>> tasks_;
  std::map<pid_t, int> unknownStops_;  // stops of tasks whose maker has not reported them yet
  std::vector<pid_t> inCalls_;         // tasks that entered a call, which may not be in the trace yet
  // Tracees that are gone, and were no children of their tracers, which have not been told yet.
  struct EndedTracee {
    pid_t tracer, tid, group;
    int status;
  };
  std::vector<EndedTracee> ended_;
  std::vector<std::unique_ptr<Task>> buried_;  // tasks that are gone, until the handler that held them has returned
  Scheduler scheduler_;
  uint64_t lastLook_ = 0;  // when all statuses were last collected; nanoseconds of CLOCK_MONOTONIC
  pid_t initialTid_ = 0;
  bool execSeen_ = false;  // the launcher is in the exec of the program, and no longer in its own
  bool started_ = false;
  bool unbound_ = false;           // the program may run on any processor
  bool identityReplaced_ = false;  // cpuid is replaced by what traps (random-instructions.h)
  bool outerFilter_ = false;       // a seccomp filter from outside judges the program's calls, too
  bool dispatches_ = false;        // then calls can be buffered all the same (dispatch.cc)
  bool initialGone_ = false;
  uint64_t initialGoneAt_ = 0;
  uint64_t lastSeal_ = 0;
  // When somebody last had a turn, when the wait since then is told of next, and how far apart; nanoseconds.
  uint64_t lastTurn_ = 0;
  uint64_t tellAgain_ = 0;
  uint64_t tellInterval_ = 0;
  uint64_t usedAtTick_ = 0;      // by the process that was waited for, of processor time
  uint64_t endAskedAt_ = 0;      // when a signal came that is to end the program
  std::set<long> waitingCalls_;  // that "cannot block", and have waited for others
  size_t letGo_ = 0;             // tasks that end without their tracer (namespace-faults.cc)
  BreakTimer timer_;
  bool timed_ = false;
  uint64_t tickPeriod_ = 0;  // nanoseconds
  uint64_t nextForcedStop_ = 0;
  std::minstd_rand random_{std::random_device{}()};
  int launchReport_ = -1;
  RecordingEnd end_;
  OuterSignals outer_;
  // By signal: who sent it to the first process, when, and for whom we sent it on.
  struct Sending {
    pid_t sender = 0;
    uint64_t time = 0;
    std::optional<OuterSignals::Received> forwarded;
  };
  std::map<int, Sending> sendings_;
  std::set<std::string> warned_;
  std::set<long> unknownCalls_;  // numbers that the kernel does not know, as it has said
};

// The ticks of a frame whose task's counter has failed.
inline constexpr uint64_t kNoTicks = ~0ULL;

// Nanoseconds of CLOCK_MONOTONIC.
uint64_t monotonicNow();

// A tick has come that the main loop has not seen yet.
bool ticked();

// A part-filled slot is handed over when it is this old. With the tick and the encoder's own interval (pipeline.ts) no
// more than a second is lost to a kill -9. Nanoseconds.
inline constexpr uint64_t kSealAfter = 300'000'000;

// Whether orig_rax is what markOfEvent makes up.
bool isMarkOfEvent(uint64_t origRax);

// Writes memory of a task as the task itself could: false where it may not (scheduling-calls.cc).
bool writeAsTask(const Task& task, uint64_t address, const void* bytes, size_t length);

// Whether the kernel dispatches system calls to their own program, and lets us ask for it (dispatch.cc).
bool dispatchPossible();

// Periods of the timer that breaks waitpid, nanoseconds: for housekeeping alone, while several tasks share the
// processor, and while a signal waits for a task that computes.
inline constexpr uint64_t kIdleTick = 200'000'000;
inline constexpr uint64_t kSharedTick = 5'000'000;
inline constexpr uint64_t kSignalTick = 1'500'000;
// No period is shorter than this.
inline constexpr uint64_t kShortestTick = 50'000;

}  // namespace rr
