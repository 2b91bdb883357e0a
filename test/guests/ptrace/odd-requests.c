// Requests that few debuggers make: extended registers of any length, a thread's own memory, GDT entries, a kill.
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "../guest.h"

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(4);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  static char area[65536];
  struct iovec whole = {area, sizeof area};
  result("extended registers", ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &whole));
  const size_t length = whole.iov_len;
  say("%s\n", length >= 576 && length < sizeof area && length % 8 == 0 ? "as long as they are" : "of another length");
  const size_t lengths[] = {0, 8, 512, 576, 577, 4};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct iovec part = {pageEnd(lengths[i] ? lengths[i] : 1), lengths[i]};
    const long got = ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &part);
    say("%zu bytes: %s, %zu, %d\n", lengths[i], got == 0 ? "ok" : strerrorname_np(errno), part.iov_len,
        got != 0 || memcmp(part.iov_base, area, part.iov_len) == 0);
  }
  struct iovec back = {area, length};
  result("set whole", ptrace(PTRACE_SETREGSET, child, NT_X86_XSTATE, &back));
  back.iov_len = 512;
  result("set in part", ptrace(PTRACE_SETREGSET, child, NT_X86_XSTATE, &back));
  struct iovec bad = {badAddress(), 512};
  result("nowhere", ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &bad));
  result("unknown set", ptrace(PTRACE_GETREGSET, child, 0x7777, &whole));

  uint64_t base = 0;
  struct user_regs_struct registers;
  need(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0);
  result("ARCH_GET_FS", ptrace(PTRACE_ARCH_PRCTL, child, &base, ARCH_GET_FS));
  say("%s\n", base == registers.fs_base && base != 0 ? "its own memory" : "another base");
  result("no such code", ptrace(PTRACE_ARCH_PRCTL, child, &base, 0x9999));
  struct user_desc entry;
  memset(&entry, 0xa5, sizeof entry);
  result("PTRACE_GET_THREAD_AREA", ptrace(PTRACE_GET_THREAD_AREA, child, 12, &entry));
  say("entry %u at %x\n", entry.entry_number, entry.base_addr);
  result("no such entry", ptrace(PTRACE_GET_THREAD_AREA, child, 3, &entry));
  // The kernel's structure ends two words behind the C library's.
  for (long word = 0; word < 4; word++) {
    errno = 0;
    const long got = ptrace(PTRACE_PEEKUSER, child, sizeof(struct user) + 8 * word, 0);
    say("word %ld behind the registers: %s\n", word, errno != 0 ? strerrorname_np(errno) : got == 0 ? "0" : "another");
    errno = 0;
    ptrace(PTRACE_POKEUSER, child, sizeof(struct user) + 8 * word, 0);
    say("set: %s\n", errno != 0 ? strerrorname_np(errno) : "ok");
  }
  result("a request that is none", ptrace(12345, child, 0, 0));

  result("PTRACE_KILL", ptrace(PTRACE_KILL, child, 0, 0));
  reap("child", child);
  result("PTRACE_KILL of nobody", ptrace(PTRACE_KILL, child, 0, 0));
  return 0;
}
