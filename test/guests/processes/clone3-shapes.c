// clone3 with memory shared: a task on a stack of its own that is waited for as by vfork, a thread whose end clears a
// word, actions that are set back, and flags that are refused.
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>

#include "../guest.h"

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif

enum { stackSize = 65536 };

static volatile int shared;

// A new task that goes on in `run` on the stack of `arguments`, as the C library makes one.
static long cloneTo(struct clone_args *arguments, int (*run)(void)) {
  long made;
  __asm__ volatile(
      "syscall\n"
      "test %%rax, %%rax\n"
      "jnz 1f\n"
      "xor %%ebp, %%ebp\n"
      "call *%%rdx\n"
      "mov %%eax, %%edi\n"
      "mov $60, %%eax\n"
      "syscall\n"
      "1:"
      : "=a"(made)
      : "a"(SYS_clone3), "D"(arguments), "S"(sizeof *arguments), "d"(run)
      : "rcx", "r11", "memory");
  return made;
}

static int inChild(void) {
  struct sigaction action;
  sigaction(SIGUSR1, 0, &action);
  shared = 10 + (action.sa_handler == SIG_DFL);
  return 5;
}

static int inThread(void) {
  shared = 20;
  return 0;
}

static void onUser(int number) { (void)number; }

int main(void) {
  signal(SIGUSR1, onUser);
  char *stack = mmap(0, stackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(stack != MAP_FAILED);
  int *words = pageEnd(3 * sizeof *words);
  struct clone_args arguments = {
      .flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND | CLONE_PIDFD | CLONE_PARENT_SETTID,
      .pidfd = (uintptr_t)&words[0],
      .parent_tid = (uintptr_t)&words[1],
      .exit_signal = SIGCHLD,
      .stack = (uintptr_t)stack,
      .stack_size = stackSize};
  long child = cloneTo(&arguments, inChild);
  need(child > 0);
  say("stored %d, descriptor %d, shared %d\n", words[1] == child, words[0], shared);
  reap("child", (pid_t)child);

  words[2] = -1;
  arguments =
      (struct clone_args){.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                                   CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
                          .child_tid = (uintptr_t)&words[2],
                          .parent_tid = (uintptr_t)&words[1],
                          .stack = (uintptr_t)stack,
                          .stack_size = stackSize};
  long thread = cloneTo(&arguments, inThread);
  need(thread > 0);
  for (int now; (now = __atomic_load_n(&words[2], __ATOMIC_ACQUIRE)) != 0;) {
    syscall(SYS_futex, &words[2], FUTEX_WAIT, now, 0, 0, 0);
  }
  say("thread: stored %d, shared %d\n", words[1] == thread, shared);

  arguments = (struct clone_args){.flags = CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM, .exit_signal = SIGCHLD};
  result("actions shared and set back", syscall(SYS_clone3, &arguments, sizeof arguments));
  arguments = (struct clone_args){.flags = 1ULL << 60, .exit_signal = SIGCHLD};
  result("unknown flag", syscall(SYS_clone3, &arguments, sizeof arguments));
  arguments = (struct clone_args){.exit_signal = SIGCHLD, .stack_size = 5};
  result("stack without a place", syscall(SYS_clone3, &arguments, sizeof arguments));
  return 0;
}
