#include "tracee/time-trap.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>

#include "tracee/clock.h"

namespace rr {

namespace {

// How many of this thread's TimeTrap are active.
thread_local int depth = 0;

std::atomic<uint64_t> handledCount = 0;
struct sigaction previous = {};

bool trapsHere() {
  int mode = PR_TSC_ENABLE;
  return prctl(PR_GET_TSC, &mode) == 0 && mode == PR_TSC_SIGSEGV;
}

bool setTrap(bool on) { return prctl(PR_SET_TSC, on ? PR_TSC_SIGSEGV : PR_TSC_ENABLE) == 0; }

// Length of the rdtsc (0f 31) or rdtscp (0f 01 f9) at an address that a fault tells of; 0: neither.
unsigned timeInstructionAt(uint64_t address) {
  // A jump to no address at all faults in the same way.
  constexpr uint64_t kUserEnd = 1ULL << 47;
  if (address >= kUserEnd - 3) return 0;
  const auto* code = reinterpret_cast<const volatile uint8_t*>(address);
  if (code[0] != 0x0f) return 0;
  if (code[1] == 0x31) return 2;
  return code[1] == 0x01 && code[2] == 0xf9 ? 3 : 0;
}

// Whatever thread it is: thread-local memory need not be there yet in a handler.
void onFault(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  greg_t* const registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  if (info->si_code == SI_KERNEL && trapsHere()) {
    if (const unsigned length = timeInstructionAt(static_cast<uint64_t>(registers[REG_RIP]))) {
      unsigned processor;
      setTrap(false);
      const uint64_t stamp = __rdtscp(&processor);
      setTrap(true);
      registers[REG_RAX] = static_cast<uint32_t>(stamp);
      registers[REG_RDX] = static_cast<greg_t>(stamp >> 32);
      if (length == 3) registers[REG_RCX] = processor;
      registers[REG_RIP] += length;
      handledCount++;
      errno = error;
      return;
    }
  }
  errno = error;
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal);
  // The instruction faults again.
  sigaction(SIGSEGV, &previous, nullptr);
}

// As the vdso's function: 0, or a negative errno.
int clockByCall(clockid_t clock, timespec* time) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(SYS_clock_gettime), "D"(static_cast<long>(clock)), "S"(time)
                   : "rcx", "r11", "memory");
  return static_cast<int>(result);
}

// The C library's pointers to the vdso's clock_gettime (GLRO(dl_vdso_clock_gettime64)) lead to ours from now on. A
// pointer is changed at once: a thread that has read the old one goes on in the vdso. False where there is none.
bool readClockByCalls() {
  void* const vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
  if (vdso == nullptr) return false;
  void* const original = dlsym(vdso, "__vdso_clock_gettime");
  dlclose(vdso);
  void* const constants = dlsym(RTLD_DEFAULT, "_rtld_global_ro");
  Dl_info object;
  const ElfW(Sym)* symbol = nullptr;
  if (original == nullptr || constants == nullptr) return false;
  if (dladdr1(constants, &object, reinterpret_cast<void**>(const_cast<ElfW(Sym)**>(&symbol)), RTLD_DL_SYMENT) == 0 ||
      symbol == nullptr) {
    return false;
  }
  constexpr uintptr_t kPage = 4096;
  bool found = false;
  auto* const words = static_cast<void**>(constants);
  for (size_t i = 0; i < symbol->st_size / sizeof(void*); i++) {
    if (words[i] != original) continue;
    void* const page = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(&words[i]) & ~(kPage - 1));
    // Read-only since the program was loaded (PT_GNU_RELRO).
    if (mprotect(page, kPage, PROT_READ | PROT_WRITE) != 0) return false;
    std::atomic_ref(words[i]).store(reinterpret_cast<void*>(&clockByCall));
    mprotect(page, kPage, PROT_READ);
    found = true;
  }
  return found;
}

// Whether changing the setting, and back, costs so much that it pays to read the clock by calls: where a hypervisor
// traps it. On other machines it costs hardly more than the two calls. Nothing traps in this thread before and
// afterwards.
bool changeIsDear() {
  constexpr int kTimes = 16;
  constexpr uint64_t kDear = 3'000;  // nanoseconds
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < kTimes; i++) {
    const uint64_t before = monotonicNow();
    if (!setTrap(true) || !setTrap(false)) return false;
    least = std::min(least, monotonicNow() - before);
  }
  return least > kDear;
}

// A program that we start has nothing to do with it.
void leaveTrap() { setTrap(false); }

// Whether a trap can be had, pays, and can be lived with.
bool prepare() {
  if (!changeIsDear()) return false;
  struct sigaction action = {};
  action.sa_sigaction = onFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGSEGV, nullptr, &previous) != 0 || sigaction(SIGSEGV, &action, nullptr) != 0) return false;
  if (!setTrap(true)) return false;
  const uint64_t before = handledCount;
  __asm__ volatile("rdtsc" : : : "rax", "rdx");
  const bool traps = handledCount > before;
  setTrap(false);
  if (traps && pthread_atfork(nullptr, nullptr, leaveTrap) == 0 && readClockByCalls()) return true;
  sigaction(SIGSEGV, &previous, nullptr);
  return false;
}

}  // namespace

void TimeTrap::begin() {
  static const bool isPossible = prepare();
  if (isActive_ || !isPossible || !(depth > 0 || setTrap(true))) return;
  depth++;
  isActive_ = true;
}

void TimeTrap::end() {
  if (!isActive_) return;
  isActive_ = false;
  if (--depth == 0) setTrap(false);
}

TimeTrap::Pause::Pause() : trapped_(depth > 0 && setTrap(false)) {}

TimeTrap::Pause::~Pause() {
  if (trapped_) setTrap(true);
}

uint64_t TimeTrap::handled() { return handledCount; }

}  // namespace rr
