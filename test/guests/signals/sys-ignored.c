// SIGSYS ignored while calls are made: it stays so, in children and in the programs that they execute.
#include "../buffered-calls.h"

static void stoppingCalls(void) {
  for (int i = 0; i < 3; i++) {
    void *memory = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(memory != MAP_FAILED && munmap(memory, 4096) == 0);
  }
}

static void check(const char *when) {
  struct sigaction action;
  sigaction(SIGSYS, 0, &action);
  say("%s: %s\n", when, action.sa_handler == SIG_IGN ? "ignored" : "changed");
}

int main(int argc, char **argv) {
  for (int i = 0; i < 3; i++) someBufferedCalls();
  if (argc > 1) {
    stoppingCalls();
    check("executed");
    return 0;
  }
  signal(SIGSYS, SIG_IGN);
  stoppingCalls();
  check("set");
  raise(SIGSYS);
  kill(getpid(), SIGSYS);
  stoppingCalls();
  check("sent");
  const pid_t child = fork();
  if (child == 0) {
    stoppingCalls();
    check("child");
    execl(argv[0], argv[0], "again", NULL);
  }
  reap("child", child);
  const pid_t sharing = vfork();
  if (sharing == 0) {
    execl(argv[0], argv[0], "again", NULL);
    _exit(1);
  }
  reap("child", sharing);
  check("at the end");
  return 0;
}
