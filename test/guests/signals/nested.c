// Handlers that raise signals: nested, put off by sa_mask, reentrant with SA_NODEFER, once with SA_RESETHAND.
#include "../guest.h"

static int depth;

static void onSignal(int number) {
  say("%*senter SIG%s\n", 2 * depth++, "", sigabbrev_np(number));
  if (number == SIGUSR1) raise(SIGUSR2);
  if (number == SIGHUP && depth < 4) raise(SIGHUP);
  if (number == SIGINT) raise(SIGTERM);
  say("%*sleave SIG%s\n", 2 * --depth, "", sigabbrev_np(number));
}

static void install(int number, int flags, int masked) {
  struct sigaction action = {.sa_handler = onSignal, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  if (masked) sigaddset(&action.sa_mask, masked);
  need(sigaction(number, &action, 0) == 0);
}

int main(void) {
  install(SIGUSR1, 0, 0);
  install(SIGUSR2, 0, 0);
  install(SIGHUP, SA_NODEFER, 0);
  install(SIGINT, 0, SIGTERM);
  install(SIGTERM, 0, 0);
  say("nested\n");
  raise(SIGUSR1);
  say("put off\n");
  raise(SIGINT);
  say("reentrant\n");
  raise(SIGHUP);
  install(SIGUSR2, SA_RESETHAND, 0);
  raise(SIGUSR2);
  struct sigaction action;
  sigaction(SIGUSR2, 0, &action);
  say("back at its default %d\n", action.sa_handler == SIG_DFL);
  pid_t child = fork();
  if (child == 0) {
    raise(SIGUSR2);
    _exit(0);
  }
  reap("child", child);
  return 0;
}
