// SIGPIPE from a buffered write: handled, ignored, blocked, and fatal.
#include "../buffered-calls.h"

static void onPipe(int number, siginfo_t *info, void *context) {
  checkInterrupted(context);
  say("SIGPIPE code %d\n", info->si_code);
}

int main(void) {
  someBufferedCalls();
  int ends[2];
  need(pipe(ends) == 0);
  for (int i = 0; i < 5; i++) need(write(ends[1], "x", 1) == 1);
  close(ends[0]);
  struct sigaction action = {.sa_sigaction = onPipe, .sa_flags = SA_SIGINFO};
  sigaction(SIGPIPE, &action, 0);
  for (int i = 0; i < 3; i++) result("handled", write(ends[1], "x", 1));
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < 3; i++) result("ignored", write(ends[1], "x", 1));
  sigaction(SIGPIPE, &action, 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  sigprocmask(SIG_BLOCK, &set, 0);
  for (int i = 0; i < 3; i++) result("blocked", write(ends[1], "x", 1));
  sigprocmask(SIG_UNBLOCK, &set, 0);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGPIPE, SIG_DFL);
    someBufferedCalls();
    result("fatal", write(ends[1], "x", 1));
    _exit(0);
  }
  reap("child", child);
  return 0;
}
