// execve of itself: arguments, environment, what survives (pid, descriptors, mask, directory, umask) and what does not
// (handlers, memory, close-on-exec descriptors).
#include <sys/prctl.h>

#include "../guest.h"

static void onSignal(int number) {}

static int second(int argc, char **argv, char **environment) {
  say("second program: %d arguments\n", argc);
  say("  pid kept %d, long argument of %zu\n", atoi(argv[2]) == getpid(), strlen(argv[3]));
  for (int i = 4; i < argc; i++) say("  [%s]\n", argv[i]);
  for (char **entry = environment; *entry; entry++) say("  {%s}\n", *entry);
  say("descriptor 40 %d, 41 %d\n", fcntl(40, F_GETFD), fcntl(41, F_GETFD));
  sigset_t mask;
  sigprocmask(SIG_BLOCK, 0, &mask);
  say("USR1 blocked %d, USR2 blocked %d\n", sigismember(&mask, SIGUSR1), sigismember(&mask, SIGUSR2));
  sigset_t pending;
  sigpending(&pending);
  say("USR1 pending %d\n", sigismember(&pending, SIGUSR1));
  struct sigaction action;
  sigaction(SIGUSR2, 0, &action);
  say("handler is default %d\n", action.sa_handler == SIG_DFL);
  sigaction(SIGHUP, 0, &action);
  say("ignored stays ignored %d\n", action.sa_handler == SIG_IGN);
  char name[16] = {0};
  prctl(PR_GET_NAME, name);
  say("name %s, umask %o, below %d\n", name, umask(0), access("../below", F_OK) == 0);
  return 17;
}

int main(int argc, char **argv, char **environment) {
  if (argc > 1) return second(argc, argv, environment);
  need(mkdir("below", 0755) == 0 && chdir("below") == 0);
  umask(013);
  need(dup2(1, 40) == 40 && dup3(1, 41, O_CLOEXEC) == 41);
  signal(SIGUSR2, onSignal);
  signal(SIGHUP, SIG_IGN);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigprocmask(SIG_BLOCK, &mask, 0);
  raise(SIGUSR1);
  prctl(PR_SET_NAME, "renamed");
  char pid[20], big[5001];
  snprintf(pid, sizeof pid, "%d", getpid());
  memset(big, 'x', 5000);
  big[5000] = 0;
  char *arguments[] = {"exec", "second", pid, big, "", "with space", "\xff\x01", 0};
  char *variables[] = {"ONE=1", "EMPTY=", "NOT-A-VARIABLE", 0};
  return result("execve", execve("/proc/self/exe", arguments, variables));
}
