// A tracer gives a call's result one of the kernel's codes for a restart (512 to 516): at the stop behind the call,
// with and without a signal waiting, and at the stop for a signal that the call sent.
#include <sys/ptrace.h>
#include <sys/user.h>

#include "../guest.h"

enum { firstCode = 512, lastCode = 516, goodCall = SIGTRAP | 0x80 };

static volatile sig_atomic_t handled;

static void handle(int signal) {
  (void)signal;
  handled++;
}

static long call(long number, long first, long second) {
  long returned;
  __asm__ volatile("syscall" : "=a"(returned) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
  return returned;
}

static void tell(const char *what, long got) {
  say("%s: %s%ld, %d handled\n", what, got > 0 ? "a process, " : "", got > 0 ? 1 : got, (int)handled);
}

static void traced(int flags) {
  struct sigaction action = {.sa_handler = handle, .sa_flags = flags};
  need(sigaction(SIGUSR1, &action, 0) == 0);
  need(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
  const pid_t self = getpid();
  raise(SIGSTOP);
  for (int i = firstCode; i <= lastCode; i++) tell("plain", call(SYS_getppid, 0, 0));
  for (int i = firstCode; i <= lastCode; i++) tell("with a signal", call(SYS_getppid, 0, 0));
  for (int i = firstCode; i <= lastCode; i++) tell("at the signal", call(SYS_kill, self, SIGUSR1));
  _exit(0);
}

static int nextStop(pid_t child, int signal) {
  int status;
  need(ptrace(PTRACE_SYSCALL, child, 0, (long)signal) == 0);
  need(waitpid(child, &status, 0) == child);
  return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

static struct user_regs_struct registersOf(pid_t child) {
  struct user_regs_struct registers;
  need(ptrace(PTRACE_GETREGS, child, 0, &registers) == 0);
  return registers;
}

static void setResult(pid_t child, struct user_regs_struct registers, int code) {
  registers.rax = (unsigned long long)-(long long)code;
  need(ptrace(PTRACE_SETREGS, child, 0, &registers) == 0);
}

static void trace(int flags, int pass) {
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) traced(flags);
  int status;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  need(ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD) == 0);
  int set = 0, stops = 0, signals = 0, entered = 0;
  for (int stop = nextStop(child, 0); stop != 0; stops++) {
    const struct user_regs_struct registers = registersOf(child);
    int signal = 0;
    if (stop == goodCall) {
      entered = !entered;
      if (!entered && registers.orig_rax == SYS_getppid && set < 10) {
        if (set >= 5) need(syscall(SYS_tgkill, child, child, SIGUSR1) == 0);
        setResult(child, registers, firstCode + set++ % 5);
      }
    } else {
      signal = pass ? stop : 0;
      if (registers.orig_rax == SYS_kill && set < 15) setResult(child, registers, firstCode + set++ % 5);
      signals++;
    }
    stop = nextStop(child, signal);
  }
  say("%d stops, %d signals, %d set\n", stops, signals, set);
}

int main(void) {
  trace(SA_RESTART, 1);
  trace(0, 1);
  trace(SA_RESTART, 0);
  return 0;
}
