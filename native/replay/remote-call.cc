#include "replay/remote-call.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "launcher/replay-stub.h"
#include "tracee/tracee.h"
#include "tracee/wait-for.h"

namespace rr {

namespace {

// Where int3 behind the system call leaves rip.
constexpr uint64_t kBehindTrap = kAfterUntracedSyscall + 1;

// Selectors of 64-bit user code and data (arch/x86/include/asm/segment.h), and flags with interrupts on.
constexpr uint64_t kUserCode = 0x33;
constexpr uint64_t kUserData = 0x2b;
constexpr uint64_t kPlainFlags = 0x202;

// Starts the call and waits for its end. `created` gets the process that an event stop announces.
long callAndWait(pid_t tid, long number, const uint64_t (&arguments)[6], pid_t* created) {
  user_regs_struct call{};
  user_regs_struct now;
  if (!getRegisters(tid, now)) return -ESRCH;
  // What the program has loaded into these may be nothing that ptrace would set again.
  call.fs_base = now.fs_base;
  call.gs_base = now.gs_base;
  call.ds = now.ds;
  call.es = now.es;
  call.fs = now.fs;
  call.gs = now.gs;
  call.rip = kUntracedSyscall;
  call.cs = kUserCode;
  call.ss = kUserData;
  call.eflags = kPlainFlags;
  call.orig_rax = ~0ULL;
  call.rax = static_cast<uint64_t>(number);
  call.rdi = arguments[0];
  call.rsi = arguments[1];
  call.rdx = arguments[2];
  call.r10 = arguments[3];
  call.r8 = arguments[4];
  call.r9 = arguments[5];
  if (!setRegisters(tid, call)) return -ESRCH;
  for (;;) {
    int status;
    if (ptrace(PTRACE_CONT, tid, 0, 0) != 0 || !waitForStop(tid, status)) return -ESRCH;
    const int event = status >> 16;
    if (event == 0 && WSTOPSIG(status) == SIGTRAP) {
      user_regs_struct after;
      if (!getRegisters(tid, after)) return -ESRCH;
      if (after.rip == kBehindTrap) return static_cast<long>(after.rax);
    } else if (event != 0 && event != PTRACE_EVENT_STOP && created) {
      unsigned long message = 0;
      if (ptrace(PTRACE_GETEVENTMSG, tid, 0, &message) != 0) return -ESRCH;
      *created = static_cast<pid_t>(message);
    }
    // Anything else came from outside (SIGSTOP, a group stop): it is dropped, and the call goes on.
  }
}

}  // namespace

long remoteCall(pid_t tid, long number, const uint64_t (&arguments)[6]) {
  return callAndWait(tid, number, arguments, nullptr);
}

pid_t remoteClone(pid_t tid, uint64_t flags) {
  pid_t child = 0;
  const uint64_t arguments[6] = {flags, 0, 0, 0, 0, 0};
  const long result = callAndWait(tid, SYS_clone, arguments, &child);
  if (result < 0) return static_cast<pid_t>(result);
  int status;
  if (child == 0 || !waitForStop(child, status)) return -ESRCH;
  return child;
}

int sendDescriptor(pid_t tid, const TraceeMemory& memory, int socket, int descriptor) {
  // The tracee's data page: message header, one byte of payload, control data.
  struct ReceiveArea {
    msghdr header;
    iovec vector;
    uint64_t payload;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  };
  static_assert(sizeof(ReceiveArea) <= kRuntimeDataSize);

  char byte = 0;
  iovec vector{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* attachment = CMSG_FIRSTHDR(&message);
  attachment->cmsg_level = SOL_SOCKET;
  attachment->cmsg_type = SCM_RIGHTS;
  attachment->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(attachment), &descriptor, sizeof descriptor);
  while (sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) return -errno;
  }

  ReceiveArea area{};
  area.vector = {reinterpret_cast<void*>(kRuntimeData + offsetof(ReceiveArea, payload)), 1};
  area.header.msg_iov = reinterpret_cast<iovec*>(kRuntimeData + offsetof(ReceiveArea, vector));
  area.header.msg_iovlen = 1;
  area.header.msg_control = reinterpret_cast<void*>(kRuntimeData + offsetof(ReceiveArea, control));
  area.header.msg_controllen = sizeof area.control;
  if (!memory.writeAll(kRuntimeData, &area, sizeof area)) return -errno;
  const uint64_t arguments[6] = {static_cast<uint64_t>(replaySocketNumber()), kRuntimeData, MSG_DONTWAIT, 0, 0, 0};
  const long result = remoteCall(tid, SYS_recvmsg, arguments);
  if (result < 0) return static_cast<int>(result);
  if (!memory.readAll(kRuntimeData, &area, sizeof area)) return -errno;
  // No attachment although the message came: the tracee has no free descriptor (MSG_CTRUNC).
  if (area.header.msg_flags & MSG_CTRUNC) return -EMFILE;
  cmsghdr received;
  memcpy(&received, area.control, sizeof received);
  if (received.cmsg_type != SCM_RIGHTS || received.cmsg_len != CMSG_LEN(sizeof(int))) return -EBADMSG;
  int number;
  memcpy(&number, area.control + CMSG_LEN(0), sizeof number);
  return number;
}

int installRuntime(pid_t tid, const TraceeMemory& memory, const RuntimeImage& image) {
  constexpr uint64_t kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  const uint64_t code[6] = {RR_CODE, RR_CODE_SIZE, PROT_READ | PROT_EXEC, kFlags, ~0ULL, 0};
  const uint64_t writable[6] = {RR_WRITABLE, RR_WRITABLE_SIZE, PROT_READ | PROT_WRITE, kFlags, ~0ULL, 0};
  const auto map = [&](const uint64_t(&arguments)[6]) -> int {
    const long result = remoteCall(tid, SYS_mmap, arguments);
    if (result == static_cast<long>(arguments[0])) return 0;
    return result < 0 ? static_cast<int>(result) : -EINVAL;
  };
  if (const int error = map(code)) return error;
  if (const int error = map(writable)) return error;
  rr_locals locals = {};
  locals.entry = image.header().replayEntry;
  locals.timeEntry = image.header().replayTimeEntry;
  locals.timeAuxEntry = image.header().replayTimeAuxEntry;
  if (!memory.writeAll(RR_CODE, image.code().data(), image.code().size())) return -errno;
  if (!memory.writeAll(RR_LOCALS, &locals, sizeof locals)) return -errno;
  return 0;
}

}  // namespace rr
