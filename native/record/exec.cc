// A new program: its address space is recorded as the kernel laid it out.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "record/recorder.h"
#include "tracee/process-file.h"

namespace rr {

namespace {

// Code segment of 64-bit programs (__USER_CS in the kernel's asm/segment.h); a 32-bit program has 0x23.
constexpr uint64_t kCodeSegment64 = 0x33;

std::string linkTarget(const std::string& path) {
  char target[4096];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  return length > 0 ? std::string(target, static_cast<size_t>(length)) : std::string();
}

// The arguments of a program that stands at its first instruction, each with its NUL, as /proc/TID/cmdline has them.
// From the stack pointer to `end` its stack holds their number, their addresses and, further up, themselves
// (System V ABI for x86-64, 3.4.1).
std::string argumentsOf(pid_t tid, const TraceeMemory& memory, uint64_t stack, uint64_t end) {
  constexpr uint64_t kMost = 256 * 1024;
  std::string bytes(std::min(end - stack, kMost), 0);
  const ssize_t got = memory.read(stack, bytes.data(), bytes.size());
  const size_t length = static_cast<size_t>(std::max<ssize_t>(got, 0));
  const auto word = [&](uint64_t index) {
    uint64_t value = 0;
    const size_t at = index * sizeof value;
    if (index <= length / sizeof value && at + sizeof value <= length) memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  const uint64_t first = word(1) - stack;
  const uint64_t last = word(word(0)) - stack;
  const size_t behind = last < length ? bytes.find('\0', last) : std::string::npos;
  if (word(0) == 0 || first > last || behind >= length) return readProcessFile(tid, "cmdline", ProcessFile::inPieces);
  return bytes.substr(first, behind + 1 - first);
}

}  // namespace

// At PTRACE_EVENT_EXEC: goes on to the exit stop of the exec, where the new program stands at its first instruction.
void Recorder::execed(Task& task) {
  if (!tree_.isStarted() && !execSeen_) {
    // The exec of the launcher itself: the tracer attached before it.
    task.state = Task::State::inCall;
    if (!resume(task, PTRACE_CONT)) tree_.lost(task);
    return;
  }
  unsigned long message = 0;
  if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &message) != 0) return tree_.lost(task);
  const pid_t former = static_cast<pid_t>(message);
  Task& execing = tree_.takeOver(task, former);
  if (tree_.isStarted() && !execing.enterWritten) {
    // Its frame carries the id that the task had when it made the call.
    const pid_t now = execing.tid;
    execing.tid = former;
    writeEnter(execing);
    execing.tid = now;
  }
  if (!resume(execing, PTRACE_SYSCALL)) return tree_.lost(execing);
  int status;
  if (!waits_.awaitStatus(execing.tid, status, "the end of an exec")) return tree_.lost(execing);
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) {
    return tree_.cameFrom(execing, status);
  }
  if (leaves(execing)) return leaveRecording(execing, former);
  recordExec(execing, former);
}

// Processors differ in what cpuid tells: their own numbers. A program that is bound to one always gets the same;
// another has its cpuid recorded, and so has one from which features are hidden. The processor may be able to make it
// trap (arch_prctl(2), ARCH_SET_CPUID; an exec undoes it); else it is replaced in code that comes from files. Under a
// hypervisor that does not make rdtsc trap it tells the number of a processor of the host, another one after a while.
void Recorder::trapCpuid(Task& task, uint64_t vdsoStart) {
  const bool answered = unbound_ || !options_.hiddenFeatures.empty();
  replacedCode_.replaceIdentity(answered || !replacedCode_.timeTraps());
  if (!answered || vdsoStart == 0 || vdso_.syscallOffset() == 0) return;
  if (options_.cpuidFaulting) {
    constexpr uint64_t kSetCpuid = 0x1012;
    const uint64_t arguments[6] = {kSetCpuid, 0, 0, 0, 0, 0};
    const long result = syscallByStops(task.tid, SYS_arch_prctl, arguments, vdsoStart + vdso_.syscallOffset());
    task.space->cpuidTraps = result == 0;
    replacedCode_.replaceIdentity(result != 0 || !replacedCode_.timeTraps());
    if (result == 0) return;
    log_.debug(task, "cpuid does not trap: %s", strerror(static_cast<int>(-result)));
  }
  if (options_.hiddenFeatures.empty()) return;
  log_.warnOnce("hidden features",
                std::string(options_.cpuidFaulting ? "cpuid cannot be made to trap on this processor"
                                                   : "cpuid is not made to trap (--disable-cpuid-faulting)") +
                    ": code that the program makes itself sees the features that are to be hidden");
}

void Recorder::recordExec(Task& task, pid_t former) {
  endWrites_.recordAtExec(task);
  const bool kept = task.tracing.traced();
  task.space = std::make_shared<AddressSpace>();
  task.space->patched.keptWhole = task.space->patched.allTraced = kept || tracerStops_.tracesOthers(task);
  task.callEntered = false;
  task.end.clearChildTid = 0;
  task.end.robustList = 0;
  task.scratch = 0;
  task.redirections.clear();
  task.ownTscTrap = false;
  task.filters.dispatched = task.filters.callByOurs = false;
  task.signals.sysAction = task.signals.sysAction->withoutHandlers();
  task.state = Task::State::runnable;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return tree_.lost(task);
  const std::string process = "/proc/" + std::to_string(task.tid);
  const std::string executable = linkTarget(process + "/exe");
  if (registers.cs != kCodeSegment64) {
    return tree_.refuse(task, executable + " is a 32-bit program, which cannot be recorded: build it for x86-64");
  }
  if (!task.space->memory.open(task.tid)) {
    if (errno != EACCES && errno != EPERM) return tree_.lost(task);
    // A file that may be executed and not read makes a process whose memory is closed (PR_SET_DUMPABLE in prctl(2)).
    const std::string reason = strerror(errno);
    std::string name = readProcessFile(task.tid, "comm");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return tree_.refuse(task, "the program " + name + " cannot be recorded: its memory may not be read (" + reason +
                                  "); make its file readable, or record as root");
  }
  const bool isFirst = !tree_.isStarted();
  if (isFirst) {
    tree_.start();
    if (!replacedCode_.timeTraps()) {
      log_.note(
          "rdtsc does not trap on this machine: it is replaced in code that comes from files, and code that "
          "a program makes itself may replay differently");
    }
    ticks_.openCounter(task);
    writer_.task(schema::TaskKind::kStart, task.tid, 0, task.threadGroup, 0, SIGCHLD, {});
    events_.frame(schema::EventKind::kTaskStart, task, 0, registers);
  }
  std::vector<MapLine> maps = readMaps(task.tid);
  uint64_t vdsoStart = 0;
  uint64_t stackEnd = registers.rsp;
  for (const MapLine& line : maps) {
    if (line.name == "[vdso]") vdsoStart = line.start;
    if (line.start <= registers.rsp && registers.rsp < line.end) stackEnd = line.end;
  }
  for (const MapLine& line : maps) {
    if (line.start >= kRuntimeData + kRuntimeDataSize || line.end <= kRuntimePage) continue;
    return tree_.refuse(task, executable +
                                  " cannot be recorded: it has memory at 0x70000000, where two pages are needed for " +
                                  "the recording; link it to another address");
  }
  if (isFirst) personality_.learn(task, vdsoStart);
  const bool buffers = start_.buffers(task, vdsoStart);
  if (!buffers) task.space->runtimePage = start_.mapPage(task, vdsoStart);
  trapCpuid(task, vdsoStart);
  if (vdsoStart != 0 && !vdso_.image().empty()) {
    task.space->memory.writeAll(vdsoStart, vdso_.image().data(), vdso_.image().size());
  }
  mappings_.recordProgram(task, maps, registers, vdsoStart);
  sites_.noteProgram(task, maps, executable, registers.rip);
  if (buffers) start_.setUp(task, maps, registers, vdsoStart);
  std::vector<uint8_t> area;
  if (getXsave(task.tid, area)) writer_.data(task.tid, schema::DataSpace::kXsave, 0, area.data(), area.size());
  const std::string text = executable + '\0' + argumentsOf(task.tid, task.space->memory, registers.rsp, stackEnd);
  if (task.tracing.touched) {
    // The kernel has cleared them (flush_thread).
    std::fill(std::begin(task.tracing.debugRegisters), std::end(task.tracing.debugRegisters), 0);
    tracerStops_.recordDebugRegisters(task);
  }
  writer_.task(schema::TaskKind::kExec, task.tid, former, task.threadGroup, 0, 0, text);
  events_.frame(schema::EventKind::kExec, task, static_cast<int>(registers.orig_rax), registers);
  task.answeredAtEntry = buffers;
  tracerStops_.stopAfterExec(task, former);
}

}  // namespace rr
