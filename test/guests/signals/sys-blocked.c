// SIGSYS blocked, with a handler, while calls are made that stop the recorder and calls that do not: it stays blocked
// and handled, and what is sent meanwhile comes when it is let, once, with its sender.
#include "../buffered-calls.h"

static void onSys(int number, siginfo_t *info, void *context) {
  say("handler: code %d, from itself %d\n", info->si_code, info->si_pid == getpid());
  // Blocked in here.
  void *memory = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(memory, 4096);
  sigset_t now;
  sigprocmask(SIG_SETMASK, 0, &now);
  say("blocked in its handler: %d\n", sigismember(&now, SIGSYS));
}

static void stoppingCalls(void) {
  for (int i = 0; i < 3; i++) {
    void *memory = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(memory != MAP_FAILED && munmap(memory, 4096) == 0);
  }
}

static void check(const char *when) {
  struct sigaction action;
  sigset_t mask, pending;
  sigaction(SIGSYS, 0, &action);
  sigprocmask(SIG_SETMASK, 0, &mask);
  sigpending(&pending);
  say("%s: handled %d, flags %x, blocked %d, others %d %d, pending %d\n", when, action.sa_sigaction == onSys,
      action.sa_flags & ~0x4000000, sigismember(&mask, SIGSYS), sigismember(&mask, SIGHUP), sigismember(&mask, SIGUSR2),
      sigismember(&pending, SIGSYS));
}

int main(void) {
  for (int i = 0; i < 3; i++) someBufferedCalls();
  struct sigaction action = {.sa_sigaction = onSys, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaddset(&action.sa_mask, SIGUSR1);
  sigaction(SIGSYS, &action, 0);
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  sigaddset(&set, SIGUSR2);
  for (int round = 0; round < 4; round++) {
    sigprocmask(SIG_BLOCK, &set, &before);
    stoppingCalls();
    check("blocked");
    someBufferedCalls();
    // To the thread, then to the process.
    if (round == 1) raise(SIGSYS);
    if (round == 2) kill(getpid(), SIGSYS);
    stoppingCalls();
    check("sent");
    const pid_t child = fork();
    if (child == 0) {
      stoppingCalls();
      check("child");
      _exit(0);
    }
    reap("child", child);
    sigprocmask(SIG_SETMASK, &before, 0);
    stoppingCalls();
    check("open");
  }
  // One handler for one signal, then the default again.
  action.sa_flags |= SA_RESETHAND;
  sigaction(SIGSYS, &action, 0);
  raise(SIGSYS);
  sigprocmask(SIG_BLOCK, &set, 0);
  stoppingCalls();
  check("reset");
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGSYS);
    stoppingCalls();
    say("unblocking\n");
    sigprocmask(SIG_UNBLOCK, &set, 0);
    _exit(0);
  }
  reap("child", child);
  return 0;
}
