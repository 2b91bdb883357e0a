// The table of processors, and TickCounter with a breakpoint event as its counter: what it counts is known exactly.
#include "counter/tick-counter.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "counter/microarchitecture.h"

namespace {

int failures = 0;

void check(bool holds, const char* what, unsigned long long found = 0) {
  if (holds) return;
  failures++;
  printf("failed: %s (%llu)\n", what, found);
}

__attribute__((noinline)) void counted() { __asm__ volatile("" ::: "memory"); }

void pass(int times) {
  for (int i = 0; i < times; i++) counted();
}

rr::CounterSpec passesOfCounted() {
  rr::CounterSpec spec;
  spec.type = PERF_TYPE_BREAKPOINT;
  spec.address = reinterpret_cast<uint64_t>(&counted);
  spec.skid = 1;
  return spec;
}

rr::TickCounter openOn(pid_t tid) {
  rr::TickCounter counter;
  std::string error;
  if (!counter.open(tid, passesOfCounted(), error)) {
    printf("failed: %s\n", error.c_str());
    exit(1);
  }
  return counter;
}

const char* nameOf(const char* vendor, uint32_t signature) {
  rr::ProcessorId id;
  id.vendor = vendor;
  rr::decodeSignature(signature, id);
  const rr::Microarchitecture* found = rr::findMicroarchitecture(id);
  return found ? found->name : "";
}

void tableKnowsProcessors() {
  const struct {
    const char* vendor;
    uint32_t signature;  // CPUID leaf 1, EAX
    const char* name;
  } processors[] = {
      {"GenuineIntel", 0x000106a5, "nehalem"},
      {"GenuineIntel", 0x000306c3, "haswell"},
      {"GenuineIntel", 0x00050654, "skylake"},
      {"GenuineIntel", 0x000906ea, "kabylake"},
      {"GenuineIntel", 0x000606a6, "icelake"},
      {"GenuineIntel", 0x000a0671, "rocketlake"},
      {"GenuineIntel", 0x000806f8, "sapphirerapids"},
      {"GenuineIntel", 0x00000f43, ""},  // Pentium 4
      {"GenuineIntel", 0x000006fb, ""},  // Core 2
      {"AuthenticAMD", 0x00800f11, "zen"},
      {"AuthenticAMD", 0x00830f10, "zen2"},
      {"AuthenticAMD", 0x00a20f12, "zen3"},
      {"AuthenticAMD", 0x00a10f11, "zen4"},
      {"AuthenticAMD", 0x00b40f40, "zen5"},
      {"AuthenticAMD", 0x00600f20, ""},  // Piledriver
      {"CentaurHauls", 0x000006fe, ""},
  };
  for (const auto& each : processors) {
    const std::string found = nameOf(each.vendor, each.signature);
    if (found == each.name) continue;
    failures++;
    printf("failed: %s %08x is \"%s\", found \"%s\"\n", each.vendor, each.signature, each.name, found.c_str());
  }
  for (const rr::Microarchitecture& each : rr::allMicroarchitectures()) {
    check(rr::findMicroarchitecture(std::string_view(each.name)) == &each, each.name);
    check(each.event != 0 && each.skid > 0, each.name);
    check(each.specLockMap == (std::string_view(each.eventName) == "ex_ret_cond"), each.name);
  }
  check(rr::findMicroarchitecture(std::string_view("pentium")) == nullptr, "an unknown name");
}

void countsExactly() {
  rr::TickCounter counter = openOn(0);
  check(counter.read() == 0, "starts at zero");
  pass(1234);
  check(counter.read() == 1234, "each pass counts once", counter.read().value_or(~0ULL));
  check(counter.disable(), "disable");
  pass(10);
  check(counter.enable(), "enable");
  pass(6);
  check(counter.read() == 1240, "what passes while it is off does not count", counter.read().value_or(~0ULL));
  check(counter.reset() && counter.read() == 0, "reset");
  pass(3);
  rr::TickCounter moved = std::move(counter);
  check(!counter.isOpen() && moved.read() == 3, "moved");
}

void leavesChildrenOut() {
  rr::TickCounter counter = openOn(0);
  pass(5);
  const pid_t child = fork();
  if (child == 0) {
    pass(100);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  check(counter.read() == 5, "a child's passes do not count", counter.read().value_or(~0ULL));
}

rr::TickCounter* interrupting = nullptr;
volatile uint64_t interruptedAt[16];
volatile int interrupts = 0;

void noteInterrupt(int) {
  if (interrupts < 16) interruptedAt[interrupts] = interrupting->read().value_or(~0ULL);
  interrupts = interrupts + 1;
}

void interruptsOwnThread() {
  rr::TickCounter counter = openOn(0);
  interrupting = &counter;
  struct sigaction action = {};
  action.sa_handler = noteInterrupt;
  sigaction(SIGUSR1, &action, nullptr);
  pass(7);  // what was counted before does not shorten the period
  check(counter.interruptAfter(1000, gettid(), SIGUSR1), "interruptAfter", static_cast<unsigned>(errno));
  pass(999);
  check(interrupts == 0, "not before its time", static_cast<unsigned>(interrupts));
  pass(2001);
  check(interrupts == 3, "once a period", static_cast<unsigned>(interrupts));
  check(interruptedAt[0] == 1007 && interruptedAt[1] == 2007 && interruptedAt[2] == 3007, "at the very tick",
        interruptedAt[0]);
  check(counter.stopInterrupts(), "stopInterrupts");
  pass(3000);
  check(interrupts == 3, "none after that", static_cast<unsigned>(interrupts));
  check(counter.read() == 6007, "the count goes on", counter.read().value_or(~0ULL));
}

// Some virtual machines hand a breakpoint event's exception on to the program now and then, where it was taken from its
// processor meanwhile. It is the stand-in's alone: counters raise none. The count must be right all the same.
bool isStrayTrap(pid_t child, int status) {
  siginfo_t info = {};
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) return false;
  return ptrace(PTRACE_GETSIGINFO, child, 0, &info) == 0 && (info.si_code == TRAP_HWBKPT || info.si_code == TRAP_BRKPT);
}

// To the tracee's next stop or its end: its status.
int runOn(pid_t child) {
  int status = 0;
  do {
    ptrace(PTRACE_CONT, child, 0, 0);
    waitpid(child, &status, 0);
  } while (isStrayTrap(child, status));
  return status;
}

// As replay does: the overflow stops another process, which the tracer has told how far to run.
void stopsTracee() {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    pass(100000);
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  rr::TickCounter counter = openOn(child);
  const uint64_t places[] = {1, 2, 100, 101, 5000, 99999};
  uint64_t done = 0;
  for (const uint64_t place : places) {
    check(counter.interruptAfter(place - done, child, SIGSTKFLT), "interruptAfter in a tracee");
    status = runOn(child);
    check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTKFLT, "stopped by the overflow",
          static_cast<unsigned>(status));
    check(counter.read() == place, "the count at the stop", counter.read().value_or(~0ULL));
    user_regs_struct registers;
    ptrace(PTRACE_GETREGS, child, 0, &registers);
    check(registers.rip == passesOfCounted().address, "the place of the stop", registers.rip);
    done = place;
  }
  check(counter.stopInterrupts(), "stopInterrupts in a tracee");
  status = runOn(child);
  check(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the tracee ends", static_cast<unsigned>(status));
  check(counter.read() == 100000, "the count of a task that is gone", counter.read().value_or(~0ULL));
}

void saysWhatFailed() {
  rr::TickCounter counter;
  std::string error;
  rr::CounterSpec spec = passesOfCounted();
  spec.address = 0xffff'8000'0000'0000;  // not the user's
  check(!counter.open(0, spec, error), "a breakpoint in the kernel");
  check(error.find("0xffff800000000000") != std::string::npos, error.c_str());
  check(!counter.isOpen() && !counter.read(), "nothing is open");
  check(!counter.open(0x7fffffff, passesOfCounted(), error), "a task that is not there");
  check(error.find("task 2147483647: No such process") != std::string::npos, error.c_str());
}

}  // namespace

int main() {
  tableKnowsProcessors();
  countsExactly();
  leavesChildrenOut();
  interruptsOwnThread();
  stopsTracee();
  saysWhatFailed();
  printf("%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
