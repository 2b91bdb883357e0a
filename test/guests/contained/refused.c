// Calls that a filter from outside refuses or does not know, from sites of libc's that are patched and from one of the
// program's own memory, which is not: everywhere they fail, and the calls between are as ever.
#include <linux/kcmp.h>

#include "../buffered-calls.h"

typedef long (*call)(long number, long first, long second, long third);

// The same code where the recorder patches nothing: memory that can be written.
static call copied(void) {
  static const uint8_t code[] = {0x48, 0x89, 0xf8,   // mov %rdi, %rax
                                 0x48, 0x89, 0xf7,   // mov %rsi, %rdi
                                 0x48, 0x89, 0xd6,   // mov %rdx, %rsi
                                 0x48, 0x89, 0xca,   // mov %rcx, %rdx
                                 0x4d, 0x31, 0xd2,   // xor %r10, %r10
                                 0x4d, 0x31, 0xc0,   // xor %r8, %r8
                                 0x0f, 0x05, 0xc3};  // syscall; ret
  void *memory = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(memory != MAP_FAILED);
  return (call)memcpy(memory, code, sizeof code);
}

int main(void) {
  const call raw = copied();
  int mode = 0;
  for (int i = 0; i < 4; i++) {
    someBufferedCalls();
    result("kcmp", syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, 0L, 0L));
    result("get_mempolicy", syscall(SYS_get_mempolicy, &mode, 0L, 0L, 0L, 0L));
    result("clone3", syscall(SYS_clone3, 0L, 0L));
    say("raw kcmp = %ld\n", raw(SYS_kcmp, getpid(), getpid(), KCMP_FILE));
    say("raw get_mempolicy = %ld\n", raw(SYS_get_mempolicy, (long)&mode, 0, 0));
    say("raw close = %ld\n", raw(SYS_close, -1, 0, 0));
    say("raw getppid: %d\n", raw(SYS_getppid, 0, 0, 0) == getppid());
    say("no call = %ld, %ld\n", raw(-1, 0, 0, 0), raw(100000, 0, 0, 0));
    result("no call", syscall(-1L));
    result("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), 0L, 0L, 0L, 0L, 0L));
  }
  return 0;
}
