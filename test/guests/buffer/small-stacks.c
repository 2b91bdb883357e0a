// Buffered calls on stacks that hardly hold a frame: contexts of 4 KB, and with the stack pointer at the very end of
// one.
#include <ucontext.h>

#include "../buffered-calls.h"

static ucontext_t back, there;

static void work(void) {
  for (int i = 0; i < 20; i++) {
    need(getppid() > 0);
    char bytes[16];
    need(read(-1, bytes, 1) == -1);
    need(lseek(-1, 0, SEEK_SET) == -1);
  }
}

// A call with rsp at the start of a page behind one that cannot be touched: not a byte below it may be used.
static long callAtEnd(char *page) {
  long result;
  __asm__ volatile("mov %%rsp, %%rbx\n mov %2, %%rsp\n syscall\n mov %%rbx, %%rsp"
                   : "=a"(result)
                   : "0"((long)SYS_getppid), "r"(page)
                   : "rbx", "rcx", "r11", "memory");
  return result;
}

int main(void) {
  char *stack = (char *)pageEnd(pageSize);
  need(getcontext(&there) == 0);
  there.uc_stack.ss_sp = stack;
  there.uc_stack.ss_size = pageSize;
  there.uc_link = &back;
  makecontext(&there, work, 0);
  need(swapcontext(&back, &there) == 0);
  char *pages = mmap(0, 2 * pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(mprotect(pages + pageSize, pageSize, PROT_READ | PROT_WRITE) == 0);
  for (int i = 0; i < 5; i++) need(callAtEnd(pages + pageSize) == getppid());
  // No stack at all.
  for (int i = 0; i < 5; i++) need(callAtEnd(0) == getppid());
  for (int i = 0; i < 5; i++) need(callAtEnd((char *)0x123456789abcdef0) == getppid());
  say("done\n");
  return 0;
}
