// SIGSEGV blocked, or ignored, while instructions trap for a recording, and while a call is given a bad pointer: the
// mask and the action stay what they are. Over an exec, too, whose dynamic linker reads the time stamp counter.
#include <x86intrin.h>

#include "../guest.h"

static void onFault(int number) { say("handled %d\n", number); }

static void tell(const char *when) {
  sigset_t now;
  struct sigaction action;
  need(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigaction(SIGSEGV, NULL, &action) == 0);
  say("%s: blocked %d, %s\n", when, sigismember(&now, SIGSEGV),
      action.sa_handler == onFault   ? "handler"
      : action.sa_handler == SIG_IGN ? "ignored"
      : action.sa_handler == SIG_DFL ? "default"
                                     : "another");
}

static void read_counter(const char *when) {
  unsigned processor;
  for (int i = 0; i < 5; i++) need(__rdtsc() != 0 && __rdtscp(&processor) != 0);
  tell(when);
}

static void give_bad_pointers(const char *when) {
  static volatile long nowhere = 8;
  const int file = memfd_create("file", 0);
  for (int i = 0; i < 5; i++) {
    need(open((const char *)nowhere, O_RDONLY) == -1 && errno == EFAULT);
    need(write(file, (const void *)nowhere, 3) == -1 && errno == EFAULT);
  }
  need(close(file) == 0);
  tell(when);
}

static void all(const char *when) {
  tell(when);
  read_counter("after rdtsc");
  give_bad_pointers("after bad pointers");
}

static void mask(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  need(sigprocmask(how, &set, NULL) == 0);
}

static void inside(int number) {
  say("inside, signal %d\n", number);
  read_counter("in a handler that blocks it");
}

int main(int count, char **arguments) {
  if (count > 1) {
    tell("after an exec");
    return 0;
  }
  struct sigaction action = {.sa_handler = onFault};
  sigaction(SIGSEGV, &action, NULL);
  all("a handler");
  mask(SIG_BLOCK);
  all("blocked");
  const pid_t child = fork();
  if (child == 0) {
    all("in a child");
    execl("/proc/self/exe", arguments[0], "again", NULL);
    _exit(1);
  }
  reap("child", child);
  mask(SIG_UNBLOCK);
  all("unblocked");
  raise(SIGSEGV);
  struct sigaction blocking = {.sa_handler = inside};
  sigaddset(&blocking.sa_mask, SIGSEGV);
  sigaction(SIGUSR1, &blocking, NULL);
  raise(SIGUSR1);
  tell("behind the handler");
  signal(SIGSEGV, SIG_IGN);
  all("ignored");
  mask(SIG_BLOCK);
  all("ignored and blocked");
  execl("/proc/self/exe", arguments[0], "again", NULL);
  return 1;
}
