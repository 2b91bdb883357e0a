#include "tracee/execution-breakpoint.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracee/breakpoint.h"
#include "tracee/wait-for.h"

namespace rr {

namespace {

constexpr uint8_t kInt3 = 0xcc;

__attribute__((noinline)) void passed() { __asm__ volatile("" ::: "memory"); }

bool tryDebugRegisters() {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    kill(getpid(), SIGSTOP);
    passed();
    _exit(0);
  }
  int status = 0;
  const uint64_t address = reinterpret_cast<uint64_t>(&passed);
  bool works = false;
  if (waitForStop(child, status) && setBreakpoint(child, address) && ptrace(PTRACE_CONT, child, 0, 0) == 0) {
    user_regs_struct registers = {};
    works = waitForStop(child, status) && getRegisters(child, registers) && registers.rip == address;
  }
  if (WIFSTOPPED(status)) {
    kill(child, SIGKILL);
    waitFor(child, status);
  }
  return works;
}

}  // namespace

bool debugRegistersStop() {
  static const bool stop = tryDebugRegisters();
  return stop;
}

bool ExecutionBreakpoint::set(pid_t tid, const TraceeMemory& memory, uint64_t address) {
  clear(tid);
  memory_ = &memory;
  address_ = address;
  isInstruction_ = !debugRegistersStop();
  if (isInstruction_) {
    isSet_ = memory.readAll(address, &own_, 1) && memory.writeAll(address, &kInt3, 1);
  } else {
    isSet_ = setBreakpoint(tid, address);
  }
  return isSet_;
}

void ExecutionBreakpoint::clear(pid_t tid) {
  if (!isSet_) return;
  isSet_ = false;
  if (!isInstruction_) return clearBreakpoint(tid);
  // Code that was mapped or written anew meanwhile has no int3 of ours.
  if (memory_->readValue<uint8_t>(address_) == kInt3) memory_->writeAll(address_, &own_, 1);
}

// A debug register shows by the siginfo and not by DR6, which is empty now and then: under load some hypervisors
// deliver one #DB in 10^5 with no bit set there. The kernel takes that for `int1` and says TRAP_BRKPT. `int3` says
// SI_KERNEL.
bool ExecutionBreakpoint::isHit(pid_t tid, const siginfo_t& info, user_regs_struct& registers) const {
  if (!isSet_) return false;
  if (!isInstruction_) {
    return registers.rip == address_ && (info.si_code == TRAP_HWBKPT || info.si_code == TRAP_BRKPT);
  }
  if (registers.rip != address_ + 1 || info.si_code != SI_KERNEL) return false;
  registers.rip = address_;
  return setRegisters(tid, registers);
}

std::span<const uint8_t> ExecutionBreakpoint::hidden() const {
  if (!isSet_ || !isInstruction_) return {};
  return {&own_, 1};
}

}  // namespace rr
