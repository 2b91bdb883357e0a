// Interrupts a task that runs into an int3 all the time: it is never shown between the int3 and its trap.
#include <signal.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cstdio>

#include "replay/stops.h"
#include "tracee/tracee.h"

extern "C" const char loopStart[], loopBreakpoint[], loopBehind[];

// Code that is behind the int3 is never gone to: the tracer takes the task back to the start.
__asm__(
    ".globl loopStart, loopBreakpoint, loopBehind\n"
    "loopStart: lea 1(%rax), %rax\n"
    "loopBreakpoint: int3\n"
    "loopBehind: ud2\n");

namespace {

constexpr int kRounds = 20'000;
// Turns of a loop; more than it takes the task to come to the int3.
constexpr int kLongestWait = 60000;

uint64_t addressOf(const char* label) { return reinterpret_cast<uint64_t>(label); }

int fail(const char* what, int status) {
  std::printf("%s: status 0x%x, errno %m\n", what, static_cast<unsigned>(status));
  return 1;
}

}  // namespace

int main() {
  const pid_t tid = fork();
  if (tid == 0) {
    for (;;) pause();
  }
  int status = 0;
  if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_EXITKILL) != 0 || ptrace(PTRACE_INTERRUPT, tid, 0, 0) != 0) {
    return fail("cannot trace a child", status);
  }
  user_regs_struct found;
  status = rr::waitForStop(tid, found);
  found.rip = addressOf(loopStart);
  int traps = 0, interrupts = 0, atBreakpoint = 0, between = 0;
  unsigned random = 1;
  for (int round = 0; round < kRounds; round++) {
    const user_regs_struct next = found;
    user_regs_struct registers = next;
    registers.orig_rax = ~0ULL;
    if (!rr::setRegisters(tid, registers) ||
        ptrace(static_cast<__ptrace_request>(rr::Resume::kSysemu), tid, 0, 0) != 0) {
      return fail("cannot resume", status);
    }
    random = random * 1664525u + 1013904223u;
    for (volatile unsigned wait = random % kLongestWait; wait > 0;) wait = wait - 1;
    ptrace(PTRACE_INTERRUPT, tid, 0, 0);
    status = rr::waitForStop(tid, found);
    if (status < 0 || !WIFSTOPPED(status)) return fail("the child is gone", status);
    if (rr::isTrap(status)) {
      traps++;
      found.rip = addressOf(loopStart);
    } else {
      interrupts++;
      if (found.rip == addressOf(loopBreakpoint)) atBreakpoint++;
      if (found.rip == addressOf(loopBehind)) {
        between++;
        found.rip = addressOf(loopStart);
      }
    }
  }
  kill(tid, SIGKILL);
  std::printf("%d between\n", between);
  std::fprintf(stderr, "%d traps, %d interrupts, %d at the breakpoint\n", traps, interrupts, atBreakpoint);
  return traps > 0 && interrupts > 0 ? 0 : 1;
}
