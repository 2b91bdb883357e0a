#include "record/tracing/ptrace-requests.h"

#include <asm/prctl.h>
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "record/as-task.h"
#include "record/call-result.h"
#include "record/program-maps.h"
#include "record/signal-state/signal-kinds.h"
#include "record/tracing/child-signals.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"
#include "tracee/breakpoint.h"

namespace rr {

namespace {

constexpr uint32_t kSupportedOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                       PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE |
                                       PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
constexpr uint64_t kOldSetOptions = 21;  // PTRACE_OLDSETOPTIONS (asm/ptrace-abi.h)
constexpr uint64_t kWord = sizeof(uint64_t);
constexpr uint64_t kDebugRegisters = offsetof(user, u_debugreg);
// Of the kernel's struct user (asm/user_64.h): two words more than the C library's, error_code and fault_address.
constexpr uint64_t kUserSize = sizeof(user) + 16;
constexpr uint64_t kDebugRegistersEnd = kDebugRegisters + sizeof(user::u_debugreg);
constexpr size_t kStatusRegister = 6;
constexpr size_t kControlRegister = 7;
constexpr size_t kUserDescriptor = 16;  // bytes of struct user_desc
// Register sets of the kernel (linux/elf.h).
constexpr uint64_t kExtendedState = 0x202;
constexpr size_t kLargestSet = 64 * 1024;

bool isLastSignal(uint64_t signal) { return signal > static_cast<uint64_t>(SIGRTMAX); }

__ptrace_request asRequest(uint64_t request) { return static_cast<__ptrace_request>(request); }

}  // namespace

// Writes to the caller's memory as the kernel does for it, and to the trace. 0, or -EFAULT: then a part may be written.
int64_t PtraceRequests::answerMemory(Task& task, uint64_t address, const void* bytes, size_t length) {
  if (!writeAsTask(task, address, bytes, length)) {
    writer_.memory(task.tid, task.space->memory, address, length);
    return -EFAULT;
  }
  writer_.data(task.tid, schema::DataSpace::kMemory, address, bytes, length);
  return 0;
}

int64_t PtraceRequests::refuseTracing(const char* what, int error) {
  log_.warnOnce(std::string("ptrace ") + what, std::string("the program asks ptrace for ") + what +
                                                   ", which is not supported under a recording: it gets " +
                                                   strerrorname_np(error));
  return -error;
}

int64_t PtraceRequests::emulatePtrace(Task& task) {
  const uint64_t request = task.arguments[0];
  const pid_t pid = static_cast<pid_t>(task.arguments[1]);
  switch (request) {
    case PTRACE_TRACEME:
      return traceMe(task);
    case PTRACE_ATTACH:
    case PTRACE_SEIZE:
      return attach(task, pid, request == PTRACE_SEIZE);
    default:
      break;
  }
  Task* const found = tree_.find(pid);
  if (!found || found->tracing.tracer != task.tid) return -ESRCH;
  Task& tracee = *found;
  if (request == PTRACE_KILL) {
    kill(tracee.tid, SIGKILL);
    return 0;
  }
  if (request == PTRACE_INTERRUPT) {
    if (!tracee.tracing.seized) return -EIO;
    stops_.interruptTracee(tracee);
    return 0;
  }
  if (!tracee.tracing.stopped) return -ESRCH;
  switch (request) {
    case PTRACE_CONT:
    case PTRACE_SYSCALL:
    case PTRACE_SINGLESTEP:
    case PTRACE_SYSEMU:
    case PTRACE_SYSEMU_SINGLESTEP:
    case PTRACE_DETACH:
    case PTRACE_LISTEN:
      return resumeTracee(task, tracee);
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
    case PTRACE_POKETEXT:
    case PTRACE_POKEDATA:
      return accessWord(task, tracee);
    default:
      return accessState(task, tracee);
  }
}

int64_t PtraceRequests::traceMe(Task& task) {
  if (task.tracing.traced() || task.tracedFromOutside) return -EPERM;
  Task* parent = tree_.find(task.parent);
  if (!parent) parent = tree_.find(task.parentGroup);
  if (!parent) {
    // Whoever has started the recording is the tracer, and does not know.
    task.tracedFromOutside = true;
    return 0;
  }
  stops_.beginTracing(task, *parent, false, 0);
  return 0;
}

int64_t PtraceRequests::attach(Task& task, pid_t pid, bool seize) {
  Task* const found = tree_.find(pid);
  if (!found) {
    if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH)) return -ESRCH;
    return refuseTracing("a process outside of the recording", EPERM);
  }
  Task& tracee = *found;
  if (seize && (task.arguments[2] != 0 || (task.arguments[3] & ~uint64_t{kSupportedOptions}) != 0)) return -EIO;
  if (tracee.threadGroup == task.threadGroup || tracee.tracing.traced() || tracee.tracedFromOutside ||
      tracee.state == Task::State::dying) {
    return -EPERM;
  }
  stops_.beginTracing(tracee, task, seize, seize ? static_cast<uint32_t>(task.arguments[3]) : 0);
  if (tracee.state == Task::State::groupStopped) {
    const int signal = stops_.endListening(tracee);
    if (signal == 0) return 0;
    tracee.tracing.groupStop = signal;
    stops_.stopForTracer(tracee, stops_.groupStopFor(tracee, signal), Tracing::Place::user);
    return 0;
  }
  if (seize) return 0;
  siginfo_t info = {};
  info.si_signo = SIGSTOP;
  info.si_code = SI_KERNEL;
  stops_.requestStop(tracee, {Tracing::Stop::Kind::signal, SIGSTOP, info});
  return 0;
}

int64_t PtraceRequests::resumeTracee(Task& task, Task& tracee) {
  Tracing& tracing = tracee.tracing;
  const uint64_t request = task.arguments[0];
  if (request == PTRACE_LISTEN) {
    if (!tracing.seized || tracing.stop.code >> 8 != PTRACE_EVENT_STOP) return -EIO;
    tracing.stopped = false;
    tracee.state = Task::State::groupStopped;
    if (!resume(tracee, PTRACE_LISTEN)) tree_.lost(tracee);
    return 0;
  }
  if (isLastSignal(task.arguments[3])) return -EIO;
  const int signal = static_cast<int>(task.arguments[3]);
  using Kind = Tracing::Stop::Kind;
  if (signal != 0 && tracing.stop.kind == Kind::signal && tracing.stop.info.si_signo == signal) {
    tracing.injected = tracing.stop.info;
  } else if (signal != 0 && tracing.stop.kind == Kind::signal) {
    siginfo_t info = {};
    info.si_signo = signal;
    info.si_pid = task.threadGroup;
    info.si_uid = tracing.stop.info.si_uid;
    tracing.injected = info;
  } else if (signal != 0 && (tracing.stop.kind == Kind::callEntry || tracing.stop.kind == Kind::callExit)) {
    syscall(SYS_tgkill, tracee.threadGroup, tracee.tid, signal);
  }
  tracing.resume = request == PTRACE_SYSCALL             ? Tracing::Resume::untilCall
                   : request == PTRACE_SINGLESTEP        ? Tracing::Resume::oneStep
                   : request == PTRACE_SYSEMU            ? Tracing::Resume::skipCalls
                   : request == PTRACE_SYSEMU_SINGLESTEP ? Tracing::Resume::stepSkipping
                                                         : Tracing::Resume::run;
  if (request == PTRACE_DETACH) {
    stops_.releaseTracee(tracee);
  } else {
    tracing.stopped = false;
    tracee.state = Task::State::runnable;
  }
  return 0;
}

int64_t PtraceRequests::accessWord(Task& task, Task& tracee) {
  const uint64_t address = task.arguments[2];
  const TraceeMemory& memory = tracee.space->memory;
  if (task.arguments[0] == PTRACE_PEEKTEXT || task.arguments[0] == PTRACE_PEEKDATA) {
    const auto word = memory.readValue<uint64_t>(address);
    return word ? answerMemory(task, task.arguments[3], &*word, kWord) : -EIO;
  }
  // Memory of ours is as if it were not there.
  for (const AddressRange& range : ownMemory(*tracee.space)) {
    if (address < range.end && range.start < address + kWord) return -EIO;
  }
  if (!memory.writeAll(address, &task.arguments[3], kWord)) return -EIO;
  writer_.data(tracee.tid, schema::DataSpace::kMemory, address, &task.arguments[3], kWord);
  return 0;
}

// The kernel judges what may be set.
int64_t PtraceRequests::setTraceeRegisters(Task& tracee, const user_regs_struct& wanted) {
  Tracing& tracing = tracee.tracing;
  user_regs_struct registers = wanted;
  if (tracing.pastEntry) registers.orig_rax = ~0ULL;
  if (!setRegisters(tracee.tid, registers) || !getRegisters(tracee.tid, registers)) return -errno;
  registers.orig_rax = wanted.orig_rax;
  tracing.registers = registers;
  tracing.registersChanged = true;
  return 0;
}

// After a change of the extended registers.
int64_t PtraceRequests::recordTraceeState(const Task& tracee) {
  std::vector<uint8_t> area;
  if (getXsave(tracee.tid, area)) {
    writer_.data(tracee.tid, schema::DataSpace::kXsave, 0, area.data(), area.size());
  }
  return 0;
}

int64_t PtraceRequests::accessUser(Task& task, Task& tracee) {
  Tracing& tracing = tracee.tracing;
  const uint64_t offset = task.arguments[2];
  const bool peeks = task.arguments[0] == PTRACE_PEEKUSER;
  if (offset % kWord != 0 || offset >= kUserSize) return -EIO;
  const bool isRegister = offset < sizeof(user_regs_struct);
  if (peeks) {
    uint64_t word = 0;
    if (isRegister) memcpy(&word, reinterpret_cast<const char*>(&tracing.registers) + offset, kWord);
    if (offset >= kDebugRegisters && offset < kDebugRegistersEnd) {
      const size_t index = (offset - kDebugRegisters) / kWord;
      word = index == kStatusRegister ? statusForTracer(readDebugRegister(tracee.tid, index))
                                      : tracing.debugRegisters[index];
    }
    return answerMemory(task, task.arguments[3], &word, kWord);
  }
  if (isRegister) {
    user_regs_struct registers = tracing.registers;
    memcpy(reinterpret_cast<char*>(&registers) + offset, &task.arguments[3], kWord);
    return setTraceeRegisters(tracee, registers);
  }
  if (offset < kDebugRegisters || offset >= kDebugRegistersEnd) return -EIO;
  return setTraceeDebugRegister(tracee, (offset - kDebugRegisters) / kWord, task.arguments[3]);
}

// The kernel judges the value; what is then in force, replay sets in its own task.
int64_t PtraceRequests::setTraceeDebugRegister(Task& tracee, size_t index, uint64_t value) {
  uint64_t(&registers)[8] = tracee.tracing.debugRegisters;
  if (index == 4 || index == 5) return -EIO;
  if (index == kStatusRegister) {
    const uint64_t ours = (value & ~uint64_t{0xf}) | (value & 0x7) << 1;
    return writeDebugRegister(tracee.tid, index, ours) ? 0 : -errno;
  }
  if (index == kControlRegister && (value & kTracerLastEnabled) != 0) {
    return refuseTracing("a fourth hardware breakpoint or watchpoint", ENOSPC);
  }
  const uint64_t ours = index == kControlRegister ? controlForTracer(value) : value;
  const size_t place = index == kControlRegister ? index : index + 1;
  // Its register 3 can never be enabled: whatever place the address is judged at, it must be the user's.
  if (index == 3) {
    if (!writeDebugRegister(tracee.tid, 0, value)) return -errno;
  } else if (!writeDebugRegister(tracee.tid, place, ours)) {
    return -errno;
  }
  registers[index] = value;
  if (index != 3) stops_.recordDebugRegisters(tracee);
  return 0;
}

// PTRACE_PEEKSIGINFO: the signals that wait for the task, or for its process. Those that the recorder keeps back are
// the oldest, and its own are none.
int64_t PtraceRequests::peekSignals(Task& task, const Task& tracee) {
  __ptrace_peeksiginfo_args wanted;
  if (!task.space->memory.readAll(task.arguments[2], &wanted, sizeof wanted)) return -EFAULT;
  if ((wanted.flags & ~static_cast<uint32_t>(PTRACE_PEEKSIGINFO_SHARED)) != 0 || wanted.nr < 0) return -EINVAL;
  const bool shared = (wanted.flags & PTRACE_PEEKSIGINFO_SHARED) != 0;
  std::vector<siginfo_t> waiting;
  if (!shared) waiting.assign(tracee.signals.stashed.begin(), tracee.signals.stashed.end());
  for (uint64_t offset = 0;; offset++) {
    __ptrace_peeksiginfo_args one = {offset, wanted.flags, 1};
    siginfo_t info;
    const long got = ptrace(PTRACE_PEEKSIGINFO, tracee.tid, &one, &info);
    if (got < 0) return -errno;
    if (got == 0) break;
    childSignal(info);
    if (!isOwnSignal(info)) waiting.push_back(info);
  }
  if (wanted.off >= waiting.size()) return 0;
  const size_t count = std::min<size_t>(waiting.size() - wanted.off, static_cast<size_t>(wanted.nr));
  for (size_t i = 0; i < count; i++) {
    const uint64_t place = task.arguments[3] + i * sizeof(siginfo_t);
    const int64_t result = answerMemory(task, place, &waiting[wanted.off + i], sizeof(siginfo_t));
    // Those that found room are told.
    if (result != 0) return i > 0 ? static_cast<int64_t>(i) : result;
  }
  return static_cast<int64_t>(count);
}

// PTRACE_ARCH_PRCTL: arch_prctl(2) in the tracee's name, by which debuggers find its thread's own memory.
int64_t PtraceRequests::accessThreadBase(Task& task, Task& tracee) {
  user_regs_struct registers = tracee.tracing.registers;
  const uint64_t value = task.arguments[2];
  switch (task.arguments[3]) {
    case ARCH_GET_FS:
      return answerMemory(task, value, &registers.fs_base, kWord);
    case ARCH_GET_GS:
      return answerMemory(task, value, &registers.gs_base, kWord);
    case ARCH_SET_FS:
      registers.fs_base = value;
      break;
    case ARCH_SET_GS:
      registers.gs_base = value;
      break;
    default:
      return -EINVAL;
  }
  return setTraceeRegisters(tracee, registers) == 0 ? 0 : -EPERM;
}

int64_t PtraceRequests::accessRegisterSet(Task& task, Task& tracee) {
  const bool gets = task.arguments[0] == PTRACE_GETREGSET;
  const uint64_t type = static_cast<uint32_t>(task.arguments[2]);
  iovec buffer;
  if (!task.space->memory.readAll(task.arguments[3], &buffer, sizeof buffer)) return -EFAULT;
  const uint64_t place = reinterpret_cast<uint64_t>(buffer.iov_base);
  if (type == NT_PRSTATUS) {
    if (buffer.iov_len % kWord != 0) return -EINVAL;
    buffer.iov_len = std::min(buffer.iov_len, sizeof(user_regs_struct));
    if (gets) {
      const int64_t result = answerMemory(task, place, &tracee.tracing.registers, buffer.iov_len);
      return result != 0 ? result : answerMemory(task, task.arguments[3], &buffer, sizeof buffer);
    }
    user_regs_struct registers = tracee.tracing.registers;
    if (!task.space->memory.readAll(place, &registers, buffer.iov_len)) return -EFAULT;
    const int64_t result = setTraceeRegisters(tracee, registers);
    return result != 0 ? result : answerMemory(task, task.arguments[3], &buffer, sizeof buffer);
  }
  if (!gets && type != NT_PRFPREG && type != kExtendedState) return refuseTracing("a special register set", EINVAL);
  std::vector<uint8_t> bytes(std::min(buffer.iov_len, kLargestSet));
  if (!gets && !task.space->memory.readAll(place, bytes.data(), bytes.size())) return -EFAULT;
  iovec own = {bytes.data(), bytes.size()};
  if (ptrace(asRequest(task.arguments[0]), tracee.tid, type, &own) != 0) return -errno;
  buffer.iov_len = own.iov_len;
  int64_t result = gets ? answerMemory(task, place, bytes.data(), own.iov_len) : recordTraceeState(tracee);
  if (result == 0) result = answerMemory(task, task.arguments[3], &buffer, sizeof buffer);
  return result;
}

// PTRACE_GET_SYSCALL_INFO: the length of what there is to tell.
int64_t PtraceRequests::tellCall(Task& task, const Task& tracee) {
  const Tracing& tracing = tracee.tracing;
  const user_regs_struct& registers = tracing.registers;
  __ptrace_syscall_info info = {};
  info.arch = AUDIT_ARCH_X86_64;
  info.instruction_pointer = registers.rip;
  info.stack_pointer = registers.rsp;
  size_t length = offsetof(__ptrace_syscall_info, entry);
  if (tracing.stop.kind == Tracing::Stop::Kind::callEntry) {
    info.op = PTRACE_SYSCALL_INFO_ENTRY;
    info.entry.nr = registers.orig_rax;
    const uint64_t arguments[6] = {registers.rdi, registers.rsi, registers.rdx,
                                   registers.r10, registers.r8,  registers.r9};
    memcpy(info.entry.args, arguments, sizeof arguments);
    length += sizeof info.entry;
  } else if (tracing.stop.kind == Tracing::Stop::Kind::callExit) {
    const int64_t result = static_cast<int64_t>(registers.rax);
    info.op = PTRACE_SYSCALL_INFO_EXIT;
    info.exit.rval = result;
    info.exit.is_error = isFailure(result) ? 1 : 0;
    length += offsetof(__ptrace_syscall_info, exit.is_error) - offsetof(__ptrace_syscall_info, exit) + 1;
  } else {
    info.op = PTRACE_SYSCALL_INFO_NONE;
  }
  const int64_t result = answerMemory(task, task.arguments[3], &info, std::min<uint64_t>(length, task.arguments[2]));
  return result != 0 ? result : static_cast<int64_t>(length);
}

int64_t PtraceRequests::accessState(Task& task, Task& tracee) {
  Tracing& tracing = tracee.tracing;
  const TraceeMemory& memory = task.space->memory;
  const uint64_t place = task.arguments[3];
  switch (task.arguments[0]) {
    case PTRACE_PEEKUSER:
    case PTRACE_POKEUSER:
      return accessUser(task, tracee);
    case PTRACE_GETREGS:
      return answerMemory(task, place, &tracing.registers, sizeof tracing.registers);
    case PTRACE_SETREGS: {
      user_regs_struct registers;
      if (!memory.readAll(place, &registers, sizeof registers)) return -EFAULT;
      return setTraceeRegisters(tracee, registers);
    }
    case PTRACE_GETFPREGS: {
      user_fpregs_struct registers;
      if (ptrace(PTRACE_GETFPREGS, tracee.tid, 0, &registers) != 0) return -errno;
      return answerMemory(task, place, &registers, sizeof registers);
    }
    case PTRACE_SETFPREGS: {
      user_fpregs_struct registers;
      if (!memory.readAll(place, &registers, sizeof registers)) return -EFAULT;
      if (ptrace(PTRACE_SETFPREGS, tracee.tid, 0, &registers) != 0) return -errno;
      return recordTraceeState(tracee);
    }
    case PTRACE_GETREGSET:
    case PTRACE_SETREGSET:
      return accessRegisterSet(task, tracee);
    case PTRACE_GETSIGINFO:
      if (tracing.stop.info.si_signo == 0) return -EINVAL;
      return answerMemory(task, place, &tracing.stop.info, sizeof(siginfo_t));
    case PTRACE_SETSIGINFO: {
      if (tracing.stop.info.si_signo == 0) return -EINVAL;
      siginfo_t info;
      if (!memory.readAll(place, &info, sizeof info)) return -EFAULT;
      tracing.stop.info = info;
      return 0;
    }
    case PTRACE_SETOPTIONS:
    case kOldSetOptions:
      if ((place & ~uint64_t{PTRACE_O_MASK}) != 0) return -EINVAL;
      if ((place & ~uint64_t{kSupportedOptions}) != 0) return refuseTracing("stops at seccomp filters", EINVAL);
      tracing.options = static_cast<uint32_t>(place);
      return 0;
    case PTRACE_GETEVENTMSG:
      return answerMemory(task, place, &tracing.stop.message, kWord);
    case PTRACE_GETSIGMASK:
    case PTRACE_SETSIGMASK: {
      if (task.arguments[2] != kSignalSetSize) return -EINVAL;
      uint64_t mask = 0;
      const bool gets = task.arguments[0] == PTRACE_GETSIGMASK;
      if (!gets && !memory.readAll(place, &mask, sizeof mask)) return -EFAULT;
      if (ptrace(asRequest(task.arguments[0]), tracee.tid, kSignalSetSize, &mask) != 0) return -errno;
      tracee.signals.stashBlocked = false;
      return gets ? answerMemory(task, place, &mask, sizeof mask) : 0;
    }
    case PTRACE_PEEKSIGINFO:
      return peekSignals(task, tracee);
    case PTRACE_ARCH_PRCTL:
      return accessThreadBase(task, tracee);
    case PTRACE_GET_THREAD_AREA: {
      uint8_t descriptor[kUserDescriptor];
      if (ptrace(asRequest(PTRACE_GET_THREAD_AREA), tracee.tid, task.arguments[2], descriptor) != 0) return -errno;
      return answerMemory(task, place, descriptor, sizeof descriptor);
    }
    case PTRACE_GET_SYSCALL_INFO:
      return tellCall(task, tracee);
    default:
      return refuseTracing(("request " + std::to_string(task.arguments[0])).c_str(), EIO);
  }
}

}  // namespace rr
