// Hardware watchpoints and breakpoints that a tracer sets by debug registers, and what it reads of them.
#include <sys/ptrace.h>
#include <sys/user.h>

#include "../guest.h"

static volatile long watched[4];

__attribute__((noinline)) static void reached(long i) { __asm__ volatile("" ::"r"(i) : "memory"); }

static long poke(pid_t pid, int index, uint64_t value) {
  return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg) + 8 * index, value);
}

static uint64_t peek(pid_t pid, int index) {
  return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg) + 8 * index, 0);
}

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    volatile long sum = 0;
    for (long i = 0; i < 3; i++) {
      for (long j = 0; j < 3000000; j++) sum += j ^ i;
      watched[0] = i;
      reached(i);
      watched[1] = sum;
    }
    // What the kernel writes there stops nobody.
    int ends[2];
    need(pipe(ends) == 0 && write(ends[1], "12345678", 8) == 8);
    need(read(ends[0], (void *)&watched[1], 8) == 8);
    pid_t inherits = fork();
    if (inherits == 0) {
      watched[1] = 7;
      _exit(5);
    }
    reap("untraced", inherits);
    watched[1] = 8;
    _exit(3);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child);
  say("DR6 %lx, DR7 %lx\n", peek(child, 6) & 0xf, peek(child, 7));
  result("kernel's address", poke(child, 0, 0xffffffff81000000));
  result("unaligned end", poke(child, 0, (uint64_t)&watched[1] + 1));
  result("DR7 that asks too much", poke(child, 7, 0xd0001));
  result("DR4", poke(child, 4, 1));
  // DR0: writes of watched[1], 8 bytes; DR1: execution of `reached`.
  need(poke(child, 7, 0) == 0);
  need(poke(child, 0, (uint64_t)&watched[1]) == 0);
  need(poke(child, 1, (uint64_t)reached) == 0);
  need(poke(child, 3, 0x1234) == 0);
  result("DR7", poke(child, 7, 0x90000 | 1 | 4));
  say("DR7 %lx, DR0 %d, DR1 %d, DR3 %lx\n", peek(child, 7), peek(child, 0) == (uint64_t)&watched[1],
      peek(child, 1) == (uint64_t)reached, peek(child, 3));
  for (int stops = 0; stops < 20; stops++) {
    need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
    need(waitpid(child, &status, 0) == child);
    if (!WIFSTOPPED(status)) break;
    siginfo_t info;
    need(ptrace(PTRACE_GETSIGINFO, child, 0, &info) == 0);
    const long value = ptrace(PTRACE_PEEKDATA, child, &watched[0], 0);
    say("signal %d, code %d, DR6 %lx, at %ld", WSTOPSIG(status), info.si_code, peek(child, 6) & 0xf, value);
    struct user_regs_struct registers;
    need(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0);
    say("%s\n", registers.rip == (uint64_t)reached ? ", reached" : "");
    need(poke(child, 6, 0) == 0);
    // The second time around nothing stops it at the function.
    if (value == 1) need(poke(child, 7, 0x90000 | 1) == 0);
  }
  say("ended with %x\n", status);
  return 0;
}
