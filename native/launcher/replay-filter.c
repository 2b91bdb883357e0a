#include "launcher/replay-filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layout.h"

enum { kMostInstructions = 96 };

// Where the tracer's calls leave rip.
static const uint32_t behindCall = RR_UNTRACED + 2;

// arch_prctl(2), ARCH_SET_CPUID.
static const uint32_t setCpuid = 0x1012;
// modify_ldt(2): writes an entry, in the old and in the new way.
static const uint32_t writeTable = 1;
static const uint32_t writeTableNew = 0x11;

// What mappings are made with in a replay (engine/replay/map-records.ts and its neighbours).
static const uint32_t mapFlags = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_NORESERVE |
                                 MAP_POPULATE | MAP_FIXED_NOREPLACE;
// A process for each task: its memory may be shared, its parent is the replayer, which traces it.
static const uint32_t cloneFlags = CLONE_VM | CLONE_PARENT;

// The vsyscall page (arch/x86/entry/vsyscall/vsyscall_64.c): the kernel makes these calls for who jumps there.
static const uint32_t vsyscallPage = 0xff600000;
static const uint32_t vsyscallPageTop = 0xffffffff;

struct Filter {
  struct sock_filter instructions[kMostInstructions];
  unsigned short count;
};

static void add(struct Filter *filter, unsigned code, uint32_t value, unsigned whenTrue, unsigned whenFalse) {
  const struct sock_filter instruction = {(uint16_t)code, (uint8_t)whenTrue, (uint8_t)whenFalse, value};
  filter->instructions[filter->count++] = instruction;
}

static void answer(struct Filter *filter, uint32_t action) { add(filter, BPF_RET | BPF_K, action, 0, 0); }

static void load(struct Filter *filter, size_t offset) {
  add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static size_t lowerHalf(unsigned argument) { return offsetof(struct seccomp_data, args) + 8 * argument; }

// For the number that is loaded: allows the call, whatever its arguments.
static void allow(struct Filter *filter, uint32_t number) {
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
  answer(filter, SECCOMP_RET_ALLOW);
}

// The same, if the lower half of an argument is one of two values, and the upper half is zero.
static void allowValues(struct Filter *filter, uint32_t number, unsigned argument, uint32_t one, uint32_t other) {
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 7);
  load(filter, lowerHalf(argument) + 4);
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4);
  load(filter, lowerHalf(argument));
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, one, 1, 0);
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, other, 0, 1);
  answer(filter, SECCOMP_RET_ALLOW);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
}

// The same, if an argument has no bits but these.
static void allowBits(struct Filter *filter, uint32_t number, unsigned argument, uint32_t bits) {
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 6);
  load(filter, lowerHalf(argument) + 4);
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
  load(filter, lowerHalf(argument));
  add(filter, BPF_JMP | BPF_JSET | BPF_K, ~bits, 1, 0);
  answer(filter, SECCOMP_RET_ALLOW);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
}

// The call that an entry of the vsyscall page stands for.
static void allowVsyscall(struct Filter *filter, uint32_t offset, uint32_t number) {
  load(filter, offsetof(struct seccomp_data, instruction_pointer));
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, vsyscallPage + offset, 0, 3);
  load(filter, offsetof(struct seccomp_data, nr));
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
  answer(filter, SECCOMP_RET_ALLOW);
}

static void build(struct Filter *filter, int socketNumber) {
  load(filter, offsetof(struct seccomp_data, arch));
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
  load(filter, offsetof(struct seccomp_data, instruction_pointer) + 4);
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, vsyscallPageTop, 0, 16);
  allowVsyscall(filter, 0x000, SYS_gettimeofday);
  allowVsyscall(filter, 0x400, SYS_time);
  allowVsyscall(filter, 0x800, SYS_getcpu);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
  load(filter, offsetof(struct seccomp_data, instruction_pointer));
  add(filter, BPF_JMP | BPF_JEQ | BPF_K, behindCall, 1, 0);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
  load(filter, offsetof(struct seccomp_data, nr));
  allowBits(filter, SYS_mmap, 3, mapFlags);
  allow(filter, SYS_munmap);
  allow(filter, SYS_mprotect);
  allow(filter, SYS_pkey_mprotect);
  allow(filter, SYS_pkey_alloc);
  allow(filter, SYS_pkey_free);
  allow(filter, SYS_mremap);
  allow(filter, SYS_madvise);
  allowBits(filter, SYS_clone, 0, cloneFlags);
  allowValues(filter, SYS_recvmsg, 0, (uint32_t)socketNumber, (uint32_t)socketNumber);
  allow(filter, SYS_close);
  allowValues(filter, SYS_arch_prctl, 0, setCpuid, setCpuid);
  allowValues(filter, SYS_modify_ldt, 0, writeTable, writeTableNew);
  answer(filter, SECCOMP_RET_KILL_PROCESS);
}

int installReplayFilter(int socketNumber) {
  static struct Filter filter;
  filter.count = 0;
  build(&filter, socketNumber);
  const struct sock_fprog program = {filter.count, filter.instructions};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  // Before Linux 5.16 a filter turns speculation off by default, which would make the program's own code slower.
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0) return 0;
  if (errno == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return 0;
  // A container's profile may know the older door only.
  if (errno != EPERM && errno != ENOSYS) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
