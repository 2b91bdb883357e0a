#include "launcher/replay-stub.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/replay-filter.h"

// As in native/tracee/tracee.h.
static const uintptr_t runtimePage = 0x70000000;
static const uintptr_t runtimeData = 0x70001000;
static const size_t pageSize = 0x1000;

// Where the replayer waits; it has closed standard error.
static int replayer = STDERR_FILENO;

static int fail(const char *what) {
  dprintf(replayer, "%s: %s", what, strerror(errno));
  return 1;
}

static int mapRuntimePages(void) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  unsigned char *code = mmap((void *)runtimePage, pageSize, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (code != (unsigned char *)runtimePage) return -1;
  static const unsigned char untracedSyscall[] = {0x0f, 0x05, 0xcc};  // syscall; int3
  memcpy(code, untracedSyscall, sizeof untracedSyscall);
  if (mprotect(code, pageSize, PROT_READ | PROT_EXEC) != 0) return -1;
  void *data = mmap((void *)runtimeData, pageSize, PROT_READ | PROT_WRITE, flags, -1, 0);
  return data == (void *)runtimeData ? 0 : -1;
}

// A limit that stops the tracee would be a difference from the recording: replay has the results already.
static void raiseLimits(void) {
  static const int resources[] = {RLIMIT_AS,      RLIMIT_DATA,   RLIMIT_STACK, RLIMIT_CPU,
                                  RLIMIT_MEMLOCK, RLIMIT_NOFILE, RLIMIT_NPROC};
  for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
    struct rlimit limit;
    if (getrlimit(resources[i], &limit) != 0) continue;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(resources[i], &limit);
  }
  // One byte and not none: it also keeps the dump from a program that core_pattern names (do_coredump() in the kernel).
  const struct rlimit noCore = {1, 1};
  setrlimit(RLIMIT_CORE, &noCore);
}

// What a trace makes a replay use shall cost nobody else: ended first when memory runs out (proc_pid_oom_score_adj(5)).
static void volunteerForMemory(void) {
  static const char most[] = "1000";
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t written = write(file, most, sizeof most - 1);
  (void)written;  // without it the kernel chooses as it always does
  close(file);
}

// Programs ask before they use the tiles of AMX (arch_prctl(2), ARCH_REQ_XCOMP_PERM; component 18 holds the tiles'
// data), each process for all its threads. Here all inherit the permission; a kernel or processor without them says no.
static void permitTiles(void) {
  static const long request = 0x1023;
  static const long tileData = 18;
  syscall(SYS_arch_prctl, request, tileData);
}

// What the C library has registered with the kernel points into memory that is about to go: the kernel would write
// there when the process is preempted (rseq) or ends (clear_child_tid, robust list). Restartable sequences are kept
// off by the environment that the tracer gives (GLIBC_TUNABLES=glibc.pthread.rseq=0).
static int unregisterThread(void) {
  if (__rseq_size != 0) {
    errno = EBUSY;
    return -1;
  }
  if (syscall(SYS_set_robust_list, NULL, 24) != 0) return -1;
  syscall(SYS_set_tid_address, NULL);
  return 0;
}

// Signals from outside are nobody's business in a replay. Those that instructions raise are forced by the kernel, which
// unblocks them. A counter's overflow (native/replay/tick-target.h) comes by SIGSTKFLT.
static void blockSignals(void) {
  sigset_t all;
  sigfillset(&all);
  sigdelset(&all, SIGSTKFLT);
  sigprocmask(SIG_SETMASK, &all, NULL);
}

// A container's profile may be older than close_range(2).
static int closeRange(unsigned first, unsigned last) {
  if (syscall(SYS_close_range, first, last, 0) == 0) return 0;
  if (errno != EPERM && errno != ENOSYS) return -1;
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return -1;
  for (unsigned number = first; number <= last && number < files.rlim_max; number++) close((int)number);
  return 0;
}

int runReplayStub(int argc, char **argv) {
  const int socket = argc > 1 ? atoi(argv[1]) : -1;
  if (socket < 3) {
    errno = EINVAL;
    return fail("rr: replay stub: expected the number of a socket");
  }
  replayer = socket;
  if (mapRuntimePages() != 0) return fail("cannot map pages at 0x70000000");
  if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV) != 0) return fail("cannot make rdtsc trap (PR_SET_TSC)");
  if (unregisterThread() != 0) return fail("cannot unregister from restartable sequences or the robust list");
  raiseLimits();
  volunteerForMemory();
  permitTiles();
  // Out of the terminal's reach: Ctrl-C is for the replayer.
  setsid();
  blockSignals();
  // Replay works from any directory, and keeps none busy.
  if (chdir("/") != 0) return fail("cannot change to the root directory");
  const int number = replaySocketNumber();
  if (dup2(socket, number) != number) return fail("cannot move the socket to a high descriptor");
  replayer = number;
  char go;
  if (read(number, &go, 1) != 1) return fail("the replayer has gone");
  if (closeRange(number + 1, ~0U) != 0 || closeRange(0, number - 1) != 0) {
    return fail("cannot close the inherited descriptors");
  }
  // The tracer's wall must do then. What it finds on the socket at the handing over is a warning.
  if (installReplayFilter(number) != 0) dprintf(number, "%s", strerror(errno));
  __asm__ volatile("int3");
  // Never reached: the tracer resumes elsewhere.
  return 1;
}
