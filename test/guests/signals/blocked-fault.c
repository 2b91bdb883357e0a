// A fault whose signal is blocked or ignored kills all the same; a handler that faults kills too.
#include "../guest.h"

static void onFault(int number) {
  say("in the handler\n");
  *(volatile int *)8 = 1;
}

int main(void) {
  for (int kind = 0; kind < 3; kind++) {
    pid_t child = fork();
    if (child == 0) {
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, SIGSEGV);
      if (kind == 0) sigprocmask(SIG_BLOCK, &set, 0);
      if (kind == 1) signal(SIGSEGV, SIG_IGN);
      if (kind == 2) signal(SIGSEGV, onFault);
      *(volatile int *)8 = 1;
      _exit(0);
    }
    reap(kind == 0 ? "blocked" : kind == 1 ? "ignored" : "fault in the handler", child);
  }
  return 0;
}
