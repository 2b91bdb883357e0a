// Addresses at which a recording has memory of its own are as empty for the program as they are without it: no call
// writes, protects, moves or throws away what is there.
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "../guest.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

// The recorder's page, its code, and what it writes: preload/layout.h.
static char *const places[] = {(char *)0x70000000, (char *)0x70002000, (char *)0x70008000, (char *)0x70010000};

static void byFile(const char *name, char *place) {
  const int memory = open(name, O_RDWR);
  need(memory >= 0);
  result(" pwrite", pwrite(memory, "\xcc", 1, (off_t)place));
  const struct iovec piece = {"\xcc", 1};
  result(" pwritev", pwritev(memory, &piece, 1, (off_t)place));
  need(lseek(memory, (off_t)place, SEEK_SET) == (off_t)place);
  result(" write", write(memory, "\xcc", 1));
  need(close(memory) == 0);
}

static void byCalls(pid_t process, char *place) {
  const struct iovec local = {"\xcc", 1};
  const struct iovec remote = {place, 1};
  result(" process_vm_writev", process_vm_writev(process, &local, 1, &remote, 1, 0));
  result(" mprotect", mprotect(place, pageSize, PROT_READ | PROT_WRITE));
  result(" pkey_mprotect", syscall(SYS_pkey_mprotect, place, pageSize, PROT_NONE, -1));
  result(" madvise", madvise(place, pageSize, MADV_DONTNEED));
  result(" munmap", munmap(place, pageSize));
  result(" mremap", mremap(place, pageSize, pageSize, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
  result(" mseal", syscall(SYS_mseal, place, pageSize, 0) == 0 ? 0 : -1);
}

static void byTracer(pid_t child, char *place) {
  result(" PTRACE_POKEDATA", ptrace(PTRACE_POKEDATA, child, place, 0xccccccccL));
}

int main(void) {
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    say("at %p\n", (void *)places[i]);
    byFile("/proc/self/mem", places[i]);
    byCalls(getpid(), places[i]);
  }
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    need(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
    raise(SIGSTOP);
    say("the child still makes calls\n");
    need(mmap(0, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    _exit(0);
  }
  int status;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  char name[40];
  snprintf(name, sizeof name, "/proc/%d/mem", child);
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    say("of the child, at %p\n", (void *)places[i]);
    byFile(name, places[i]);
    byTracer(child, places[i]);
    const struct iovec local = {"\xcc", 1};
    const struct iovec remote = {places[i], 1};
    result(" process_vm_writev", process_vm_writev(child, &local, 1, &remote, 1, 0));
  }
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  reap("child", child);
  need(mmap(0, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  for (int i = 0; i < 100; i++) getppid();
  return 0;
}
