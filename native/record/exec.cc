// A new program: its address space is recorded as the kernel laid it out.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "record/recorder.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
// Code segment of 64-bit programs (__USER_CS in the kernel's asm/segment.h); a 32-bit program has 0x23.
constexpr uint64_t kCodeSegment64 = 0x33;

// What the page of ours holds: `syscall; int3`, and at RR_UNTRACED_RETURNING `syscall; ret`.
constexpr uint8_t kRuntimeCode[] = {0x0f, 0x05, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                                    0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0x0f, 0x05, 0xc3};
static_assert(RR_UNTRACED_RETURNING - RR_UNTRACED == 16);

std::string readWhole(const std::string& path) {
  std::string text;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char piece[4096];
  ssize_t count;
  while ((count = read(file, piece, sizeof piece)) > 0) text.append(piece, static_cast<size_t>(count));
  close(file);
  return text;
}

std::string linkTarget(const std::string& path) {
  char target[4096];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  return length > 0 ? std::string(target, static_cast<size_t>(length)) : std::string();
}

// Whether the file that a descriptor has open is that of a line of /proc/TID/maps.
bool isFileOf(int file, const MapLine& line) {
  struct stat identity;
  return fstat(file, &identity) == 0 && identity.st_ino == line.inode && S_ISREG(identity.st_mode) &&
         identity.st_dev == makedev(line.deviceMajor, line.deviceMinor);
}

// Opens the file of a line of /proc/TID/maps; -1 when it is no longer that file. map_files needs a capability, so first
// the path as the task sees it, then the executable's own link.
int openMapped(pid_t tid, const MapLine& line) {
  const std::string process = "/proc/" + std::to_string(tid);
  for (const std::string& path : {process + "/root" + line.name, process + "/exe"}) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) continue;
    if (isFileOf(file, line)) return file;
    close(file);
  }
  return -1;
}

}  // namespace

// At PTRACE_EVENT_EXEC: goes on to the exit stop of the exec, where the new program stands at its first instruction.
void Recorder::execed(Task& task) {
  if (!started_ && !execSeen_) {
    // The exec of the launcher itself: the tracer attached before it.
    task.state = Task::State::inCall;
    if (!resume(task, PTRACE_CONT)) lost(task);
    return;
  }
  unsigned long message = 0;
  if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &message) != 0) return lost(task);
  const pid_t former = static_cast<pid_t>(message);
  Task* execing = &task;
  if (former != task.tid) {
    // Another thread made the call: it has taken over the leader's id, and all others are gone without a word.
    auto found = tasks_.find(former);
    if (found != tasks_.end()) {
      std::unique_ptr<Task> own = std::move(found->second);
      tasks_.erase(found);
      scheduler_.remove(task);
      scheduler_.remove(*own);
      own->execWrites = std::move(task.execWrites);
      buried_.push_back(std::move(tasks_[task.tid]));
      own->tid = task.tid;
      execing = own.get();
      scheduler_.add(*own, own->scheduling.ownLevel);
      tasks_[own->tid] = std::move(own);
    }
  }
  if (started_ && !execing->enterWritten) {
    // Its frame carries the id that the task had when it made the call.
    const pid_t now = execing->tid;
    execing->tid = former;
    writeEnter(*execing);
    execing->tid = now;
  }
  if (!resume(*execing, PTRACE_SYSCALL)) return lost(*execing);
  int status;
  if (!awaitStatus(execing->tid, status, "the end of an exec")) return lost(*execing);
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) {
    return cameFrom(*execing, status);
  }
  if (leaves(*execing)) return leaveRecording(*execing, former);
  recordExec(*execing, former);
}

// The recording ends here, and the program with it: it cannot go on unseen.
void Recorder::refuse(Task& task, const std::string& why) {
  callbacks_.fatal(why);
  end_.incomplete = true;
  killAll();
  lost(task);
}

bool Recorder::installRuntimePage(Task& task, uint64_t vdsoStart) {
  if (vdsoStart == 0 || vdso_.syscallOffset() == 0) return false;
  // With the page that replay has behind it: the program's own memory must not come to lie there.
  const uint64_t arguments[6] = {kRuntimePage,
                                 kRuntimePageSize + kRuntimeDataSize,
                                 PROT_READ | PROT_EXEC,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                                 ~0ULL,
                                 0};
  const long result = syscallByStops(task.tid, SYS_mmap, arguments, vdsoStart + vdso_.syscallOffset());
  if (result != static_cast<long>(kRuntimePage)) {
    debug(task, "our page at %lx: %s", kRuntimePage, strerror(static_cast<int>(-result)));
    return false;
  }
  return task.space->memory.writeAll(kRuntimePage, kRuntimeCode, sizeof kRuntimeCode);
}

// Processors differ in what cpuid tells: their own numbers. A program that is bound to one always gets the same;
// another has its cpuid recorded, and so has one from which features are hidden. The processor may be able to make it
// trap (arch_prctl(2), ARCH_SET_CPUID; an exec undoes it); else it is replaced in code that comes from files. Under a
// hypervisor that does not make rdtsc trap it tells the number of a processor of the host, another one after a while.
void Recorder::trapCpuid(Task& task, uint64_t vdsoStart) {
  const bool answered = unbound_ || !options_.hiddenFeatures.empty();
  identityReplaced_ = answered || !timeTraps_;
  if (!answered || vdsoStart == 0 || vdso_.syscallOffset() == 0) return;
  constexpr uint64_t kSetCpuid = 0x1012;
  const uint64_t arguments[6] = {kSetCpuid, 0, 0, 0, 0, 0};
  const long result = syscallByStops(task.tid, SYS_arch_prctl, arguments, vdsoStart + vdso_.syscallOffset());
  task.space->cpuidTraps = result == 0;
  identityReplaced_ = result != 0 || !timeTraps_;
  if (result == 0) return;
  debug(task, "cpuid does not trap: %s", strerror(static_cast<int>(-result)));
  if (options_.hiddenFeatures.empty()) return;
  warnOnce("hidden features",
           "cpuid cannot be made to trap on this processor: code that the program makes itself sees the features that "
           "are to be hidden");
}

void Recorder::recordExec(Task& task, pid_t former) {
  recordExecWrites(task);
  const bool kept = task.tracing.traced();
  task.space = std::make_shared<AddressSpace>();
  task.space->patched.keptWhole = task.space->patched.allTraced = kept || tracesOthers(task);
  task.callEntered = false;
  task.clearChildTid = 0;
  task.robustList = 0;
  task.scratch = 0;
  task.redirections.clear();
  task.ownTscTrap = false;
  task.dispatched = task.callByOurs = false;
  task.sysAction = task.sysAction->withoutHandlers();
  task.state = Task::State::runnable;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return lost(task);
  const std::string process = "/proc/" + std::to_string(task.tid);
  const std::string executable = linkTarget(process + "/exe");
  if (registers.cs != kCodeSegment64) {
    return refuse(task, executable + " is a 32-bit program, which cannot be recorded: build it for x86-64");
  }
  if (!task.space->memory.open(task.tid)) {
    if (errno != EACCES && errno != EPERM) return lost(task);
    // A file that may be executed and not read makes a process whose memory is closed (PR_SET_DUMPABLE in prctl(2)).
    const std::string reason = strerror(errno);
    std::string name = readWhole(process + "/comm");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return refuse(task, "the program " + name + " cannot be recorded: its memory may not be read (" + reason +
                            "); make its file readable, or record as root");
  }
  if (!started_) {
    started_ = true;
    if (!timeTraps_) {
      callbacks_.note(
          "rdtsc does not trap on this machine: it is replaced in code that comes from files, and code that "
          "a program makes itself may replay differently");
    }
    openCounter(task);
    writer_.task(schema::TaskKind::kStart, task.tid, 0, task.threadGroup, 0, SIGCHLD, {});
    frame(schema::EventKind::kTaskStart, task, 0, registers);
  }
  std::vector<MapLine> maps = readMaps(task.tid);
  uint64_t vdsoStart = 0;
  for (const MapLine& line : maps) {
    if (line.name == "[vdso]") vdsoStart = line.start;
  }
  for (const MapLine& line : maps) {
    if (line.start >= kRuntimeData + kRuntimeDataSize || line.end <= kRuntimePage) continue;
    return refuse(task, executable +
                            " cannot be recorded: it has memory at 0x70000000, where two pages are needed for " +
                            "the recording; link it to another address");
  }
  task.space->runtimePage = installRuntimePage(task, vdsoStart);
  trapCpuid(task, vdsoStart);
  if (vdsoStart != 0 && !vdso_.image().empty()) {
    task.space->memory.writeAll(vdsoStart, vdso_.image().data(), vdso_.image().size());
  }
  Descriptor file(-1);
  for (const MapLine& line : maps) {
    // Lines of one file follow each other.
    if (line.inode != 0 && (!file || !isFileOf(file.number(), line))) file = Descriptor(openMapped(task.tid, line));
    recordMapping(task, line, file, registers, vdsoStart);
  }
  noteProgram(task, maps, registers.rip);
  std::vector<uint8_t> area;
  if (getXsave(task.tid, area)) writer_.data(task.tid, schema::DataSpace::kXsave, 0, area.data(), area.size());
  const std::string text = executable + '\0' + readWhole(process + "/cmdline");
  if (task.tracing.touched) {
    // The kernel has cleared them (flush_thread).
    std::fill(std::begin(task.tracing.debugRegisters), std::end(task.tracing.debugRegisters), 0);
    recordDebugRegisters(task);
  }
  writer_.task(schema::TaskKind::kExec, task.tid, former, task.threadGroup, 0, 0, text);
  frame(schema::EventKind::kExec, task, static_cast<int>(registers.orig_rax), registers);
  stopAfterExec(task, former);
}

// `file`: what is open of the line's, where it is of a file and that can be opened.
void Recorder::recordMapping(Task& task, const MapLine& line, const Descriptor& file, const user_regs_struct& registers,
                             uint64_t vdsoStart) {
  // vvar cannot be read by anyone but the kernel's own vdso code, which is patched; vsyscall is the kernel's.
  if (line.name.starts_with("[vvar") || line.name == "[vsyscall]") return;
  MappingFacts facts;
  facts.address = line.start;
  facts.length = line.end - line.start;
  facts.offset = line.offset;
  facts.protection =
      (line.readable ? PROT_READ : 0U) | (line.writable ? PROT_WRITE : 0U) | (line.executable ? PROT_EXEC : 0U);
  facts.flags = line.shared ? MAP_SHARED : MAP_PRIVATE;
  facts.path = line.name;
  const TraceeMemory& memory = task.space->memory;
  if (line.name == "[stack]") {
    facts.source = schema::MappingSource::kStack;
    facts.flags |= MAP_ANONYMOUS | MAP_GROWSDOWN;
    writer_.mapping(task.tid, facts);
    const uint64_t used = registers.rsp & ~7ULL;
    writer_.memory(task.tid, memory, used, line.end - used);
    return;
  }
  if (line.start == vdsoStart) {
    const std::vector<uint8_t>& image = vdso_.image();
    if (const auto hash = store_.putBytes(image.data(), image.size())) {
      facts.source = schema::MappingSource::kStore;
      facts.fileSize = image.size();
      memcpy(facts.hash, hash->data(), sizeof facts.hash);
      writer_.mapping(task.tid, facts);
      return;
    }
  } else if (line.inode == 0) {
    facts.flags |= MAP_ANONYMOUS;
    // Zero pages by the contract of execve; named ones ([heap] of a static program) too.
    writer_.mapping(task.tid, facts);
    return;
  } else {
    const bool stored = file && storeFile(task, file.number(), facts);
    if (!stored) facts.source = schema::MappingSource::kRecorded;
    writer_.mapping(task.tid, facts);
    if (!stored) writer_.memory(task.tid, memory, line.start, facts.length);
    if (file) replaceRandom(task, file.number(), facts);
    if (stored && !line.shared) notePrivateFile(facts);
    // The loader in the kernel clears what follows the file's part of the last page.
    if (stored && line.writable && !line.shared) writer_.memory(task.tid, memory, line.end - kPage, kPage);
    return;
  }
  facts.source = schema::MappingSource::kRecorded;
  writer_.mapping(task.tid, facts);
  writer_.memory(task.tid, memory, line.start, facts.length);
}

}  // namespace rr
