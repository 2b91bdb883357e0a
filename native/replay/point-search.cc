#include "replay/point-search.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <vector>

namespace rr {

namespace {

constexpr int kHitsAtOnce = 4096;
constexpr uint64_t kResumeFlag = 1 << 16;  // RF: the breakpoint at rip does not act on the next instruction
constexpr uint64_t kTrapFlag = 1 << 8;

uint64_t debugOffset(size_t index) { return offsetof(struct user, u_debugreg) + index * sizeof(uint64_t); }

// Breakpoint 0 on execution of `address`; DR7 of Intel SDM volume 3, 18.2.4.
bool setBreakpoint(pid_t tid, uint64_t address) {
  return ptrace(PTRACE_POKEUSER, tid, debugOffset(0), address) == 0 &&
         ptrace(PTRACE_POKEUSER, tid, debugOffset(7), 1) == 0;
}

void clearBreakpoint(pid_t tid) { ptrace(PTRACE_POKEUSER, tid, debugOffset(7), 0); }

// By the siginfo and not by DR6: the kernel's copy of that is not updated when hits come faster than
// kernel.perf_event_max_sample_rate, while the signal is sent all the same.
bool hitBreakpoint(pid_t tid, const user_regs_struct& found, uint64_t address) {
  siginfo_t info = {};
  return found.rip == address && ptrace(PTRACE_GETSIGINFO, tid, 0, &info) == 0 && info.si_code == TRAP_HWBKPT;
}

bool sameRegisters(user_regs_struct a, user_regs_struct b) {
  a.orig_rax = b.orig_rax = 0;
  a.eflags &= ~(kResumeFlag | kTrapFlag);
  b.eflags &= ~(kResumeFlag | kTrapFlag);
  return memcmp(&a, &b, sizeof a) == 0;
}

// 1: equal, 0: not, -1: malformed.
int sameMemory(const TraceeMemory& memory, const uint8_t* pieces, size_t length) {
  std::vector<uint8_t> bytes;
  size_t at = 0;
  while (at < length) {
    uint64_t header[2];
    if (length - at < sizeof header) return -1;
    memcpy(header, pieces + at, sizeof header);
    at += sizeof header;
    if (header[1] > length - at) return -1;
    bytes.resize(header[1]);
    if (!memory.readAll(header[0], bytes.data(), bytes.size())) return 0;
    if (memcmp(bytes.data(), pieces + at, bytes.size()) != 0) return 0;
    at += (header[1] + 7) & ~uint64_t{7};
  }
  return 1;
}

bool sameXsave(pid_t tid, const uint8_t* expected, size_t length) {
  if (length == 0) return true;
  std::vector<uint8_t> area;
  if (!getXsave(tid, area) || area.size() != length) return false;
  // XSTATE_BV, bytes 512 to 519: whether a component is marked in use while it holds its initial value is not state.
  constexpr size_t kHeader = 512;
  if (length < kHeader + 8) return memcmp(area.data(), expected, length) == 0;
  return memcmp(area.data(), expected, kHeader) == 0 &&
         memcmp(area.data() + kHeader + 8, expected + kHeader + 8, length - kHeader - 8) == 0;
}

int compare(pid_t tid, const TraceeMemory& memory, const PointState& state, const user_regs_struct& found) {
  if (!sameRegisters(found, state.registers)) return 0;
  const int same = sameMemory(memory, state.memory, state.memoryLength);
  if (same != 1) return same;
  return sameXsave(tid, state.xsave, state.xsaveLength) ? 1 : 0;
}

}  // namespace

int searchPoint(pid_t tid, const TraceeMemory& memory, PointStart start, const user_regs_struct& next,
                const PointState& state, user_regs_struct& found, uint64_t& hits) {
  user_regs_struct from = next;
  if (start == PointStart::kStanding) {
    const int same = compare(tid, memory, state, from);
    if (same < 0) return kPointBadState;
    if (same == 1) {
      found = from;
      return kPointFound;
    }
  }
  bool running = start == PointStart::kRunning;
  if (!running && !setBreakpoint(tid, state.registers.rip)) return -errno;
  for (int i = 0; i < kHitsAtOnce; i++) {
    if (from.rip == state.registers.rip) from.eflags |= kResumeFlag;
    const int status = running ? waitForStop(tid, found) : resumeToStop(tid, Resume::kSysemu, 0, from, found);
    if (status == -EINTR) return status;
    running = false;
    const bool trapped = status >= 0 && WIFSTOPPED(status) && status >> 8 == SIGTRAP;
    if (!trapped || !hitBreakpoint(tid, found, state.registers.rip)) {
      if (status >= 0 && WIFSTOPPED(status)) clearBreakpoint(tid);
      return status;
    }
    found.eflags &= ~kResumeFlag;
    hits++;
    const int same = compare(tid, memory, state, found);
    if (same != 0) {
      clearBreakpoint(tid);
      return same == 1 ? kPointFound : kPointBadState;
    }
    from = found;
  }
  clearBreakpoint(tid);
  return kPointGoOn;
}

}  // namespace rr
