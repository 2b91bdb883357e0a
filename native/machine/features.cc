#include "machine/features.h"

#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "counter/tick-counter.h"
#include "tracee/execution-breakpoint.h"
#include "tracee/page-tracking.h"

namespace rr {

namespace {

MachineFeature worked(const char* name, std::string detail = {}) { return {name, true, std::move(detail)}; }

MachineFeature failed(const char* name, const std::string& what, int error) {
  return {name, false, what + ": " + strerror(error)};
}

std::string ending(int status) {
  if (WIFSIGNALED(status)) return std::string("ended by signal SIG") + sigabbrev_np(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

// Runs `body` in a child, which makes system calls only: this process has other threads. Gives the wait status.
template <typename Body>
int inChild(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int signal : {SIGSEGV, SIGSYS, SIGTRAP}) {
      struct sigaction action = {};
      action.sa_handler = SIG_DFL;
      sigaction(signal, &action, nullptr);
    }
    prctl(PR_SET_DUMPABLE, 0);  // no core file
    _exit(body());
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, __WALL) < 0 && errno == EINTR) {
  }
  return child > 0 ? status : W_EXITCODE(errno, 0);
}

MachineFeature timeStampTrap() {
  constexpr const char* kName = "rdtsc trap (PR_SET_TSC)";
  const int status = inChild([] {
    if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV) != 0) return errno;
    static_cast<void>(__rdtsc());
    return 0;
  });
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) return worked(kName);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) return failed(kName, "prctl", WEXITSTATUS(status));
  return {kName, false, "rdtsc does not trap: " + ending(status)};
}

MachineFeature cpuidFaulting() {
  constexpr const char* kName = "CPUID faulting";
  const int status = inChild([] {
    if (syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0) != 0) return errno;
    unsigned a = 0, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return 0;
  });
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) return worked(kName);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
    return failed(kName, "arch_prctl(ARCH_SET_CPUID)", WEXITSTATUS(status));
  return {kName, false, "cpuid does not trap: " + ending(status)};
}

MachineFeature writeTracking() {
  constexpr const char* kName = "userfaultfd WP_ASYNC";
  const int descriptor = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
  if (descriptor < 0) return failed(kName, "userfaultfd", errno);
  uffdio_api request = {};
  request.api = UFFD_API;
  request.features = kFeatureWriteProtectAsync;
  const int error = ioctl(descriptor, UFFDIO_API, &request) == 0 ? 0 : errno;
  close(descriptor);
  return error == 0 ? worked(kName) : failed(kName, "UFFDIO_API", error);
}

MachineFeature pagemapScan() {
  constexpr const char* kName = "PAGEMAP_SCAN";
  const int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed(kName, "/proc/self/pagemap", errno);
  PageRegion region = {};
  const uint64_t page = reinterpret_cast<uint64_t>(&region) & ~4095ULL;
  PagemapScan scan = {};
  scan.size = sizeof scan;
  scan.start = page;
  scan.end = page + 4096;
  scan.regions = reinterpret_cast<uint64_t>(&region);
  scan.regionCount = 1;
  scan.mask = scan.returnMask = kPageIsPresent;
  const long found = ioctl(file, kPagemapScan, &scan);
  const int error = errno;
  close(file);
  if (found < 0) return failed(kName, "ioctl", error);
  return found == 1 ? worked(kName) : MachineFeature{kName, false, "a page that is there is not found"};
}

__attribute__((noinline)) void passed() { __asm__ volatile("" ::: "memory"); }

MachineFeature breakpointEvents() {
  constexpr const char* kName = "perf breakpoint events";
  CounterSpec spec;
  spec.type = PERF_TYPE_BREAKPOINT;
  spec.address = reinterpret_cast<uint64_t>(&passed);
  TickCounter counter;
  std::string error;
  if (!counter.open(0, spec, error)) return {kName, false, error};
  for (int i = 0; i < 3; i++) passed();
  const uint64_t count = counter.read().value_or(0);
  if (count == 3) return worked(kName);
  return {kName, false, "counted " + std::to_string(count) + " of 3 passes"};
}

MachineFeature debugRegisters() {
  constexpr const char* kName = "debug registers";
  if (debugRegistersStop()) return worked(kName);
  return {kName, false, "a breakpoint does not stop: int3 is used instead"};
}

MachineFeature seccompTrace() {
  constexpr const char* kName = "seccomp filters that stop (SECCOMP_RET_TRACE)";
  const uint32_t action = SECCOMP_RET_TRACE;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0) return failed(kName, "seccomp", errno);
  const int status = inChild([] {
    sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program = {1, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
  });
  if (status == 0) return worked(kName);
  return WIFEXITED(status) ? failed(kName, "PR_SET_SECCOMP", WEXITSTATUS(status))
                           : MachineFeature{kName, false, ending(status)};
}

}  // namespace

std::vector<MachineFeature> probeMachine() {
  return {debugRegisters(), seccompTrace(), timeStampTrap(),   cpuidFaulting(),
          writeTracking(),  pagemapScan(),  breakpointEvents()};
}

}  // namespace rr
