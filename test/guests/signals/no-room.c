// A handler whose alternate stack cannot be written: the kernel raises SIGSEGV in place of the signal, which a handler
// on the ordinary stack sees, and which ends the program without one. Signals that an instruction raises, and others.
#include "../guest.h"

static volatile int touched;
static volatile int code;

static void never(int signal unused) { touched = 1; }

static void see(int signal unused, siginfo_t *info, void *context unused) {
  code = info->si_code;
  // The stack is mended, and the instruction goes on.
  const stack_t none = {.ss_flags = SS_DISABLE};
  need(sigaltstack(&none, 0) == 0);
}

static void handle(int signal) {
  const struct sigaction action = {.sa_handler = never, .sa_flags = SA_ONSTACK};
  need(sigaction(signal, &action, 0) == 0);
}

static void breakStack(void) {
  const stack_t broken = {.ss_sp = mmap(0, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .ss_size = 65536};
  need(broken.ss_sp != MAP_FAILED && sigaltstack(&broken, 0) == 0);
}

static void inChild(const char *what, int signal, int caught) {
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    handle(signal);
    if (caught) {
      const struct sigaction action = {.sa_sigaction = see, .sa_flags = SA_SIGINFO};
      need(sigaction(SIGSEGV, &action, 0) == 0);
    }
    breakStack();
    if (signal == SIGFPE) {
      volatile int zero = 0;
      volatile int quotient = caught ? 0 : 1 / zero;
      (void)quotient;
    }
    for (int i = 0; i < 3 && code == 0; i++) {
      if (signal == SIGSEGV)
        *(volatile int *)8 = 1;
      else
        raise(signal);
    }
    say("%s: code %d, handler %d\n", what, code, touched);
    _exit(0);
  }
  reap(what, child);
}

int main(void) {
  inChild("sent, SIGSEGV caught", SIGUSR1, 1);
  inChild("sent, SIGSEGV not caught", SIGUSR1, 0);
  inChild("raised, SIGSEGV not caught", SIGFPE, 0);
  inChild("raised by raise, SIGSEGV caught", SIGFPE, 1);
  inChild("SIGSEGV itself", SIGSEGV, 0);
  return 0;
}
