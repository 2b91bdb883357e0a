// The recorder's side of the syscall buffer: patching the sites that come back, taking what the in-tracee
// runtime has recorded, and keeping the runtime out of the program's sight. docs/syscall-buffer.md tells how it works.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

#include "generated/syscalls.h"
#include "patch/jump.h"
#include "record/call-result.h"
#include "record/recorder.h"
#include "record/stepping.h"
#include "record/task-state.h"
#include "record/trap-disposition.h"
#include "tracee/abi.h"
#include "tracee/execution-breakpoint.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
// Bytes of a system call instruction, and of a stub.
constexpr uint64_t kStubSize = PatchedSites::kStubSize;
// Memory for stubs is mapped in pieces of about this size: most sites of one file need targets at a like distance.
constexpr uint64_t kStubArea = 256 * 1024;
using StubCode = std::array<uint8_t, kStubSize>;

void append(StubCode& code, size_t& at, std::span<const uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), code.begin() + static_cast<ptrdiff_t>(at));
  at += bytes.size();
}

// A 32-bit operand.
void append(StubCode& code, size_t& at, uint32_t value) {
  memcpy(code.data() + at, &value, sizeof value);
  at += sizeof value;
}

// Sets rcx to the address behind the site, and jumps to the hook, whose address is in the locals page. A system call
// loses rcx anyway: mov $returnAddress, %rcx; jmp *entry. For rdtsc it is saved first:
// mov %rcx, savedRcx; lea returnAddress(%rip), %rcx; jmp *entry.
StubCode stubCode(PatchedInstruction instruction, uint64_t stub, uint64_t returnAddress) {
  constexpr uint8_t kMove[] = {0x48, 0xb9};
  constexpr uint8_t kSave[] = {0x48, 0x89, 0x0c, 0x25};
  constexpr uint8_t kRelative[] = {0x48, 0x8d, 0x0d};
  constexpr uint8_t kJump[] = {0xff, 0x24, 0x25};
  StubCode code;
  code.fill(0xcc);
  size_t at = 0;
  uint32_t entry = RR_LOCALS + RR_LOCALS_ENTRY;
  if (instruction == PatchedInstruction::systemCall) {
    append(code, at, kMove);
    append(code, at, static_cast<uint32_t>(returnAddress));
    append(code, at, static_cast<uint32_t>(returnAddress >> 32));
  } else {
    append(code, at, kSave);
    append(code, at, RR_LOCALS + RR_LOCALS_SAVED_RCX);
    append(code, at, kRelative);
    // From the end of this operand on; a jump of 32 bits leads here from there.
    append(code, at, static_cast<uint32_t>(returnAddress - (stub + at + sizeof(uint32_t))));
    entry = RR_LOCALS + (isRdtsc(instruction) ? RR_LOCALS_TIME_ENTRY : RR_LOCALS_TIME_AUX_ENTRY);
  }
  append(code, at, kJump);
  append(code, at, entry);
  return code;
}

// Where a process may have but little more of the address space (ulimit -v), all of it is the program's: it runs
// without what makes it fast. What we map are some hundred kilobytes for the runtime, and as much around each library.
bool hasRoomForUs(pid_t tid) {
  constexpr uint64_t kEnough = 64 << 20;
  rlimit limit = {};
  if (prlimit(tid, RLIMIT_AS, nullptr, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return true;
  return limit.rlim_cur >= kEnough && limit.rlim_cur - kEnough >= addressSpaceSize(tid);
}

// Address space may be limited (ulimit -v): our own needs must not fail for it.
class WithoutAddressLimit {
 public:
  explicit WithoutAddressLimit(pid_t tid) : tid_(tid) {
    if (prlimit(tid, RLIMIT_AS, nullptr, &before_) != 0 || before_.rlim_cur == before_.rlim_max) return;
    const rlimit raised = {before_.rlim_max, before_.rlim_max};
    changed_ = prlimit(tid, RLIMIT_AS, &raised, nullptr) == 0;
  }
  ~WithoutAddressLimit() {
    if (changed_) prlimit(tid_, RLIMIT_AS, &before_, nullptr);
  }
  WithoutAddressLimit(const WithoutAddressLimit&) = delete;
  WithoutAddressLimit& operator=(const WithoutAddressLimit&) = delete;

 private:
  pid_t tid_;
  rlimit before_ = {};
  bool changed_ = false;
};

long mapAt(pid_t tid, uint64_t address, uint64_t length, uint64_t protection) {
  const uint64_t arguments[6] = {
      address, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, ~0ULL, 0};
  return syscallByStops(tid, SYS_mmap, arguments);
}

}  // namespace

bool Recorder::installRuntime(Task& task) {
  if (!runtime_.loaded()) {
    warnOnce("runtime", runtime_.error() + ": every system call stops the program");
    return false;
  }
  if (!hasRoomForUs(task.tid)) {
    debug(task, "no runtime: its address space is limited");
    return false;
  }
  const WithoutAddressLimit unlimited(task.tid);
  const auto map = [&](uint64_t address, uint64_t length, uint64_t protection) {
    const long result = mapAt(task.tid, address, length, protection);
    if (result == static_cast<long>(address)) return true;
    debug(task, "the runtime at %lx: %s", address, strerror(static_cast<int>(-result)));
    return false;
  };
  if (!map(RR_CODE, RR_CODE_SIZE, PROT_READ | PROT_EXEC)) return false;
  if (!map(RR_WRITABLE, RR_WRITABLE_SIZE, PROT_READ | PROT_WRITE)) return false;
  const TraceeMemory& memory = task.space->memory;
  rr_locals locals = {};
  locals.entry = runtime_.header().recordEntry;
  locals.callsLeft = ~0ULL;
  locals.timeEntry = runtime_.header().recordTimeEntry;
  locals.timeAuxEntry = runtime_.header().recordTimeAuxEntry;
  if (!memory.writeAll(RR_CODE, runtime_.code().data(), runtime_.code().size())) return false;
  if (!memory.writeAll(RR_LOCALS, &locals, sizeof locals)) return false;
  task.space->patched.runtime = PatchedSites::Runtime::installed;
  updateLocals(*task.space);
  MappingFacts facts;
  facts.address = RR_CODE;
  facts.length = RR_RUNTIME_END - RR_CODE;
  facts.protection = PROT_READ | PROT_WRITE | PROT_EXEC;
  facts.flags = MAP_PRIVATE | MAP_ANONYMOUS;
  facts.source = schema::MappingSource::kRuntime;
  writer_.mapping(task.tid, facts);
  debug(task, "runtime mapped");
  return true;
}

// Tells the runtime of an address space what must go traced, and to look at all descriptors anew.
void Recorder::updateLocals(const AddressSpace& space) const {
  if (space.patched.runtime != PatchedSites::Runtime::installed) return;
  rr_locals locals = {};
  if (space.patched.allTraced || space.patched.tracedForNow) locals.flags |= RR_ALL_TRACED;
  if (timeTraced_) locals.flags |= RR_TIME_TRACED;
  if (stopsUntold_) locals.flags |= RR_STOPS_UNTOLD;
  locals.timeScale = timeStamps_.scale();
  if (space.patched.foreignDescriptors > 0) locals.flags |= RR_OWN_DESCRIPTORS;
  for (int i = 0; i < 2; i++) {
    const StdioMonitor::Identity identity = stdio_.identity(i + 1);
    locals.stdio[i] = {identity.device, identity.inode};
    if (identity.singular) locals.flags |= i == 0 ? RR_STDIO_IS_NULL_1 : RR_STDIO_IS_NULL_2;
  }
  for (const auto& [device, inode] : sharedFiles_.identities()) {
    if (locals.sharedFileCount == RR_SHARED_FILES) {
      locals.flags |= RR_WRITES_TRACED;
      break;
    }
    locals.sharedFiles[locals.sharedFileCount++] = {device, inode};
  }
  if (space.sharedMemory.size() > RR_SHARED_RANGES) {
    locals.flags |= RR_SENT_UNKNOWN;
  } else {
    for (const AddressRange& range : space.sharedMemory) {
      locals.sharedRanges[locals.sharedRangeCount++] = {range.start, range.end};
    }
  }
  privateFiles_.fill(locals.privateFiles);
  constexpr size_t kFrom = offsetof(rr_locals, flags);
  space.memory.writeAll(RR_LOCALS + kFrom, reinterpret_cast<const uint8_t*>(&locals) + kFrom, sizeof locals - kFrom);
}

void Recorder::updateAllLocals() const {
  const AddressSpace* last = nullptr;
  for (auto& [tid, task] : tasks_) {
    if (task->space.get() != last) updateLocals(*task->space);
    last = task->space.get();
  }
}

// While a signal waits for the task that runs, its next call must be an event: there it is delivered, and a change of
// the blocked signals must not pass unseen. The same makes a task give way to others at a call, which costs less than a
// forced stop. Only one task runs, so what holds for it holds for its address space.
void Recorder::traceNextCall(AddressSpace& space, bool traced) const {
  if (space.patched.tracedForNow == traced) return;
  space.patched.tracedForNow = traced;
  if (space.patched.runtime != PatchedSites::Runtime::installed || space.patched.allTraced) return;
  constexpr uint64_t kFlags = RR_LOCALS + offsetof(rr_locals, flags);
  const uint64_t others = space.memory.readValue<uint64_t>(kFlags).value_or(0) & ~uint64_t{RR_ALL_TRACED};
  const uint64_t flags = others | (traced ? RR_ALL_TRACED : 0);
  space.memory.writeAll(kFlags, &flags, sizeof flags);
}

// A slice of a few events ends at a call that would be buffered, too.
void Recorder::limitBufferedCalls(const AddressSpace& space) const {
  if (!scheduler_.countsRuns() || space.patched.runtime != PatchedSites::Runtime::installed) return;
  const uint64_t left = scheduler_.runsLeft();
  space.memory.writeAll(RR_LOCALS + offsetof(rr_locals, callsLeft), &left, sizeof left);
}

// What of the slice limitBufferedCalls has left to the task, and it has used.
void Recorder::countBufferedCalls(const AddressSpace& space) {
  if (!scheduler_.countsRuns()) return;
  const uint64_t before = scheduler_.runsLeft();
  const auto left = space.memory.readValue<uint64_t>(RR_LOCALS + offsetof(rr_locals, callsLeft));
  if (left && *left < before) scheduler_.ranCalls(before - *left);
}

// Replaces the instruction at `site` by a jump to a stub, of its own bytes alone. False when it cannot. `unused`, where
// stubs may be mapped, loses what is mapped for this one.
bool Recorder::patchSite(Task& task, uint64_t site, PatchedInstruction instruction, std::vector<AddressRange>& unused) {
  const TraceeMemory& memory = task.space->memory;
  PatchedSites& patched = task.space->patched;
  std::array<uint8_t, 16> code = {};
  // A jump borrows the bytes behind its instruction: none may change, or have changed.
  if (nearPatchedSite(task, site) || nearPatchedSite(task, site + PatchedSites::kLongestJump - 1)) return false;
  const ssize_t got = memory.read(site, code.data(), code.size());
  const std::span<const uint8_t> own = bytesOf(instruction);
  if (got < static_cast<ssize_t>(own.size()) || !std::equal(own.begin(), own.end(), code.begin())) return false;
  const auto length = static_cast<uint8_t>(own.size());
  const std::span bytes(code.data(), static_cast<size_t>(got));
  JumpPlan plan = planJump(site, length, bytes, patched.room, kStubSize, site, 8);
  const bool hasRoom = plan.error == JumpError::none;
  if (!hasRoom) plan = planJump(site, length, bytes, unused, kStubSize, site, 8);
  if (plan.error != JumpError::none) {
    debug(task, "site %lx: %s", site, describe(plan.error));
    return false;
  }
  const uint64_t stub = plan.jump.target;
  if (!hasRoom && !mapStubArea(task, stub, unused)) return false;
  std::vector<AddressRange> taken = {{stub, stub + kStubSize}};
  patched.room = subtract(patched.room, taken);
  const StubCode stubBytes = stubCode(instruction, stub, site + length);
  const auto write = [&](uint64_t address, const uint8_t* bytes, size_t length) {
    if (!memory.writeAll(address, bytes, length)) return false;
    writer_.data(task.tid, schema::DataSpace::kMemory, address, bytes, length);
    return true;
  };
  if (!write(stub, stubBytes.data(), stubBytes.size())) return false;
  if (!write(site, plan.jump.bytes.data(), plan.jump.length)) return false;
  patched.sites[site] = {stub, instruction};
  patched.siteOf[stub] = site;
  debug(task, "site %lx patched, stub %lx", site, stub);
  return true;
}

// Maps memory for stubs around `target`, which lies in one of `unused`, and takes it from there.
bool Recorder::mapStubArea(Task& task, uint64_t target, std::vector<AddressRange>& unused) {
  if (!hasRoomForUs(task.tid)) return false;
  for (const AddressRange range : unused) {
    if (target < range.start || target + kStubSize > range.end) continue;
    const uint64_t around = target & ~(kStubArea - 1);
    const uint64_t start = std::max(around, (range.start + kPage - 1) & ~(kPage - 1));
    const uint64_t end = std::min(std::max(around + kStubArea, (target + kStubSize + kPage - 1) & ~(kPage - 1)),
                                  range.end & ~(kPage - 1));
    if (start > target || target + kStubSize > end) return false;
    const WithoutAddressLimit unlimited(task.tid);
    const long result = mapAt(task.tid, start, end - start, PROT_READ | PROT_EXEC);
    if (result != static_cast<long>(start)) {
      debug(task, "memory for stubs at %lx: %s", start, strerror(static_cast<int>(-result)));
      return false;
    }
    MappingFacts facts;
    facts.address = start;
    facts.length = end - start;
    facts.protection = PROT_READ | PROT_EXEC;
    facts.flags = MAP_PRIVATE | MAP_ANONYMOUS;
    writer_.mapping(task.tid, facts);
    insertSorted(task.space->patched.areas, {start, end});
    insertSorted(task.space->patched.room, {start, end});
    const std::vector<AddressRange> taken = {{start, end}};
    unused = subtract(unused, taken);
    return true;
  }
  return false;
}

// True for addresses at which no program stands: the runtime's code, and the stubs.
bool Recorder::inHook(const Task& task, uint64_t rip) const {
  if (task.space->patched.runtime != PatchedSites::Runtime::installed) return false;
  return runtime_.contains(rip) || (rip >= RR_UNTRACED_RETURNING && rip < RR_UNTRACED_RETURNING + 3) ||
         task.space->patched.inArea(rip);
}

// True for a patched instruction, and for the bytes behind it that its jump borrows.
bool Recorder::nearPatchedSite(const Task& task, uint64_t rip) const {
  const auto& sites = task.space->patched.sites;
  auto next = sites.upper_bound(rip);
  return next != sites.begin() && rip < std::prev(next)->first + PatchedSites::kLongestJump;
}

// At a system call stop: a call that the runtime has let through comes from the program's own instruction, as far as
// anybody sees. Its result when the runtime has made it already, and only the tracer can write down what it did.
std::optional<int64_t> Recorder::showProgramAddress(Task& task, user_regs_struct& registers) const {
  if (registers.rip != runtime_.header().afterTraced || !runtime_.loaded()) return std::nullopt;
  constexpr size_t kRead = offsetof(rr_locals, flags);
  rr_locals locals;
  const TraceeMemory& memory = task.space->memory;
  if (!memory.readAll(RR_LOCALS, &locals, kRead)) return std::nullopt;
  registers.rip = registers.rcx = locals.returnAddress;
  if (!locals.made) {
    setRegisters(task.tid, registers);
    return std::nullopt;
  }
  const uint64_t none = 0;
  memory.writeAll(RR_LOCALS + offsetof(rr_locals, made), &none, sizeof none);
  return locals.madeResult;
}

// At a SIGSEGV: an rdtsc or rdtscp that the runtime has let trap is the program's own instruction's.
void Recorder::showProgramTime(Task& task, user_regs_struct& registers) const {
  if (!runtime_.loaded() || registers.rip != runtime_.header().timeTrap) return;
  constexpr uint64_t kLength = RR_LOCALS + offsetof(rr_locals, timeLength);
  const TraceeMemory& memory = task.space->memory;
  const auto returnAddress = memory.readValue<uint64_t>(RR_LOCALS + RR_LOCALS_RETURN);
  const auto length = memory.readValue<uint64_t>(kLength);
  if (!returnAddress || !length) return;
  const uint64_t none = 0;
  memory.writeAll(kLength, &none, sizeof none);
  registers.rip = *returnAddress - *length;
  setRegisters(task.tid, registers);
}

// At the entry of a call: after some, what the clock says is no more what the counter must be, or rdtsc is to raise the
// program's own signal. All of them trap from then on.
void Recorder::noteTimeTraced(const Task& task) {
  constexpr uint64_t kNewTime = 0x80;  // CLONE_NEWTIME
  const uint64_t(&arguments)[6] = task.arguments;
  const bool otherClock = (task.call == SYS_unshare && (arguments[0] & kNewTime)) ||
                          (task.call == SYS_setns && (arguments[1] == 0 || (arguments[1] & kNewTime))) ||
                          (task.call == SYS_clone3 && task.making.newTime);
  const bool ownTrap = task.call == SYS_prctl && static_cast<int>(arguments[0]) == PR_SET_TSC &&
                       static_cast<int>(arguments[1]) == PR_TSC_SIGSEGV;
  if ((!otherClock && !ownTrap) || timeTraced_) return;
  timeTraced_ = true;
  updateAllLocals();
}

// At the entry of a call that closes or replaces descriptors: what the hook knows of them holds no more.
void Recorder::forgetDescriptors(Task& task) const {
  PatchedSites& patched = task.space->patched;
  if (task.call == SYS_unshare && (task.arguments[0] & CLONE_FILES)) patched.foreignDescriptors++;
  switch (task.call) {
    case SYS_close:
    case SYS_close_range:
    case SYS_dup2:
    case SYS_dup3:
    case SYS_unshare:
      updateLocals(*task.space);
  }
}

bool Recorder::bufferIsEmpty(const Task& task) const {
  if (task.space->patched.runtime != PatchedSites::Runtime::installed) return true;
  return task.space->memory.readValue<uint64_t>(RR_LOCALS + offsetof(rr_locals, used)).value_or(0) == 0;
}

// Writes what the runtime has recorded since the task's last event to the trace. The next frame must be the task's, and
// it must not run before.
void Recorder::takeBuffer(Task& task) {
  if (task.space->patched.runtime != PatchedSites::Runtime::installed) return;
  const TraceeMemory& memory = task.space->memory;
  constexpr uint64_t kUsed = RR_LOCALS + offsetof(rr_locals, used);
  rr_locals locals;
  if (!memory.readAll(RR_LOCALS, &locals, offsetof(rr_locals, flags))) return;
  const uint64_t used = locals.used;
  if (used == 0) return;
  std::vector<uint8_t>& bytes = bufferBytes_;
  bytes.resize(std::min<uint64_t>(used, RR_BUFFER_SIZE));
  if (!memory.readAll(RR_BUFFER, bytes.data(), bytes.size())) return;
  const uint64_t none = 0;
  memory.writeAll(kUsed, &none, sizeof none);
  writer_.bufferEntries(task.tid, bytes.data(), bytes.size());
  countBufferedCalls(*task.space);
  noteBufferedStart(task, bytes);
  if (task.space->patched.learning) noteBufferedSites(task, bytes);
  task.bufferTaken = true;
  noteBufferedMask(task, locals.maskChange);
}

// What a thread has told the kernel as it began: where to write when it ends.
void Recorder::noteBufferedStart(Task& task, std::span<const uint8_t> entries) {
  rr_buffer_entry entry;
  uint64_t address;
  for (size_t at = 0; at + sizeof entry + sizeof address <= entries.size(); at += entry.size) {
    memcpy(&entry, &entries[at], sizeof entry);
    if (entry.size < sizeof entry) return;
    if (entry.number != SYS_set_tid_address && entry.number != SYS_set_robust_list) continue;
    memcpy(&address, &entries[at + sizeof entry], sizeof address);
    if (entry.number == SYS_set_tid_address) {
      task.clearChildTid = address;
    } else if (entry.result == 0) {
      task.robustList = address;
    }
  }
}

// Runs a task that is stopped in the hook out of it: `atEdge` is then set, and the task stands behind the system call
// instruction as if it had made the call there. False when something else came first, whose status is pending: the call
// went traced after all, or a signal.
bool Recorder::runToEdge(Task& task, user_regs_struct& registers) {
  // SIGTRAP is unblocked meanwhile, so a call that changes the mask must be made traced: one that has begun is taken
  // back below unless it has happened.
  traceNextCall(*task.space, true);
  constexpr uint64_t kMaskBefore = RR_LOCALS + offsetof(rr_locals, maskBefore);
  if (task.space->memory.readValue<uint64_t>(kMaskBefore) == RR_MASK_UNCHANGED) {
    const uint64_t none = 0;
    task.space->memory.writeAll(kMaskBefore, &none, sizeof none);
    registers.rip = runtime_.header().abort;
    registers.orig_rax = ~0ULL;
    if (!setRegisters(task.tid, registers)) return lost(task), false;
  }
  const TrapUnblocked unblocked(task.tid);
  const TrapDisposition disposition(task);
  for (;;) {
    const rr_runtime_header& header = runtime_.header();
    const bool inCall = registers.rip == RR_UNTRACED_RETURNING + 2;
    if (inCall && isRestart(static_cast<int64_t>(registers.rax))) {
      // It was about to block.
      registers.rip = header.abort;
      registers.orig_rax = ~0ULL;
      if (!setRegisters(task.tid, registers)) return lost(task), false;
    }
    uint64_t edge;
    if (task.space->patched.inArea(registers.rip)) {
      const auto behind = task.space->patched.behindSiteOfStub(registers.rip);
      if (!behind) return false;
      edge = *behind;
    } else if ((registers.rip >= header.recordEntry && registers.rip <= header.recordCall) ||
               (registers.rip >= header.recordTimeEntry && registers.rip <= header.recordTimeCall)) {
      edge = registers.rcx;
    } else {
      edge = task.space->memory.readValue<uint64_t>(RR_LOCALS + RR_LOCALS_RETURN).value_or(0);
    }
    const pid_t tid = task.tid;
    const auto space = task.space;  // also when the task ends
    ExecutionBreakpoint behind;
    if (!behind.set(tid, space->memory, edge)) return lost(task), false;
    task.interrupted = false;
    task.state = Task::State::userCode;
    const bool resumed = resume(task, userCodeRequest(task));
    if (resumed) waitFor(task);
    const bool arrived = arriveAtBreakpoint(tid, behind);
    if (!resumed) return lost(task), false;
    if (!tasks_.contains(tid)) return false;
    if (task.takenFromRuntime) return false;
    task.state = Task::State::runnable;
    if (arrived) {
      if (!getRegisters(tid, registers) || !disposition.restore()) return lost(task), false;
      registers.orig_rax = ~0ULL;
      task.atEdge = true;
      return true;
    }
    if (!task.pending) return false;
    const int status = *task.pending;
    if (!WIFSTOPPED(status) || !getRegisters(task.tid, registers)) return false;
    if (status >> 16 == PTRACE_EVENT_STOP && task.interrupted && inHook(task, registers.rip)) {
      task.pending.reset();
      continue;
    }
    return false;
  }
}

// A forced stop right behind a buffered call: the number of calls tells where it is.
void Recorder::recordEdge(Task& task, const user_regs_struct& registers) {
  takeBuffer(task);
  task.atEdge = false;
  debug(task, "stopped behind a buffered call at %llx", registers.rip);
  writeFrame(schema::EventKind::kSched, task, 0, registers, 0);
}

}  // namespace rr
